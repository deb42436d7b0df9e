"""What must not happen before the record of it is on the disk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.clock import Clock
    from guard.journal.port import Ticket

STALLED_AFTER: Final = 5.0
"""s for which a disk may take to sync a record; after that it counts as lost."""


class Durability:
    """Deeds that wait for their records; on the core's thread only."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiting: list[tuple[Ticket, float, Callable[[], None]]] = []

    def after(self, ticket: Ticket, deed: Callable[[], None]) -> None:
        """Let this happen once the record of this ticket is durable."""
        self._waiting.append((ticket, self._clock.monotonic(), deed))

    def durable(self, through: Ticket) -> None:
        """Do what waited for the records through this ticket."""
        due = [deed for ticket, _, deed in self._waiting if ticket <= through]
        self._waiting = [waiting for waiting in self._waiting if waiting[0] > through]
        for deed in due:
            deed()

    def stalled(self) -> bool:
        """Tell whether something has waited for too long."""
        now = self._clock.monotonic()
        return any(now - since > STALLED_AFTER for _, since, _ in self._waiting)

    def give_up(self) -> None:
        """Do all that waits, whose records cannot be written: whoever asks knows that, and stays closed."""
        due, self._waiting = self._waiting, []
        for _, _, deed in due:
            deed()
