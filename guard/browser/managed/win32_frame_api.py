"""The calls of user32 and kernel32 that the frame needs besides the shade's, with their types.

Names, arguments and numbers are those of the Windows API (winuser.h, processthreadsapi.h). A library object
of its own: types that are set here are nobody else's.
"""

from __future__ import annotations

import ctypes
import sys
from ctypes import wintypes
from typing import Final

if sys.platform != "win32":
    raise ImportError("this is Windows' part")


class GUITHREADINFO(ctypes.Structure):
    """GUITHREADINFO."""

    _fields_ = (
        ("cbSize", wintypes.DWORD),
        ("flags", wintypes.DWORD),
        ("hwndActive", wintypes.HWND),
        ("hwndFocus", wintypes.HWND),
        ("hwndCapture", wintypes.HWND),
        ("hwndMenuOwner", wintypes.HWND),
        ("hwndMoveSize", wintypes.HWND),
        ("hwndCaret", wintypes.HWND),
        ("rcCaret", wintypes.RECT),
    )


_user: Final = ctypes.WinDLL("user32", use_last_error=True)
_kernel: Final = ctypes.WinDLL("kernel32", use_last_error=True)

_H, _U, _D, _B = wintypes.HWND, wintypes.UINT, wintypes.DWORD, wintypes.BOOL
_MESSAGE: Final = ctypes.POINTER(wintypes.MSG)

for _library, _name, _result, _arguments in (
    (_user, "SetParent", _H, (_H, _H)),
    (_user, "IsChild", _B, (_H, _H)),
    (_user, "MapWindowPoints", ctypes.c_int, (_H, _H, ctypes.POINTER(wintypes.RECT), _U)),
    (_user, "ShowWindowAsync", _B, (_H, ctypes.c_int)),
    (_user, "GetWindowThreadProcessId", _D, (_H, ctypes.POINTER(wintypes.DWORD))),
    (_user, "GetGUIThreadInfo", _B, (_D, ctypes.POINTER(GUITHREADINFO))),
    (_user, "AttachThreadInput", _B, (_D, _D, _B)),
    (_user, "SetFocus", _H, (_H,)),
    (_user, "PostThreadMessageW", _B, (_D, _U, wintypes.WPARAM, wintypes.LPARAM)),
    (_user, "SetTimer", ctypes.c_size_t, (_H, ctypes.c_size_t, _U, ctypes.c_void_p)),
    (_user, "GetMessageW", ctypes.c_int, (_MESSAGE, _H, _U, _U)),
    (_kernel, "GetCurrentThreadId", _D, ()),
):
    _call = getattr(_library, _name)
    _call.restype, _call.argtypes = _result, _arguments

user: Final = _user


def thread_with_queue() -> int:
    """Have this thread have a queue that others can post to (PeekMessageW makes it); return its id."""
    _user.PeekMessageW(ctypes.byref(wintypes.MSG()), None, 0, 0, 0)
    return int(_kernel.GetCurrentThreadId())


def owner(window: int) -> tuple[int, int]:
    """Return the ids of the process and of the thread that made this window; 0 when it is gone."""
    process = wintypes.DWORD()
    thread = _user.GetWindowThreadProcessId(window, ctypes.byref(process))
    return process.value, int(thread)


def focus_of(thread: int) -> int:
    """Return the window that has the keyboard within what this thread's input is shared with; 0 for none."""
    told = GUITHREADINFO(cbSize=ctypes.sizeof(GUITHREADINFO))
    return int(told.hwndFocus or 0) if _user.GetGUIThreadInfo(thread, ctypes.byref(told)) else 0
