"""Covers, and holds the shade to its word: every cover has a deadline, and only its own answer stops it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from guard.session.events import CoverLate

if TYPE_CHECKING:
    from guard.screens.port import Shade
    from guard.timers import Timers

COVER_WITHIN: Final = 0.1
"""s until the shade must have covered what may be in sight (issue "The main job"), or `CoverLate` is due."""
AGAIN_WITHIN: Final = 1.0
"""s where all is covered already and is only asked for again: a busy PC must not cost a citizen the logout.

Nor may it take for ever: who holds up the display server is ended by nothing but the deadline.
"""
_DEADLINE: Final = "cover"


class Covering:
    """What was asked of the shade and what it has answered; on the core's thread only."""

    def __init__(self, shade: Shade, timers: Timers) -> None:
        self._shade = shade
        self._timers = timers
        self._asked_at = 0.0
        """When the newest cover was asked for (monotonic s)."""
        self._awaited = 0.0
        """When the one was that the deadline runs for: the oldest without an answer."""
        self._within = COVER_WITHIN
        """s that it has."""
        self._since = math.inf
        """When the first one was since something was uncovered; an answer to an older one proves nothing."""
        self._answered = False
        """One of those has been confirmed."""

    def cover(self) -> None:
        """Cover everything; returns at once, and `CoverLate` is due unless that is confirmed in time."""
        self._asked_at = self._shade.cover()
        self._since = min(self._since, self._asked_at)
        if not self._timers.armed(_DEADLINE):
            self._await(self._asked_at)

    def uncover(self, portal: int) -> None:
        """Let this window be seen; returns at once."""
        self._timers.disarm(_DEADLINE)
        self._answered = False
        self._since = math.inf
        self._shade.uncover(portal)

    def confirmed(self, asked_at: float, confirmed_at: float) -> None:
        """Learn that the cover asked for at this time was done at that (monotonic s)."""
        if asked_at < self._since:
            return
        self._answered = True
        if asked_at >= self._awaited and confirmed_at - asked_at <= self._within:
            self._timers.disarm(_DEADLINE)
            if asked_at < self._asked_at:
                self._await(self._asked_at)

    def proven(self) -> bool:
        """Tell whether all is covered: confirmed since something was uncovered last, and held since."""
        return self._answered and self._shade.covered()

    def _await(self, asked_at: float) -> None:
        self._awaited = asked_at
        self._within = AGAIN_WITHIN if self.proven() else COVER_WITHIN
        self._timers.arm(_DEADLINE, self._within, CoverLate())
