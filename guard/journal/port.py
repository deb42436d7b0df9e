"""The ports: one record an event, no personal data; and what the journal tells about itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, NewType, Protocol

if TYPE_CHECKING:
    from guard.session.events import SessionId

Field = str | int | float | bool | None
Ticket = NewType("Ticket", int)
"""Of a record that was handed over; later ones have greater numbers."""


class Journal(Protocol):
    """Takes records in order, from any thread.

    ``record`` never blocks the caller on a slow disk and never raises; what became of the records is told to
    the `JournalListener` given to the adapter. No record may hold a PIN, card data, personal data, page
    content or a URL beyond its host.
    """

    def record(self, kind: str, session: SessionId | None = None, **fields: Field) -> Ticket:
        """Append one record: ``seq, at (UTC, RFC 3339), boot_ms, session, kind, …``."""
        ...

    def waits_since(self) -> float | None:
        """Return since when (`Clock.monotonic`, s) records wait and none gets durable; or None."""
        ...

    def close(self) -> None:
        """Write what is still waiting and close the file; returns when done."""
        ...


class JournalListener(Protocol):
    """Is told what becomes of the records; from the journal's own threads, and must not block."""

    def durable(self, ticket: Ticket, seq: int) -> None:
        """All records through this ticket are on the disk, the last one as number ``seq``."""
        ...

    def journal_lost(self) -> None:
        """Records cannot be written any more; they wait."""
        ...

    def journal_back(self) -> None:
        """Records can be written again, and none was lost."""
        ...

    def journal_damaged(self) -> None:
        """Somebody else changed the files."""
        ...

    def anchor_lost(self) -> None:
        """The keyring does not take the journal's end."""
        ...
