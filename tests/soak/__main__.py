"""Thousands of citizens at one counter, and whether anything of them, or any thing, stays.

See docs/reliability.md.

    .venv/bin/python -m tests.soak [--sessions 5000] [--counters 1] [--seed N] [--only K] [--kind KIND]
        [--json FILE]

Real parts: pcscd with an event-driven virtual reader, Xvfb, ``guard run``, a real browser, a real keyring.
A counter serves about 1,000 citizens an hour and keeps more than one processor busy; ``--counters N`` shares
the sessions out among N of them, side by side, each with a seed of its own. ``--only K`` has session K of
that seed and number of sessions come again, and one ordinary one behind it.
"""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import argparse
import json
import os
import platform
import secrets
import statistics
import subprocess
import time
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

from tests.soak.growth import MIB
from tests.soak.plan import Happening, Planned, plan
from tests.soak.run import Soak, WrongError
from tests.support.kinds import KINDS


def main() -> int:
    """Run, print the table, and write it as JSON where asked; 1 when anything was wrong."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sessions", type=int, default=5000)
    parser.add_argument("--counters", type=int, default=1)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1 << 31))
    parser.add_argument("--only", type=int)
    parser.add_argument("--kind", choices=KINDS, default="embedded")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if options.counters > 1:
        return _side_by_side(options)
    print(f"seed {options.seed}, {options.sessions} sessions, {options.kind} browser", flush=True)
    planned = plan(options.seed, options.sessions)
    if options.only is not None:
        planned = (planned[options.only - 1], Planned(options.only + 1, Happening.ORDINARY))
    soak, began = Soak(tell=lambda text: print(text, flush=True)), time.monotonic()
    wrong = None
    try:
        soak.run(planned, options.seed, options.kind)
    except WrongError as error:
        wrong = str(error)
    took = time.monotonic() - began
    _print(soak, took)
    if options.json:
        figures = {
            "seed": options.seed,
            "wrong": wrong,
            "sessions": len(soak.seconds),
            "seconds": round(took, 1),
            "starved": soak.starved,
            "late": soak.late,
            "covers_late": soak.covers_late,
            "happened": dict(soak.happened),
            "series": [asdict(one) for one in soak.series],
        }
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    if wrong:
        print(f"wrong: {wrong}")
    return 1 if wrong else 0


def _side_by_side(options: argparse.Namespace) -> int:
    """Run a counter each in a process of its own; print what each says once it has ended."""
    share = -(-options.sessions // options.counters)
    with ExitStack() as stack:
        counters = [
            stack.enter_context(
                subprocess.Popen(
                    [
                        *(sys.executable, "-m", "tests.soak", "--kind", options.kind),
                        *("--sessions", str(share), "--seed", str(options.seed + turn)),
                        *(["--json", str(_numbered(options.json, turn))] if options.json else []),
                    ],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for turn in range(options.counters)
        ]
        for one in counters:
            said, _ = one.communicate()
            print(said, flush=True)
    return max(one.returncode for one in counters)


def _numbered(path: Path, turn: int) -> Path:
    return path.with_name(f"{path.stem}-{turn}{path.suffix}")


def _print(soak: Soak, took: float) -> None:
    system = f"{platform.system()} {platform.release()}, {os.cpu_count()} cores"
    print(f"{system}, Python {platform.python_version()}")
    if soak.seconds:
        each, slowest = statistics.median(soak.seconds), max(soak.seconds)
        print(
            f"{len(soak.seconds)} sessions in {took:.0f} s, {len(soak.seconds) / took * 3600:.0f} an hour; ",
            end="",
        )
        print(f"from card to READY and checked: {each:.2f} s (median), {slowest:.2f} s (longest)")
    print(f"begun anew, for the browser did not paint in time: {soak.starved}")
    print(f"logout not confirmed in time, for no other reason: {soak.late}")
    print(f"cover not confirmed in time, the browser killed at once: {soak.covers_late}")
    for happening, count in sorted(soak.happened.items()):
        print(f"{happening:24}{count:>6}")
    if soak.samples:
        print("the same after every sample:")
        for name, number in sorted(soak.samples[-1].counts.items()):
            print(f"  {name:44}{number:>8}")
    if soak.series:
        print(f"{'MiB':46}{'n':>4}{'first':>10}{'last':>10}{'per 1,000 sessions':>20}{'z':>7}")
    for one in soak.series:
        size = f"{one.first / MIB:>10.2f}{one.last / MIB:>10.2f}{one.per_thousand / MIB:>+20.3f}"
        verdict = f"{one.trend:>+7.1f}{'   grows' if one.grows else ''}"
        print(f"  {one.name:44}{one.samples:>4}{size}{verdict}")


if __name__ == "__main__":
    sys.exit(main())
