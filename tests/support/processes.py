"""Whether a process lives, as people would say it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psutil

from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterable


def lives(pid: int) -> bool:
    """Tell whether it runs; one that has ended and is only not yet written off by its parent does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def ended(processes: Iterable[psutil.Process]) -> None:
    """Wait until none of them lives."""
    until(lambda: not any(one.is_running() and lives(one.pid) for one in processes), "their end")
