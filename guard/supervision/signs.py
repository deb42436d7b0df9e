"""What the core's loop tells its supervisor, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from guard.clock import Clock
    from guard.supervision.port import Supervisor


class Signs:
    """Told of each turn of the loop; tells the supervisor what is new, and that there was one."""

    def __init__(self, supervisor: Supervisor, clock: Clock) -> None:
        self._supervisor = supervisor
        self._clock = clock
        self._ready = False
        self._stopping = False
        self._alive_at = clock.monotonic()

    def patience(self, most: float) -> float:
        """Return how many s the loop may wait, ``most`` at most, so that the next sign does not come late."""
        every = self._supervisor.every
        return most if every is None else min(most, every / 2)

    def turned(self, *, safe: bool, stopping: bool) -> None:
        """Tell what this turn means; ``safe``: the screen is covered and leftovers are swept."""
        if safe and not self._ready:
            self._ready = True
            self._supervisor.ready()
        if stopping and not self._stopping:
            self._stopping = True
            self._supervisor.stopping()
        every, now = self._supervisor.every, self._clock.monotonic()
        if every is not None and now - self._alive_at >= every:
            self._alive_at = now
            self._supervisor.alive()
