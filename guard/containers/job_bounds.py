"""Keeps containers of Job Objects within their bounds.

A job's own limit of memory makes an allocation fail, and what a browser does then is its own affair. The port
promises more: the container ends. So one thread looks at what each takes, processes and folder together, and
the job's limit, which lies a little higher, holds what is faster than a look.
"""

from __future__ import annotations

import logging
import sys
import threading
from typing import TYPE_CHECKING, Final, Protocol

if sys.platform != "win32":
    raise ImportError("this is Windows' part")

import psutil

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

LOOK_EVERY: Final = 0.5
"""s between two looks; one at a browser costs some milliseconds."""
HEADROOM: Final = 4
"""The job's own limit is higher by one in so many: else no look would ever see too much."""

_log = logging.getLogger(__name__)


class Bounded(Protocol):
    """A container that may have bounds."""

    def keep_within_bounds(self) -> bool:
        """Kill it if it takes more than it may, and tell whether so; raises OSError."""
        ...


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
                try:
                    if one.keep_within_bounds():
                        _log.warning("a container took more memory than it may, and was killed")
                except OSError:
                    _log.warning("what a container takes could not be read; it is tried again")


def committed(pids: Iterable[int]) -> int:
    """Return the bytes that these processes have committed: what a job's limit counts (PagefileUsage)."""
    return sum(map(_committed, pids))


def _committed(pid: int) -> int:
    try:
        return int(psutil.Process(pid).memory_info().pagefile)
    except psutil.Error:  # it is ending
        return 0
