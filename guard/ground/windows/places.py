"""Where an account keeps what: below %LOCALAPPDATA%, which is closed to other users.

The folder is also given rights of its own, for a profile may have been made open by hand.
"""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

if sys.platform != "win32":
    raise ImportError("this is Windows' part")

import pywintypes

from guard.errors import MachineError
from guard.ground.windows.rights import keep_for_ourselves

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAME: Final = "MadoguchiGuard"


def runtime_folder(environment: Mapping[str, str], fallback: Path | None = None) -> Path:
    """Return the private folder (made if missing) for locks and what runs now.

    It lies in %LOCALAPPDATA%, or without one in ``fallback``. Raises MachineError when it cannot be made
    ours alone.
    """
    home = Path(environment.get("LOCALAPPDATA", ""))
    base = home if home.is_absolute() else fallback
    if base is None:
        raise MachineError("LOCALAPPDATA does not say where the account keeps its files; log in anew.")
    folder = base / _NAME / "run"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if folder.lstat().st_file_attributes & stat.FILE_ATTRIBUTE_REPARSE_POINT:
            raise MachineError(f"{folder} must be a folder, and is a link; remove it.")
        keep_for_ourselves(folder)
    except pywintypes.error as error:
        raise MachineError(f"the runtime folder {folder} cannot be made ours: {error.strerror}.") from error
    except OSError as error:
        reason = error.strerror or os.strerror(error.errno or 0)
        raise MachineError(f"the runtime folder {folder} cannot be made: {reason}.") from error
    return folder


def state_home(environment: Mapping[str, str]) -> Path:
    """Return the account's folder for what outlives a restart; it need not exist yet.

    Raises MachineError when the account has none.
    """
    home = Path(environment.get("LOCALAPPDATA", ""))
    if not home.is_absolute():
        raise MachineError("LOCALAPPDATA does not say where to keep the journal; log in anew.")
    return home / _NAME / "state"
