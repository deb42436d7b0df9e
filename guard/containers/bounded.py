"""What the systems' watches over memory share: one look at one container."""

from __future__ import annotations

import logging
from typing import Protocol

_log = logging.getLogger(__name__)


class Bounded(Protocol):
    """A container that may have bounds."""

    def keep_within_bounds(self) -> bool:
        """Kill it if it takes more memory than it may, and tell whether so; raises OSError.

        On Linux its sessions give way at the same time (see `guard.containers.bounds`).
        """
        ...


def look_at(one: Bounded) -> None:
    """Keep it within its bounds; what cannot be read of it now keeps nobody from the next."""
    try:
        if one.keep_within_bounds():
            _log.warning("a container took more memory than it may, and was killed")
    except OSError:  # a PC short of memory or descriptors, which is when this is needed
        _log.warning("what a container takes could not be read; it is tried again")
