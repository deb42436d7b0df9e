"""Ours beside what a municipality could use instead: same readers, same run, same independent observer.

    .venv/bin/python -m tests.bench.peers [--removals 100] [--json FILE] [--plots FOLDER]

For an event-driven virtual reader and for Debian's vpcd, which pcscd looks at every 400 ms: how long after
the card was taken no pixel of the portal is left, whether a swap within one look is noticed, whether the
watch survives a restart of pcscd, and what waiting costs. The contenders take turns, so that a bad minute of
the machine falls on all of them. Prints Markdown; ``--plots`` writes covers.svg.

Run it as an ordinary account; as root put ``.venv/bin/python -m guard.account --`` in front.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from guard.practice.pcscd import VPCD
from tests.bench.peers import scenes
from tests.bench.peers.contenders import KINDS
from tests.bench.peers.machine import this_machine
from tests.bench.peers.packages import missing
from tests.bench.peers.plot import covers
from tests.bench.peers.reader import KnownCardReader
from tests.bench.peers.results import Result
from tests.bench.peers.stage import stage
from tests.bench.peers.table import markdown
from tests.support.pcsc import build_driver

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.bench.peers.contender import Kind
    from tests.support.pcsc import VirtualReader

T = TypeVar("T")

BLOCK = 20
"""Removals before it is the next contender's turn."""
TRIES = 3
READERS = {"event": "event-driven reader", "polled": "polled reader (vpcd, every 400 ms)"}


def _measure(
    reader: VirtualReader, name: str, kinds: Sequence[Kind], options: argparse.Namespace
) -> list[Result]:
    chance = random.Random(options.seed)  # noqa: S311 -- moments, not secrets
    results = {kind.key: Result(name, kind.name) for kind in kinds}
    for begun in range(0, options.removals, BLOCK):
        for kind in kinds:
            with stage(kind, reader) as on:
                for _ in range(min(BLOCK, options.removals - begun)):
                    removal = _play(results[kind.key], partial(scenes.removal, on, chance))
                    results[kind.key].removals.append(removal)
            _say(f"{name}, {kind.name}: {len(results[kind.key].removals)} removals")
    for kind in kinds:
        result = results[kind.key]
        with stage(kind, reader) as on:
            result.rest = scenes.rest(on, options.idle_seconds)
            for _ in range(options.swaps):
                result.swaps.append(_play(result, partial(scenes.swap, on, chance)))
        for _ in range(options.restarts):
            with stage(kind, reader) as on:
                result.restarts.append(_play(result, partial(scenes.restart, on)))
        _say(f"{name}, {kind.name}: rest, {options.swaps} swaps, {options.restarts} restarts")
    return list(results.values())


def _play(result: Result, scene: Callable[[], T]) -> T:
    """Play a scene until it comes to its end; raises SpoiltError when it never does."""
    for _ in range(TRIES - 1):
        try:
            return scene()
        except scenes.SpoiltError as error:
            result.spoilt.append(str(error))
            _say(f"{result.reader}, {result.contender}: played again: {error}")
    return scene()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--removals", type=int, default=100, metavar="N", help="of each contender at each reader"
    )
    parser.add_argument("--swaps", type=int, default=10, metavar="N", help="likewise")
    parser.add_argument("--restarts", type=int, default=3, metavar="N", help="likewise")
    parser.add_argument("--idle-seconds", type=float, default=30.0)
    parser.add_argument("--only", nargs="+", choices=[kind.key for kind in KINDS], help="these contenders")
    parser.add_argument("--readers", nargs="+", choices=list(READERS), default=list(READERS))
    parser.add_argument("--seed", type=int, default=None, help="of the random moments")
    parser.add_argument("--json", type=Path, metavar="FILE", help="every single value")
    parser.add_argument("--plots", type=Path, metavar="FOLDER")
    return parser.parse_args()


def main() -> int:
    """Run, print the tables, and write what was asked for; 1 when packages are missing."""
    options = _options()
    lacking = missing()
    if lacking:
        _say(f"this benchmark needs more than the guard does: sudo apt-get install {' '.join(lacking)}")
        return 1
    kinds = [kind for kind in KINDS if not options.only or kind.key in options.only]
    results = list[Result]()
    for key in options.readers:
        with tempfile.TemporaryDirectory(prefix="guard-peers-") as name:
            folder = Path(name)
            driver = build_driver(folder) if key == "event" else VPCD
            with KnownCardReader(folder / "pcsc", driver) as reader:
                results += _measure(reader, READERS[key], kinds, options)
    machine = this_machine()
    sys.stdout.write(markdown(machine, results))
    if options.json:
        text = json.dumps({"machine": asdict(machine), "results": [asdict(one) for one in results]}, indent=2)
        options.json.write_text(f"{text}\n", encoding="utf-8")
    if options.plots:
        options.plots.mkdir(parents=True, exist_ok=True)
        (options.plots / "covers.svg").write_text(covers(machine, results), encoding="utf-8")
    return 0


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
