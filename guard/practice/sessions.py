"""The practice portal's logins: kept on the server until logout or time-out, as the real one's are."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from guard.clock import Clock
    from guard.practice.people import Account, Person

TIMEOUT = 60 * 60
"""Seconds without a request after which a session ends: the real portal's 1 hour."""


def _random() -> str:
    return secrets.token_urlsafe(24)


@dataclass(slots=True, kw_only=True)
class PortalSession:
    """One browser's session; without a person until somebody logs in."""

    touched: float
    """Monotonic s of the last request."""
    person: Person | None = None
    pending: Account | None = None
    """Typed, shown for confirmation, not registered yet."""
    token: str = field(default_factory=_random)
    """The cookie's value; never shown in a page."""
    csrf: str = field(default_factory=_random)


class Sessions:
    """All living sessions; not safe from several threads at once."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._living: dict[str, PortalSession] = {}

    def start(self, person: Person | None = None) -> PortalSession:
        """Begin a session; a login always begins a new one, so that no token from before it is worth more."""
        now = self._clock.monotonic()
        self._living = {t: s for t, s in self._living.items() if now - s.touched < TIMEOUT}
        session = PortalSession(touched=now, person=person)
        self._living[session.token] = session
        return session

    def find(self, token: str | None, *, touch: bool) -> PortalSession | None:
        """Return the living session of this cookie, and keep it alive from now if ``touch``."""
        session = self._living.get(token) if token is not None else None
        if session is None or self._clock.monotonic() - session.touched >= TIMEOUT:
            return None
        if touch:
            session.touched = self._clock.monotonic()
        return session

    def end(self, token: str | None) -> None:
        """Forget the session of this cookie, if it lives."""
        if token is not None:
            self._living.pop(token, None)
