"""Ours beside what a municipality could use instead: same readers, same run, same independent observer.

    .venv/bin/python -m tests.bench.peers [--removals 100] [--json FILE] [--plots FOLDER]

For an event-driven virtual reader and for Debian's vpcd, which pcscd looks at every 400 ms: how long after
the card was taken no pixel of the portal is left, whether a swap within one look is noticed, whether the
watch survives a restart of pcscd, and what waiting costs. The contenders take turns, so that a bad minute of
the machine falls on all of them. Prints Markdown; ``--plots`` writes covers.svg.

Run it as an ordinary account; as root put ``.venv/bin/python -m guard.account --`` in front.
"""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import argparse
import json
import tempfile
from dataclasses import asdict
from pathlib import Path

from guard.practice.pcscd import VPCD
from tests.bench.peers.contenders import KINDS
from tests.bench.peers.machine import Machine, this_machine
from tests.bench.peers.packages import missing
from tests.bench.peers.plot import covers
from tests.bench.peers.programme import Plan, Programme
from tests.bench.peers.reader import KnownCardReader
from tests.bench.peers.results import Result
from tests.bench.peers.table import markdown
from tests.support.pcsc import build_driver

READERS = {"event": "event-driven reader", "polled": "polled reader (vpcd, every 400 ms)"}


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
        packages = " ".join(lacking)
        sys.stderr.write(f"this benchmark needs more than the guard does: sudo apt-get install {packages}\n")
        return 1
    kinds = [kind for kind in KINDS if not options.only or kind.key in options.only]
    plan = Plan(
        removals=options.removals,
        swaps=options.swaps,
        restarts=options.restarts,
        idle_seconds=options.idle_seconds,
        seed=options.seed,
    )
    machine, results = this_machine(), list[Result]()
    for key in options.readers:
        with tempfile.TemporaryDirectory(prefix="guard-peers-") as name:
            folder = Path(name)
            driver = build_driver(folder) if key == "event" else VPCD
            with KnownCardReader(folder / "pcsc", driver) as reader:
                results += Programme(reader, READERS[key], kinds, plan).play()
        _write(options, machine, results)  # also after the first, for the second takes as long again
    sys.stdout.write(markdown(machine, results))
    return 0


def _write(options: argparse.Namespace, machine: Machine, results: list[Result]) -> None:
    if options.json:
        text = json.dumps({"machine": asdict(machine), "results": [asdict(one) for one in results]}, indent=2)
        options.json.write_text(f"{text}\n", encoding="utf-8")
    if options.plots and any(one.from_taken() for one in results):
        options.plots.mkdir(parents=True, exist_ok=True)
        (options.plots / "covers.svg").write_text(covers(machine, results), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
