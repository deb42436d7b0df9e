"""The results as Markdown, to be pasted into docs/benchmarks.md."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

from collections import Counter
from typing import TYPE_CHECKING

from tests.bench.main_job import figure
from tests.bench.peers.contenders import KINDS, OURS
from tests.bench.peers.scenes import SWAP_GAP_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tests.bench.peers.machine import Machine
    from tests.bench.peers.results import Result

_NOTHING = "–"


def markdown(machine: Machine, results: Sequence[Result]) -> str:
    """Return all tables, and the sentences without which they would be unfair."""
    readers = list(dict.fromkeys(one.reader for one in results))
    versions = ", ".join(f"{name} {version}" for name, version in machine.versions.items())
    system = f"{machine.system}, {machine.processor}, {machine.cores} cores, Python {machine.python}"
    parts = [f"{machine.date}; {system}, Xvfb 1280×800; {versions}.\n"]
    for reader in readers:
        parts += [f"**{reader}**: from the card taken to the screen covered, ms\n"]
        parts += [_covers([one for one in results if one.reader == reader])]
    parts += ["**What else they do**\n", _rest(results, readers), _NOTES]
    parts += [
        f"Not among the figures: {one.contender}, {one.reader}, {count} times: {why}.\n"
        for one in results
        for why, count in Counter(one.spoilt).items()
    ]
    return "\n".join(parts)


def _covers(results: Iterable[Result]) -> str:
    lines = [
        "| | covered | p50 | p99 | max | after PC/SC's report: p50 | p99 | max |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for one in results:
        cells = [f"{len(one.from_taken())} of {len(one.removals)}"]
        for values in (one.from_taken(), one.from_report()):
            found = figure("", values) if values else None
            cells += [_ms(each) for each in (found.p50, found.p99, found.max)] if found else [_NOTHING] * 3
        lines.append(f"| {_name(one)} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _rest(results: Sequence[Result], readers: Sequence[str]) -> str:
    """Each cell holds one value a reader, in the order of the tables above."""
    heads = [
        "",
        f"swaps in {round(SWAP_GAP_SECONDS * 1000)} ms noticed",
        "restart of pcscd: covered at once",
        "the next card taken covers",
        "idle, % of a core",
        "pcscd meanwhile",
        "resident, MiB",
        "of it their own",
        "processes",
        "after the restart and the next card it",
    ]
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]

    def each(mine: Sequence[Result], cell: Callable[[Result], str]) -> str:
        return " / ".join(cell(one) for one in mine)

    for name in dict.fromkeys(one.contender for one in results):
        mine = [one for reader in readers for one in results if (one.reader, one.contender) == (reader, name)]
        cells = [
            each(mine, lambda one: _count(one.swaps)),
            each(mine, lambda one: _count([restart.at_once for restart in one.restarts])),
            each(mine, lambda one: _count([restart.next_removal for restart in one.restarts])),
            each(mine, lambda one: f"{one.rest.cpu_percent:.2f}" if one.rest else _NOTHING),
            each(mine, lambda one: f"{one.rest.pcscd_percent:.2f}" if one.rest else _NOTHING),
            each(mine, lambda one: f"{one.rest.resident_mib:,.0f}" if one.rest else _NOTHING),
            each(mine, lambda one: f"{one.rest.own_mib:,.1f}" if one.rest else _NOTHING),
            each(mine, lambda one: str(one.rest.processes) if one.rest else _NOTHING),
            ", ".join(dict.fromkeys(end.condition for one in mine for end in one.restarts)) or _NOTHING,
        ]
        lines.append(f"| {_name(mine[0])} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _count(happened: Sequence[bool]) -> str:
    return f"{sum(happened)} of {len(happened)}" if happened else _NOTHING


def _ms(value: float) -> str:
    return f"{value:.1f}" if abs(value) < 100 else f"{value:,.0f}"


def _name(result: Result) -> str:
    ours = {kind.name for kind in KINDS if kind.key in OURS}
    return f"**{result.contender}**" if result.contender in ours else result.contender


_NOTES = """\
Where a cell has two values: first reader / second reader. The peers cover a plain X window and do no more
than lock: whoever unlocks finds the page as it was. `guard run` covers a real browser engine's page, logs
out, kills the browser and proves that it is gone; its memory is that of the core, the curtain and a browser
that is already warm for the next citizen. Every peer starts its locker anew for each card taken.
`pkcs11_eventmgr` looks once in `polling_time`, given in whole seconds: 1 is its default, 0 is without any
pause. It has OpenSC connect to the card and send it commands, sees only cards that OpenSC knows (the virtual
card answers as far as OpenSC's driver for the My Number card asks), and does nothing about the first change
after its start; that one is not measured. A peer that has ended would have to be started again by somebody.
"Resident" adds the resident sets of all processes up, so pages that they share count more than once; "their
own" is RssAnon, RssShmem and VmSwap.
"""
