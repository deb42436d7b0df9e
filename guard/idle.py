"""Nobody has touched the PC for a while: when to ask, when to warn, when it is over.

Only the display server's word about real input moves the deadline, never a page's. The server is asked when
the warning would begin, and from then on a few times a second, so that a touch takes the warning away at
once. If it never answers, the deadline simply passes: the session ends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from guard.inbox import IdleDue
from guard.session import events as ev
from guard.session.effects import Timer

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.clock import Clock
    from guard.session.policy import Policy
    from guard.timers import Timers

ASK_AGAIN: Final = 0.25
"""s between two questions while the warning is shown."""


class Idle:
    """Watches one session at a time; on the core's thread only."""

    def __init__(self, ask: Callable[[], None], policy: Policy, timers: Timers, clock: Clock) -> None:
        """``ask`` has the display server asked; its answer comes to `seen`."""
        self._ask = ask
        self._limit = float(policy.idle_seconds)
        self._calm = float(policy.idle_seconds - policy.idle_warning_seconds)
        self._timers = timers
        self._clock = clock
        self._session: ev.SessionId | None = None
        self._touched_at = 0.0
        self._asked = False
        self._warning = False

    def begin(self, session: ev.SessionId) -> None:
        """Somebody has just begun, or gone on with, this session."""
        self._session = session
        self._touched(self._clock.monotonic())

    def stop(self) -> None:
        """The session is covered or over."""
        self._session = None
        self._warning = False
        self._timers.disarm(Timer.IDLE)

    def due(self) -> ev.IdleOver | None:
        """The deadline that was set is over; return the event when the idle time is."""
        if self._session is None:
            return None
        quiet = self._clock.monotonic() - self._touched_at
        if quiet >= self._limit:
            return ev.IdleOver(session=self._session)
        self._warning = self._asked  # the server had its chance to say that somebody is there
        self._asked = True
        self._ask()
        self._arm(min(ASK_AGAIN, self._limit - quiet))
        return None

    def seen(self, age: float) -> None:
        """Take the server's answer: somebody used the PC so many seconds ago."""
        touched_at = self._clock.monotonic() - age
        if self._session is not None and touched_at > self._touched_at + ASK_AGAIN / 10:
            self._touched(touched_at)

    def seconds_left(self) -> float | None:
        """Return how long it is until the end while the warning is due, else None."""
        if not self._warning:
            return None
        return max(0.0, self._touched_at + self._limit - self._clock.monotonic())

    def _touched(self, at: float) -> None:
        self._touched_at = at
        self._asked = False
        self._warning = False
        self._arm(max(0.0, at + self._calm - self._clock.monotonic()))

    def _arm(self, seconds: float) -> None:
        self._timers.arm(Timer.IDLE, seconds, IdleDue())
