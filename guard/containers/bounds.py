"""Keeps containers within their bounds, for an account that owns no cgroup.

A cgroup needs root, or a systemd user manager, which the guard's account has not. So one thread looks at what
each container takes: its processes' own memory and swap, and the files in its private file systems, which are
memory too. To look at every process of the PC costs milliseconds; what the PC has left is one line of a file.
That is read all the time; the look follows when it has shrunk, and now and then in any case.

The same look has sessions that were begun inside give way. nice(1) is not enough where the kernel shares the
PC among sessions (autogroup, sched(7)): there it counts within one alone, and each begins as equal to others.
"""

from __future__ import annotations

import os
import sys
import threading
from typing import TYPE_CHECKING

if sys.platform == "win32":
    raise ImportError("this is Linux's part")

from guard.containers.bounded import look_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from guard.clock import Clock
    from guard.containers.bounded import Bounded

EVERY = 0.05
"""s between two readings of what the PC has left."""
STEP = 128 << 20
"""Bytes by which that must have shrunk since the last look for another one."""
LOOK_AGAIN = 1.0
"""s until another look in any case: what others give back at the same time hides what a container takes."""

_KIB = 1 << 10


class BoundsWatch:
    """Keeps each of the ``living`` within its bounds."""

    def __init__(self, living: Callable[[], Iterable[Bounded]], clock: Clock) -> None:
        """Begin at once; raises OSError when the kernel does not say how much memory is left."""
        self._living = living
        self._clock = clock
        self._fd = os.open("/proc/meminfo", os.O_RDONLY | os.O_CLOEXEC)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="bounds", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End it."""
        self._closing.set()
        self._thread.join()
        os.close(self._fd)

    def _run(self) -> None:
        most, looked_at = 0, self._clock.monotonic() - LOOK_AGAIN
        while not self._closing.wait(EVERY):
            try:
                left = _available(os.pread(self._fd, 4 * _KIB, 0))
            except OSError:
                left = 0  # so that each container is looked at
            most = max(most, left)
            now = self._clock.monotonic()
            if most - left >= STEP or now - looked_at >= LOOK_AGAIN:
                most, looked_at = left, now
                for one in self._living():
                    look_at(one)


def _available(meminfo: bytes) -> int:
    """Return the bytes that programs can still get without swapping, proc(5)."""
    line = next(line for line in meminfo.splitlines() if line.startswith(b"MemAvailable:"))
    return int(line.split()[1]) * _KIB
