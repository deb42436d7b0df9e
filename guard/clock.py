"""Time as a port, so that tests can turn it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol

from guard.ground import boot_seconds, monotonic_seconds


def stamp(moment: datetime) -> str:
    """Return a moment in UTC as RFC 3339 with milliseconds and ``Z``."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Clock(Protocol):
    """The only source of time in the package."""

    def monotonic(self) -> float:
        """Seconds since an arbitrary point; never goes back; stands still while the PC sleeps."""
        ...

    def boot(self) -> float:
        """Seconds since boot, sleep included: ``boot() - monotonic()`` grows by the time slept."""
        ...

    def utc(self) -> datetime:
        """Wall time, aware, in UTC; may jump when someone sets the clock."""
        ...


class SystemClock:
    """The PC's own clock."""

    def monotonic(self) -> float:
        """See `Clock.monotonic`."""
        return monotonic_seconds()

    def boot(self) -> float:
        """See `Clock.boot`."""
        return boot_seconds()

    def utc(self) -> datetime:
        """See `Clock.utc`."""
        return datetime.now(UTC)
