"""Change one card for the next, thousands of times, and tell whether a swap was missed.

    .venv/bin/python -m tests.bench.swaps --swaps 10000

The product's own watch on a real pcscd: the event-driven reader with either way of watching, and Debian's
vpcd, which is looked at every 400 ms, with a held handle (a fiftieth of the swaps, for each takes 1.2 s).
A card is laid, the watch tells of it, and the next one lies there at once or up to 50 ms later; noticed is
a swap after which the watch tells that the card was absent or is another one, which ends any session. Prints
the seed and a table; the exit code is 1 when a swap was missed.
"""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import argparse
import os
import random
import secrets
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from guard.clock import SystemClock
from guard.practice.pcscd import VPCD
from guard.readers.pcsc import PcscWatch
from guard.readers.port import Watch
from guard.readers.scard import PyscardScard
from guard.session.events import CardAbsent, CardChanged
from tests.support.events import Posted
from tests.support.pcsc import VirtualReader, build_driver

if TYPE_CHECKING:
    from guard.practice.pcscd import PracticeReader

LONGEST_GAP = 0.05
"""s between two cards, at most: far below the 400 ms between two looks at a polled reader."""
AT_ONCE = 0.5
"""The share of the swaps without any gap."""
NEVER = 5.0
"""s after which a move that is not known never will be: twelve looks at the polled reader."""


def main() -> int:
    """Swap, count, and print what was noticed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--swaps", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=secrets.randbits(32))
    options = parser.parse_args()
    chance = random.Random(options.seed)  # noqa: S311 -- moments, not secrets
    missed = 0
    print(f"seed {options.seed}\n\n| reader | watch | swaps | noticed |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="guard-swaps-") as name:
        folder = Path(name)
        link = folder / "socket"
        os.environ["PCSCLITE_CSOCK_NAME"] = os.fspath(link)  # read once in a process
        event_driven = build_driver(folder)
        for title, driver, mode, swaps in (
            ("event-driven", event_driven, Watch.PRESENCE, options.swaps),
            ("event-driven", event_driven, Watch.HANDLE, options.swaps),
            ("vpcd, every 400 ms", VPCD, Watch.HANDLE, options.swaps // 50),
        ):
            with VirtualReader(Path(tempfile.mkdtemp(dir=folder)), driver) as reader:
                link.symlink_to(reader.socket_path)
                noticed = _noticed(reader, mode, swaps, chance)
                link.unlink()
            missed += swaps - noticed
            print(f"| {title} | {mode} | {swaps:,} | {noticed:,} |", flush=True)
    return 1 if missed else 0


def _noticed(reader: PracticeReader, mode: Watch, swaps: int, chance: random.Random) -> int:
    """Swap so many cards; return how many of the swaps the watch has told."""
    posted = Posted()
    watch = PcscWatch(
        scard=PyscardScard(), post=posted, clock=SystemClock(), part=reader.reader_name, watch=mode
    )
    watch.start()
    try:
        noticed = 0
        _known(watch, "absent", 0)
        for _ in range(swaps):
            before = watch.status().counter or 0
            reader.insert()
            _known(watch, "present", before + 1)
            posted.so_far()
            reader.swap(0.0 if chance.random() < AT_ONCE else chance.uniform(0, LONGEST_GAP))
            seen = _known(watch, "present", before + 3)
            noticed += seen and isinstance(posted.so_far()[0], CardAbsent | CardChanged)
            reader.remove()
            _known(watch, "absent", before + 4)
        return noticed
    finally:
        watch.stop()


def _known(watch: PcscWatch, state: str, moves: int) -> bool:
    """Wait until the watch knows this state, after so many cards laid and taken; tell whether it ever did."""
    clock, pause = SystemClock(), threading.Event()
    end = clock.monotonic() + NEVER
    while (status := watch.status()).state != state or (status.counter or 0) < moves:
        if clock.monotonic() > end:
            return False
        pause.wait(0.0005)
    return True


if __name__ == "__main__":
    sys.exit(main())
