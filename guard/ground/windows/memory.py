"""A process's memory: written nowhere at a crash.

Windows Error Reporting would keep a dump of a process that crashes, in which a PIN may be. What an error
handler of this process itself marks as handled reaches it not.
"""

from __future__ import annotations

import ctypes
import sys
from typing import Final

if sys.platform != "win32":
    raise ImportError("this is Windows' part")

_QUIET: Final = 0x0001 | 0x0002 | 0x8000
"""SetErrorMode: SEM_FAILCRITICALERRORS, SEM_NOGPFAULTERRORBOX (Windows Error Reporting is not called),
SEM_NOOPENFILEERRORBOX; children inherit it."""


def forbid_core_dumps() -> None:
    """Let a crash of this process, or of one it starts from now on, write its memory nowhere."""
    ctypes.WinDLL("kernel32").SetErrorMode(_QUIET)


def share_one_heap() -> None:
    """Nothing to do: a Windows process has one heap already."""
