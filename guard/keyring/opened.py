"""A store that is ours alone while it is open: lock, keyring service, and the backend on top of it."""

from __future__ import annotations

import sys

if sys.platform == "win32":
    raise ImportError("this is Linux's part")

import contextlib
from typing import TYPE_CHECKING, Final

from guard.errors import MachineError
from guard.ground import FileLock, flush_folder, runtime_folder
from guard.keyring.one_connection import OneConnectionKeyring
from guard.keyring.secret_service import keyrings, private_folder, secret_service
from guard.keyring.system import KeyringStore

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from guard.keyring.store import Store

LOCK_SECONDS: Final = 10.0
"""For which another process of this account is waited for; a vault takes less than a second."""


@contextlib.contextmanager
def opened(environment: Mapping[str, str], folder: Path, what: str) -> Iterator[Store]:
    """Open the store whose files lie in this folder, made if missing; ``what`` names it in a refusal.

    Changes this process's own environment, and needs its only thread. Raises MachineError.
    """
    private_folder(folder)
    runtime = runtime_folder(environment)
    with _alone(folder, what), secret_service(environment, runtime, folder) as connection:
        keyring = OneConnectionKeyring(connection)
        yield KeyringStore(keyring, lambda: flush_folder(keyrings(folder)))


@contextlib.contextmanager
def _alone(folder: Path, what: str) -> Iterator[None]:
    """Hold the store's lock; the system lets go of it however this process ends."""
    try:
        lock = FileLock.take(folder / "lock", LOCK_SECONDS)
    except BlockingIOError:
        raise MachineError(
            f"{what} is in use by another process for more than {LOCK_SECONDS:.0f} s."
        ) from None
    try:
        yield
    finally:
        lock.close()
