"""A store in the operating system's keyring.

Its backend is given by whoever opens it (`guard.keyring.opened`). ``keyring.get_keyring`` is never asked: an
environment variable or a file could make it choose one that keeps plain text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from guard.errors import MachineError

if TYPE_CHECKING:
    from collections.abc import Callable

    from keyring.backend import KeyringBackend

SERVICE: Final = "madoguchi-guard"
_Done = TypeVar("_Done")


class KeyringStore:
    """Implements `Store` on a keyring."""

    def __init__(self, keyring: KeyringBackend, flush: Callable[[], None]) -> None:
        """``flush`` is called after each change, and returns when a power cut cannot undo it (or OSError)."""
        self._keyring = keyring
        self._flush = flush

    def read(self, name: str) -> str | None:
        """See `Store.read`."""
        return _attempt("read", lambda: self._keyring.get_password(SERVICE, name))

    def write(self, name: str, text: str) -> None:
        """See `Store.write`."""
        _attempt("write", lambda: self._keyring.set_password(SERVICE, name, text))
        _attempt("write", self._flush)

    def delete(self, name: str) -> None:
        """See `Store.delete`."""
        _attempt("delete", lambda: self._keyring.delete_password(SERVICE, name))
        _attempt("delete", self._flush)


def _attempt(what: str, work: Callable[[], _Done]) -> _Done:
    try:
        return work()
    except (
        Exception
    ) as error:  # whatever a backend and its bus raise, the keyring is broken: the answer is no
        raise MachineError(
            f"the keyring does not {what} ({type(error).__name__}); see guard doctor."
        ) from error
