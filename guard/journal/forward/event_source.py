"""Whether Windows knows our event source, and so the texts of our events (Event Sources, Microsoft Learn)."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

if sys.platform != "win32":
    raise ImportError("this is Windows' part")

import winreg

from guard.journal.forward.events import SOURCE

KEY: Final = rf"SYSTEM\CurrentControlSet\Services\EventLog\Application\{SOURCE}"
"""Below HKEY_LOCAL_MACHINE; the installer makes it, with EventMessageFile and TypesSupported = 7."""
MESSAGE_FILE: Final = "EventMessageFile"


def message_file() -> Path | None:
    """Return the library that is registered for the source; None without one, or without its file."""
    try:
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, KEY) as key:
            text, _ = winreg.QueryValueEx(key, MESSAGE_FILE)
    except OSError:
        return None
    file = Path(os.path.expandvars(str(text)))
    return file if file.is_file() else None
