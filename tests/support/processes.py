"""Whether processes live, as people would say it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psutil

from tests.support.waiting import PATIENCE, until

if TYPE_CHECKING:
    from collections.abc import Iterable


def lives(pid: int) -> bool:
    """Tell whether it runs; one that has ended and is only not yet written off by its parent does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def living(processes: Iterable[psutil.Process]) -> list[psutil.Process]:
    """Return those of them that live, and are no later ones with the same number."""
    return [one for one in processes if one.is_running() and lives(one.pid)]


def ended(processes: Iterable[psutil.Process], within: float = PATIENCE) -> None:
    """Wait until none of them lives, for so many seconds at the most."""
    until(lambda: not living(processes), "their end", within)
