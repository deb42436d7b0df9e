"""Where this process looks for libraries: its own folder and the system's, never where it happens to stand.

A library that is loaded by its bare name, as winscard.dll is, is otherwise looked for in the current folder
and along PATH, too, and whoever can write there runs code in the guard (Dynamic-Link Library Security;
Yubico's advisory YSA-2026-01 is about just that).
"""

from __future__ import annotations

import ctypes
import sys
from ctypes import wintypes
from typing import Final

if sys.platform != "win32":
    raise ImportError("this is Windows' part")

from guard.errors import MachineError

_DEFAULT_DIRS: Final = 0x00001000
"""LOAD_LIBRARY_SEARCH_DEFAULT_DIRS: the program's folder, what AddDllDirectory names, and System32.

Python adds the folder of the module that it loads (LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR), and packages with
folders of their own, like PySide6 and pywin32, name them by os.add_dll_directory: nothing is missing here.
"""
_SAFE_SEARCH: Final = 0x00000001 | 0x00008000
"""BASE_SEARCH_PATH_ENABLE_SAFE_SEARCHMODE and BASE_SEARCH_PATH_PERMANENT (SetSearchPathMode)."""

_kernel: Final = ctypes.WinDLL("kernel32", use_last_error=True)
_kernel.SetDefaultDllDirectories.argtypes = [wintypes.DWORD]
_kernel.SetDefaultDllDirectories.restype = wintypes.BOOL
_kernel.SetDllDirectoryW.argtypes = [wintypes.LPCWSTR]
_kernel.SetDllDirectoryW.restype = wintypes.BOOL
_kernel.SetSearchPathMode.argtypes = [wintypes.DWORD]
_kernel.SetSearchPathMode.restype = wintypes.BOOL


def restrict_libraries() -> None:
    """Load libraries from the program's and the system's folders alone from now on; call it first of all.

    What is loaded already stays. Raises MachineError when the system does not do it: then the guard must not
    start.
    """
    done = (
        _kernel.SetDefaultDllDirectories(_DEFAULT_DIRS)
        and _kernel.SetDllDirectoryW("")  # the current folder, for a caller that asks for the old order
        and (_kernel.SetSearchPathMode(_SAFE_SEARCH) or _is_set_already())
    )
    if not done:
        reason = ctypes.FormatError(ctypes.get_last_error()).strip()
        raise MachineError(f"Windows does not restrict where libraries are loaded from: {reason}")


def _is_set_already() -> bool:
    """Tell whether the mode was refused because it is permanent by now (ERROR_ACCESS_DENIED)."""
    return ctypes.get_last_error() == 5
