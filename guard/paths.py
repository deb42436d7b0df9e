"""Where the guard keeps what on this PC, and the lock that lets only one guard run."""

from __future__ import annotations

import hashlib
import os
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING, Self

from guard.errors import ConfigError, MachineError
from guard.ground import FileLock, state_home

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAME = "madoguchi-guard"


def container_mark(runtime: Path) -> str:
    """Return what the containers of this runtime folder's guard are known by, in this run and later ones."""
    return hashlib.sha256(os.fsencode(runtime)).hexdigest()[:16]


def journal_default(environment: Mapping[str, str]) -> Path:
    """Return the journal's folder when the operator names none; raises like `guard.ground.state_home`."""
    return state_home(environment) / "journal"


def journal_keyring(environment: Mapping[str, str]) -> Path:
    """Return the folder of the keyring that holds the journal's mark; raises like `journal_default`."""
    return state_home(environment) / "journal-keyring"


def shipped_config() -> Path:
    """Return the folder with guard.toml and the site profiles: the checkout's, or the installed wheel's.

    Raises MachineError when neither is there.
    """
    checkout = Path(__file__).parent.parent / "config"
    installed = Path(sysconfig.get_path("data")) / "share" / _NAME / "config"
    for folder in (checkout, installed):
        if (folder / "guard.toml").is_file():
            return folder
    raise MachineError(
        f"the shipped configuration is neither in {checkout} nor in {installed}; install anew."
    )


class SingleInstance:
    """Held while a guard runs; the system lets go of it however the process ends."""

    def __init__(
        self,
        runtime: Path,
        lock: str = "lock",
        taken: str = "a guard is already running for this account; see guard status.",
    ) -> None:
        """Take the lock; raises ConfigError with the sentence ``taken`` when this account holds it."""
        try:
            self._lock = FileLock.take(runtime / lock)
        except BlockingIOError:
            raise ConfigError(taken) from None

    def __enter__(self) -> Self:
        """Hold it for a with block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let go."""
        self._lock.close()
