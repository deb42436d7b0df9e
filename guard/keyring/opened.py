"""A store that is ours alone while it is open: lock, keyring service, and the backend on top of it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from typing import TYPE_CHECKING, Final

from guard.disk import flush_folder
from guard.errors import MachineError
from guard.keyring.one_connection import OneConnectionKeyring
from guard.keyring.secret_service import keyrings, private_folder, secret_service
from guard.keyring.system import KeyringStore
from guard.paths import runtime_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from guard.keyring.store import Store

LOCK_SECONDS: Final = 10.0
"""For which another process of this account is waited for; a vault takes less than a second."""
_GLANCE: Final = 0.02
"""s between two looks at the lock."""


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
    deadline = time.monotonic() + LOCK_SECONDS
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise MachineError(
                        f"{what} is in use by another process for more than {LOCK_SECONDS:.0f} s."
                    ) from None
                time.sleep(_GLANCE)
        yield
    finally:
        os.close(descriptor)
