"""A store in the operating system's keyring.

The backend is pinned by class. ``keyring.get_keyring`` is never asked: an environment variable or a file
could make it choose one that keeps plain text.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Final, TypeVar

from keyring.backend import KeyringBackend

from guard.errors import MachineError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SERVICE: Final = "madoguchi-guard"
_BACKENDS: Final[Mapping[str, tuple[str, str]]] = {
    "linux": ("keyring.backends.SecretService", "Keyring"),
    "win32": ("keyring.backends.Windows", "WinVaultKeyring"),
}
"""By the name of the platform: module and class."""
_Done = TypeVar("_Done")


def backend(platform: str) -> KeyringBackend:
    """Return the keyring of this platform (``sys.platform``); raises MachineError when there is none."""
    if platform not in _BACKENDS:
        raise MachineError(f"there is no keyring for {platform}; allowed are {', '.join(_BACKENDS)}.")
    module, name = _BACKENDS[platform]
    made = getattr(importlib.import_module(module), name)()
    if not isinstance(made, KeyringBackend):
        raise MachineError(f"{module} has no keyring {name}; install the guard anew.")
    return made


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
