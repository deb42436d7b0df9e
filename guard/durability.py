"""What must not happen before the record of it is on the disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.journal.port import Ticket

if TYPE_CHECKING:
    from collections.abc import Callable


class Durability:
    """Deeds that wait for their records; on the core's thread only."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Ticket, Callable[[], None]]] = []
        self._durable = self._owed = Ticket(0)

    def after(self, ticket: Ticket, deed: Callable[[], None]) -> None:
        """Let this happen once the record of this ticket is durable."""
        self._waiting.append((ticket, deed))

    def durable(self, through: Ticket) -> None:
        """Do what waited for the records through this ticket."""
        self._durable = through
        due = [deed for ticket, deed in self._waiting if ticket <= through]
        self._waiting = [waiting for waiting in self._waiting if waiting[0] > through]
        for deed in due:
            deed()

    def release(self) -> None:
        """Do all that waits although it is not recorded: only where nothing of it opens the counter."""
        due, self._waiting = self._waiting, []
        for ticket, deed in due:
            self._owed = max(self._owed, ticket)
            deed()

    def settled(self) -> bool:
        """Tell whether the records of all that was released are durable by now."""
        return self._durable >= self._owed
