"""A peer as its user would write it: pyscard's CardMonitor that starts a locker when a card goes.

``python -m tests.bench.peers.card_monitor MARK LOCKER [ARGUMENT…]``; makes the file MARK when a card comes.
"""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import signal
import subprocess
from pathlib import Path

from smartcard.CardMonitoring import CardMonitor


class Lock:
    """Told by pyscard of every card that came or went."""

    def __init__(self, mark: Path, locker: list[str]) -> None:
        self._mark = mark
        self._locker = locker

    def update(self, _observable: object, change: tuple[list[object], list[object]]) -> None:
        """Lock the screen when a card went."""
        added, removed = change
        if removed:
            subprocess.run(self._locker, check=False)
        if added:
            self._mark.touch()


if __name__ == "__main__":
    CardMonitor().addObserver(Lock(Path(sys.argv[1]), sys.argv[2:]))
    signal.pause()
