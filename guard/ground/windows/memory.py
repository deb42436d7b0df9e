"""A process's memory: written nowhere at a crash."""

from __future__ import annotations

import contextlib
import ctypes
import sys
from ctypes import wintypes
from pathlib import Path
from typing import Final

if sys.platform != "win32":
    raise ImportError("this is Windows' part")

_QUIET: Final = 0x0001 | 0x0002 | 0x8000
"""SEM_FAILCRITICALERRORS, SEM_NOGPFAULTERRORBOX, SEM_NOOPENFILEERRORBOX (SetErrorMode): a crash ends the
process at once, without Windows Error Reporting, and no box of the system ever stands before a citizen."""
_NO_HEAP: Final = 0x1
"""WER_FAULT_REPORTING_FLAG_NOHEAP (WerSetFlags): what is reported all the same has no heap in it."""
_SYSTEM32: Final = 0x00000800
"""LOAD_LIBRARY_SEARCH_SYSTEM32 (LoadLibraryEx)."""
_THIS_ACCOUNT: Final = 0
"""bAllUsers of WerAddExcludedApplication."""

_kernel: Final = ctypes.WinDLL("kernel32")
_kernel.SetErrorMode.argtypes = [wintypes.UINT]
_kernel.SetErrorMode.restype = wintypes.UINT
_kernel.WerSetFlags.argtypes = [wintypes.DWORD]
_kernel.WerSetFlags.restype = ctypes.HRESULT


def forbid_core_dumps() -> None:
    """Let a crash of this process, or of one it starts from now on, write its memory nowhere.

    The program is also put on this account's list of those that are not reported, for the few crashes that
    pass by the error mode (fast fail); where that list cannot be written, the error mode remains.
    """
    _kernel.SetErrorMode(_QUIET)
    with contextlib.suppress(OSError):
        _kernel.WerSetFlags(_NO_HEAP)
    with contextlib.suppress(OSError):
        reporting = ctypes.WinDLL("wer.dll", winmode=_SYSTEM32)
        reporting.WerAddExcludedApplication.argtypes = [wintypes.LPCWSTR, wintypes.BOOL]
        reporting.WerAddExcludedApplication.restype = ctypes.HRESULT
        reporting.WerAddExcludedApplication(Path(sys.executable).name, _THIS_ACCOUNT)


def share_one_heap() -> None:
    """Nothing to do: Windows gives a process one heap for all its threads (HeapCreate, "default heap")."""
