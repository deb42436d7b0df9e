"""Keeps containers of Job Objects within their bounds.

A job's own limit of memory makes an allocation fail, and what a browser does then is its own affair. The port
promises more: the container ends. So one thread looks at what each takes, processes and folder together, and
the job's limit, which lies a little higher, holds what is faster than a look.
"""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Final

if sys.platform != "win32":
    raise ImportError("this is Windows' part")

import psutil

from guard.containers.bounded import look_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from guard.containers.bounded import Bounded

LOOK_EVERY: Final = 0.5
"""s between two looks; one at a browser costs some milliseconds."""
HEADROOM: Final = 4
"""The job's own limit is higher by one in so many: else no look would ever see too much."""


class JobBounds:
    """Keeps each of the ``living`` within its bounds."""

    def __init__(self, living: Callable[[], Iterable[Bounded]]) -> None:
        """Begin at once."""
        self._living = living
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="bounds", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End it."""
        self._closing.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._closing.wait(LOOK_EVERY):
            for one in self._living():
                look_at(one)


def committed(pids: Iterable[int]) -> int:
    """Return the bytes that these processes have committed: what a job's limit counts (PagefileUsage)."""
    return sum(map(_committed, pids))


def _committed(pid: int) -> int:
    try:
        return int(psutil.Process(pid).memory_info().pagefile)
    except psutil.Error:  # it is ending
        return 0
