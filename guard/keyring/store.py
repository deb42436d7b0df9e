"""The port: a keyring's items, each a short text under a name."""

from __future__ import annotations

from typing import Protocol


class Store(Protocol):
    """Keeps secrets for this account; every method raises MachineError when it cannot do what it says."""

    def read(self, name: str) -> str | None:
        """Return the item's text, None when there is none."""
        ...

    def write(self, name: str, text: str) -> None:
        """Make or replace the item; once it returns, a power cut does not undo it."""
        ...

    def delete(self, name: str) -> None:
        """Remove the item, which must be there; once it returns, a power cut does not undo it."""
        ...


class ClosableStore(Store, Protocol):
    """A store that somebody keeps open."""

    def close(self) -> None:
        """Let go of it; nothing can be asked any more."""
        ...
