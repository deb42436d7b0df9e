"""Where the guard keeps what on this PC, and the lock that lets only one guard run."""

from __future__ import annotations

import fcntl
import hashlib
import os
import stat
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING, Self

from guard.errors import ConfigError, MachineError

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAME = "madoguchi-guard"
_PRIVATE = 0o700


def runtime_folder(environment: Mapping[str, str], fallback: Path = Path("/tmp")) -> Path:  # noqa: S108 -- the folder below it is checked
    """Return the private folder (0700, ours, made if missing) for sockets and locks, gone after a restart.

    It lies in $XDG_RUNTIME_DIR, or without one in ``fallback`` under a name with our uid. Raises MachineError
    when somebody else owns it or can enter it.
    """
    home = environment.get("XDG_RUNTIME_DIR", "")
    folder = Path(home) / _NAME if Path(home).is_absolute() else fallback / f"{_NAME}-{os.getuid()}"
    try:
        folder.mkdir(mode=_PRIVATE, exist_ok=True)
        found = folder.lstat()
    except OSError as error:
        raise MachineError(f"the runtime folder {folder} cannot be made: {error.strerror}.") from error
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise MachineError(f"{folder} must be a folder owned by the account that runs the guard; remove it.")
    if stat.S_IMODE(found.st_mode) != _PRIVATE:
        raise MachineError(f"others can enter {folder}; allowed is mode 0700 only (chmod 700 {folder}).")
    return folder


def container_mark(runtime: Path) -> str:
    """Return what the containers of this runtime folder's guard are known by, in this run and later ones."""
    return hashlib.sha256(os.fsencode(runtime)).hexdigest()[:16]


def control_socket(runtime: Path) -> Path:
    """Return where the running guard listens for ``guard status`` and the like."""
    return runtime / "control.sock"


def state_folder(environment: Mapping[str, str]) -> Path:
    """Return the account's folder for what outlives a restart; it need not exist yet.

    Raises MachineError when the account has no home.
    """
    given = Path(environment.get("XDG_STATE_HOME", ""))
    if given.is_absolute():
        return given / _NAME
    home = Path(environment.get("HOME", ""))
    if not home.is_absolute():
        raise MachineError("neither XDG_STATE_HOME nor HOME says where to keep the journal; set one of them.")
    return home / ".local" / "state" / _NAME


def journal_default(environment: Mapping[str, str]) -> Path:
    """Return the journal's folder when the operator names none; raises like `state_folder`."""
    return state_folder(environment) / "journal"


def journal_keyring(environment: Mapping[str, str]) -> Path:
    """Return the folder of the keyring that holds the journal's mark; raises like `state_folder`."""
    return state_folder(environment) / "journal-keyring"


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
        self._descriptor = os.open(
            runtime / lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600
        )
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._descriptor)
            raise ConfigError(taken) from None

    def __enter__(self) -> Self:
        """Hold it for a with block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let go."""
        os.close(self._descriptor)
