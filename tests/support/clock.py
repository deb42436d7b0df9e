"""A clock that tests turn."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class TurnedClock:
    """Stands still until it is turned; implements `guard.clock.Clock`."""

    def __init__(self) -> None:
        self._monotonic = 1000.0
        self._slept = 0.0
        self._utc = datetime(2026, 4, 1, 9, 0, tzinfo=UTC)

    def monotonic(self) -> float:
        return self._monotonic

    def boot(self) -> float:
        return self._monotonic + self._slept

    def utc(self) -> datetime:
        return self._utc

    def turn(self, seconds: float) -> None:
        """Let time pass."""
        self._monotonic += seconds
        self._utc += timedelta(seconds=seconds)

    def sleep(self, seconds: float) -> None:
        """Let the PC sleep: monotonic time stands still."""
        self._slept += seconds
        self._utc += timedelta(seconds=seconds)

    def set_wall(self, by: timedelta) -> None:
        """Let somebody set the wall clock."""
        self._utc += by
