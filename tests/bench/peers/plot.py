"""The covers' distributions as one SVG: a dot for each card taken, on a scale of powers of ten."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from tests.bench.main_job import figure
from tests.bench.peers.contenders import KINDS, OURS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.bench.peers.machine import Machine
    from tests.bench.peers.results import Result

INK, BLUE, GROUND = "#1a1a1a", "#0017c1", "#ffffff"
"""The design system's; see guard/screens."""
_WIDTH, _LEFT, _RIGHT, _ROW, _HEAD, _FOOT = 1000, 290, 820, 30, 64, 44
"""px: the picture, the scale's both ends, a contender's row, what stands above and below the rows."""
_ABOUT = 24
"""px; the line at the bottom."""
_LOWEST, _HIGHEST = 0.5, 5_000.0
"""ms; the scale's ends."""
_TICKS = (1, 10, 100, 1_000)


@dataclass(frozen=True, slots=True)
class Row:
    """One contender's values in ms."""

    name: str
    ours: bool
    values: Sequence[float]


def covers(machine: Machine, results: Sequence[Result]) -> str:
    """Return a panel for each reader: ms from the card taken to the screen covered."""
    ours = {kind.name for kind in KINDS if kind.key in OURS}
    readers = list(dict.fromkeys(one.reader for one in results))
    panels, y = list[str](), 40
    for reader in readers:
        mine = [one for one in results if one.reader == reader and one.from_taken()]
        rows = [Row(one.contender, one.contender in ours, one.from_taken()) for one in mine]
        panels.append(_panel(y, reader, rows))
        y += _HEAD + _ROW * len(rows) + _FOOT
    y += _ABOUT
    counts = {len(one.from_taken()) for one in results}
    n = f"n = {min(counts)}" if len(counts) == 1 else f"n = {min(counts)} to {max(counts)}"
    title = "From the card taken to the screen covered, ms"
    about = (
        f"dot: one card taken; bar: p50; {n} each, {machine.date}, {machine.processor}, {machine.cores} cores"
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {y}" role="img" aria-label="{title}" '
        f'font-family="Noto Sans JP, Noto Sans CJK JP, sans-serif" font-size="14" fill="{INK}">\n'
        f'<rect width="{_WIDTH}" height="{y}" fill="{GROUND}"/>\n'
        f'<text x="20" y="34" font-size="20" font-weight="700">{title}</text>\n'
        f'<text x="20" y="{y - 14}">{escape(about)}</text>\n{"".join(panels)}</svg>\n'
    )


def _panel(top: int, reader: str, rows: Sequence[Row]) -> str:
    base = top + _HEAD + _ROW * len(rows)
    parts = [
        (
            f'<text x="20" y="{top + 40}" font-size="16" font-weight="700">{escape(reader)}</text>\n'
            f'<text x="{_RIGHT + 90}" y="{top + 40}" text-anchor="end">p50</text>\n'
            f'<text x="{_RIGHT + 160}" y="{top + 40}" text-anchor="end">p99</text>\n'
        )
    ]
    for tick in _TICKS:
        x = _x(tick)
        parts.append(
            f'<path d="M{x:.1f} {top + _HEAD - 8}V{base}" stroke="{INK}" stroke-opacity=".2"/>\n'
            f'<text x="{x:.1f}" y="{base + 18}" text-anchor="middle">{tick:,} ms</text>\n'
        )
    parts += [_row(top + _HEAD + _ROW * place + _ROW // 2, row) for place, row in enumerate(rows)]
    return "".join(parts)


def _row(middle: int, row: Row) -> str:
    colour, weight = (BLUE, 700) if row.ours else (INK, 400)
    found = figure("", list(row.values))
    # A path of points without length with round ends: a tenth of the bytes of as many circles.
    dots = "".join(
        f"M{_x(value):.1f} {middle + (place * 7 % 5 - 2) * 3}h0" for place, value in enumerate(row.values)
    )
    p50 = _x(found.p50)
    return (
        f'<g fill="{colour}" font-weight="{weight}">\n'
        f'<text x="{_LEFT - 12}" y="{middle + 5}" text-anchor="end">{escape(row.name)}</text>\n'
        f'<path d="{dots}" stroke="{colour}" stroke-width="5" stroke-linecap="round" stroke-opacity=".35"/>\n'
        f'<path d="M{p50:.1f} {middle - 12}v24" stroke="{colour}" stroke-width="3"/>\n'
        f'<text x="{_RIGHT + 90}" y="{middle + 5}" text-anchor="end">{_ms(found.p50)}</text>\n'
        f'<text x="{_RIGHT + 160}" y="{middle + 5}" text-anchor="end">{_ms(found.p99)}</text>\n</g>\n'
    )


def _x(value: float) -> float:
    share = math.log(min(max(value, _LOWEST), _HIGHEST) / _LOWEST) / math.log(_HIGHEST / _LOWEST)
    return _LEFT + share * (_RIGHT - _LEFT)


def _ms(value: float) -> str:
    return f"{value:.1f}" if value < 100 else f"{value:,.0f}"
