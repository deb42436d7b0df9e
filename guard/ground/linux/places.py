"""Where an account keeps what, by the XDG base directories."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

if sys.platform == "win32":
    raise ImportError("this is Linux's part")

from guard.errors import MachineError

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAME: Final = "madoguchi-guard"
_PRIVATE: Final = 0o700


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


def state_home(environment: Mapping[str, str]) -> Path:
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
