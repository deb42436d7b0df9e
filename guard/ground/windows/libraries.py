"""Where this process looks for libraries.

Yubico's advisory YSA-2026-01 is about a smart-card program that loaded a DLL from the folder it was started
in. A town's counter is opened by many hands: whatever somebody leaves beside a document, or in a folder of
PATH, must not become a part of the guard.
"""

from __future__ import annotations

import ctypes
import sys
from typing import Final

if sys.platform != "win32":
    raise ImportError("this is Windows' part")

_APPLICATION_AND_SYSTEM: Final = 0x1000
"""LOAD_LIBRARY_SEARCH_DEFAULT_DIRS of LoadLibraryEx: the program's own folder, System32, and what
os.add_dll_directory was given; neither the current folder nor PATH."""


def restrict_libraries() -> None:
    """Load no library from the current folder or PATH from now on; raises OSError (SetDefaultDllDirectories).

    Python does that for its own extension modules; this is for what those, and the system, load by name.
    """
    kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    if not kernel.SetDefaultDllDirectories(_APPLICATION_AND_SYSTEM) or not kernel.SetDllDirectoryW(""):
        raise ctypes.WinError(ctypes.get_last_error())
