"""The calls of wtsapi32, user32 and kernel32 that the watch over the system needs, with their types."""

from __future__ import annotations

import ctypes
import sys
from ctypes import wintypes
from typing import Final

if sys.platform != "win32":
    raise ImportError("this is Windows' part")

wts: Final = ctypes.WinDLL("wtsapi32", use_last_error=True)
user: Final = ctypes.WinDLL("user32", use_last_error=True)
kernel: Final = ctypes.WinDLL("kernel32", use_last_error=True)
_MESSAGE: Final = (wintypes.HWND, wintypes.UINT, wintypes.WPARAM, wintypes.LPARAM)

for _library, _name, _result, _arguments in (
    (wts, "WTSRegisterSessionNotification", wintypes.BOOL, (wintypes.HWND, wintypes.DWORD)),
    (wts, "WTSUnRegisterSessionNotification", wintypes.BOOL, (wintypes.HWND,)),
    (user, "RegisterSuspendResumeNotification", wintypes.HANDLE, (wintypes.HANDLE, wintypes.DWORD)),
    (user, "UnregisterSuspendResumeNotification", wintypes.BOOL, (wintypes.HANDLE,)),
    (user, "ShutdownBlockReasonCreate", wintypes.BOOL, (wintypes.HWND, wintypes.LPCWSTR)),
    (user, "ShutdownBlockReasonDestroy", wintypes.BOOL, (wintypes.HWND,)),
    (user, "DefWindowProcW", ctypes.c_ssize_t, _MESSAGE),
    (
        user,
        "PeekMessageW",
        wintypes.BOOL,
        (ctypes.POINTER(wintypes.MSG), wintypes.HWND, *(wintypes.UINT,) * 3),
    ),
    (user, "DispatchMessageW", ctypes.c_ssize_t, (ctypes.POINTER(wintypes.MSG),)),
    (
        user,
        "MsgWaitForMultipleObjectsEx",
        wintypes.DWORD,
        (wintypes.DWORD, ctypes.POINTER(wintypes.HANDLE), *(wintypes.DWORD,) * 3),
    ),
    (user, "SendMessageW", ctypes.c_ssize_t, _MESSAGE),
    (kernel, "SetProcessShutdownParameters", wintypes.BOOL, (wintypes.DWORD, wintypes.DWORD)),
):
    _call = getattr(_library, _name)
    _call.restype, _call.argtypes = _result, _arguments
