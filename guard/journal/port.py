"""The port: one record an event, no personal data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from guard.session.events import SessionId

Field = str | int | float | bool | None


class Journal(Protocol):
    """Takes records in order.

    Promises: ``record`` never blocks the caller on a slow disk and never raises; what cannot be written is
    reported through the ``lost`` callback given to the adapter, and ``back`` when writing works again.
    No record may hold a PIN, card data, personal data, page content or a URL beyond its host.
    """

    def record(self, kind: str, session: SessionId | None = None, **fields: Field) -> None:
        """Append one record: ``seq, at (UTC, RFC 3339), boot_ms, session, kind, …``."""
        ...

    def close(self) -> None:
        """Write what is still waiting and close the file; returns when done."""
        ...
