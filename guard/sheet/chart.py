"""How long the wipes took, as bars with the limit beside them; drawn so that black and white will do."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

from guard.sheet.markup import Markup, element, joined

if TYPE_CHECKING:
    from collections.abc import Sequence

    from guard.sheet.words import SheetWords

_EDGES: Final = (0, 50, 100, 200, 300, 500, 1000)
"""ms; the limit takes the place of those from it on."""
_WIDTH: Final = 1000
_HEIGHT: Final = 470
_TOP: Final = 95
_FLOOR: Final = 370
_LEFT: Final = 20
_LEAST: Final = 8
"""Height of a bar that stands for few: one must see that there is one."""
_BAR: Final = 0.62
"""Of the room for a bar that it fills."""


def chart(wipes_ms: Sequence[float], limit_ms: float, words: SheetWords) -> Markup:
    """Return the drawing as inline SVG; ``wipes_ms`` is not empty."""
    edges = [*(edge for edge in _EDGES if edge < limit_ms), limit_ms]
    counts = [sum(low < ms <= high or (low == 0 == ms) for ms in wipes_ms) for low, high in pairwise(edges)]
    counts.append(sum(ms > limit_ms for ms in wipes_ms))
    names = [words.of("chart.upto", seconds=_seconds(edge)) for edge in edges[1:]]
    names.append(words.of("chart.beyond", seconds=_seconds(limit_ms)))
    room = (_WIDTH - 2 * _LEFT) / len(counts)
    bars = [
        _bar(_LEFT + room * number, room, count / max(counts), count, name, beyond=number == len(counts) - 1)
        for number, (count, name) in enumerate(zip(counts, names, strict=True))
    ]
    border = round(_LEFT + room * (len(counts) - 1), 1)
    limit = joined(
        element("line", css="limit", x1=border, x2=border, y1=40, y2=_FLOOR + 12),
        _text(words.of("chart.limit", seconds=_seconds(limit_ms)), border, 28, "middle"),
    )
    return element(
        "svg",
        element("title", words.of("chart.about")),
        _HATCHING,
        *bars,
        element("line", css="floor", x1=0, x2=_WIDTH, y1=_FLOOR, y2=_FLOOR),
        limit,
        _text(words.of("chart.cases"), 0, 28, "start"),
        _text(words.of("chart.axis"), _WIDTH / 2, _HEIGHT - 10, "middle"),
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
        role="img",
        css="chart",
    )


_HATCHING: Final = element(
    "defs",
    element(
        "pattern",
        element("rect", css="paper", width=14, height=14),
        element("line", css="hatch", x1=0, x2=0, y1=0, y2=14),
        id="beyond",
        width=14,
        height=14,
        patternUnits="userSpaceOnUse",
        patternTransform="rotate(45)",
    ),
)


def _bar(  # noqa: PLR0913 -- all that one bar is
    left: float, room: float, share: float, count: int, name: str, *, beyond: bool
) -> Markup:
    height, middle = max(_LEAST, share * (_FLOOR - _TOP)), left + room / 2
    bar = element(
        "rect",
        css="beyond" if beyond else "within",
        x=round(middle - room * _BAR / 2, 1),
        y=round(_FLOOR - height, 1),
        width=round(room * _BAR, 1),
        height=round(height, 1),
    )
    return joined(
        bar if count else "",
        _text(str(count), middle, _FLOOR - height - 10, "middle") if count else "",
        _text(name, middle, _FLOOR + 40, "middle"),
    )


def _text(text: str, x: float, y: float, anchor: str) -> Markup:
    return element("text", text, x=round(x, 1), y=round(y, 1), text_anchor=anchor)


def _seconds(ms: float) -> str:
    return f"{ms / 1000:g}"
