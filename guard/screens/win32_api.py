"""The calls of user32, gdi32, kernel32 and dwmapi that the shade needs, with their types.

Names, arguments and numbers are those of the Windows API (winuser.h, wingdi.h, dwmapi.h). What a call returns
is left as it is: whoever calls knows whether it may fail.
"""

from __future__ import annotations

import ctypes
import sys
from ctypes import wintypes
from typing import Final

if sys.platform != "win32":
    raise ImportError("this is Windows' part")

LRESULT: Final = ctypes.c_ssize_t
WNDPROC: Final = ctypes.WINFUNCTYPE(
    LRESULT, wintypes.HWND, wintypes.UINT, wintypes.WPARAM, wintypes.LPARAM, use_last_error=True
)
WINEVENTPROC: Final = ctypes.WINFUNCTYPE(
    None,
    wintypes.HANDLE,
    wintypes.DWORD,
    wintypes.HWND,
    wintypes.LONG,
    wintypes.LONG,
    wintypes.DWORD,
    wintypes.DWORD,
)
HOOKPROC: Final = ctypes.WINFUNCTYPE(LRESULT, ctypes.c_int, wintypes.WPARAM, wintypes.LPARAM)
MONITORENUMPROC: Final = ctypes.WINFUNCTYPE(
    wintypes.BOOL, wintypes.HMONITOR, wintypes.HDC, ctypes.POINTER(wintypes.RECT), wintypes.LPARAM
)


class WNDCLASSW(ctypes.Structure):
    """WNDCLASSW."""

    _fields_ = (
        ("style", wintypes.UINT),
        ("lpfnWndProc", WNDPROC),
        ("cbClsExtra", ctypes.c_int),
        ("cbWndExtra", ctypes.c_int),
        ("hInstance", wintypes.HINSTANCE),
        ("hIcon", wintypes.HICON),
        ("hCursor", wintypes.HANDLE),
        ("hbrBackground", wintypes.HBRUSH),
        ("lpszMenuName", wintypes.LPCWSTR),
        ("lpszClassName", wintypes.LPCWSTR),
    )


class PAINTSTRUCT(ctypes.Structure):
    """PAINTSTRUCT."""

    _fields_ = (
        ("hdc", wintypes.HDC),
        ("fErase", wintypes.BOOL),
        ("rcPaint", wintypes.RECT),
        ("fRestore", wintypes.BOOL),
        ("fIncUpdate", wintypes.BOOL),
        ("rgbReserved", wintypes.BYTE * 32),
    )


class WINDOWPOS(ctypes.Structure):
    """WINDOWPOS."""

    _fields_ = (
        ("hwnd", wintypes.HWND),
        ("hwndInsertAfter", wintypes.HWND),
        ("x", ctypes.c_int),
        ("y", ctypes.c_int),
        ("cx", ctypes.c_int),
        ("cy", ctypes.c_int),
        ("flags", wintypes.UINT),
    )


class STYLESTRUCT(ctypes.Structure):
    """STYLESTRUCT."""

    _fields_ = (("styleOld", wintypes.DWORD), ("styleNew", wintypes.DWORD))


class MONITORINFO(ctypes.Structure):
    """MONITORINFO."""

    _fields_ = (
        ("cbSize", wintypes.DWORD),
        ("rcMonitor", wintypes.RECT),
        ("rcWork", wintypes.RECT),
        ("dwFlags", wintypes.DWORD),
    )


class LASTINPUTINFO(ctypes.Structure):
    """LASTINPUTINFO."""

    _fields_ = (("cbSize", wintypes.UINT), ("dwTime", wintypes.DWORD))


class KBDLLHOOKSTRUCT(ctypes.Structure):
    """KBDLLHOOKSTRUCT."""

    _fields_ = (
        ("vkCode", wintypes.DWORD),
        ("scanCode", wintypes.DWORD),
        ("flags", wintypes.DWORD),
        ("time", wintypes.DWORD),
        ("dwExtraInfo", ctypes.c_size_t),
    )


class MOUSEINPUT(ctypes.Structure):
    """MOUSEINPUT."""

    _fields_ = (
        ("dx", wintypes.LONG),
        ("dy", wintypes.LONG),
        ("mouseData", wintypes.DWORD),
        ("dwFlags", wintypes.DWORD),
        ("time", wintypes.DWORD),
        ("dwExtraInfo", ctypes.c_size_t),
    )


class MOUSE(ctypes.Structure):
    """INPUT with its longest arm, the mouse's; ``type`` 0 is INPUT_MOUSE."""

    _fields_ = (("type", wintypes.DWORD), ("mi", MOUSEINPUT))


_user: Final = ctypes.WinDLL("user32", use_last_error=True)
_gdi: Final = ctypes.WinDLL("gdi32", use_last_error=True)
_kernel: Final = ctypes.WinDLL("kernel32", use_last_error=True)
_dwm: Final = ctypes.WinDLL("dwmapi")

_H, _I, _U, _D, _B = wintypes.HWND, ctypes.c_int, wintypes.UINT, wintypes.DWORD, wintypes.BOOL
_W, _L, _P, _S = wintypes.WPARAM, wintypes.LPARAM, ctypes.c_void_p, wintypes.LPCWSTR
_RECT: Final = ctypes.POINTER(wintypes.RECT)

for _library, _name, _result, _arguments in (
    (_kernel, "GetModuleHandleW", wintypes.HMODULE, (_S,)),
    (_kernel, "CreateEventW", wintypes.HANDLE, (_P, _B, _B, _S)),
    (_kernel, "CreateMutexW", wintypes.HANDLE, (_P, _B, _S)),
    (_kernel, "SetEvent", _B, (wintypes.HANDLE,)),
    (_kernel, "CloseHandle", _B, (wintypes.HANDLE,)),
    (_kernel, "GetTickCount", _D, ()),
    (_user, "RegisterClassW", wintypes.ATOM, (ctypes.POINTER(WNDCLASSW),)),
    (_user, "UnregisterClassW", _B, (_S, wintypes.HINSTANCE)),
    (
        _user,
        "CreateWindowExW",
        _H,
        (_D, _S, _S, _D, _I, _I, _I, _I, _H, wintypes.HMENU, wintypes.HINSTANCE, _P),
    ),
    (_user, "DestroyWindow", _B, (_H,)),
    (_user, "DefWindowProcW", LRESULT, (_H, _U, _W, _L)),
    (_user, "ShowWindow", _B, (_H, _I)),
    (_user, "SetWindowPos", _B, (_H, _H, _I, _I, _I, _I, _U)),
    (_user, "GetTopWindow", _H, (_H,)),
    (_user, "GetWindow", _H, (_H, _U)),
    (_user, "GetAncestor", _H, (_H, _U)),
    (_user, "IsWindow", _B, (_H,)),
    (_user, "IsWindowVisible", _B, (_H,)),
    (_user, "IsIconic", _B, (_H,)),
    (_user, "GetWindowRect", _B, (_H, _RECT)),
    (_user, "GetClientRect", _B, (_H, _RECT)),
    (_user, "GetWindowLongW", wintypes.LONG, (_H, _I)),
    (_user, "SetWindowLongW", wintypes.LONG, (_H, _I, wintypes.LONG)),
    (_user, "GetForegroundWindow", _H, ()),
    (_user, "SetForegroundWindow", _B, (_H,)),
    (_user, "SendInput", _U, (_U, ctypes.POINTER(MOUSE), _I)),
    (_user, "BeginPaint", wintypes.HDC, (_H, ctypes.POINTER(PAINTSTRUCT))),
    (_user, "EndPaint", _B, (_H, ctypes.POINTER(PAINTSTRUCT))),
    (_user, "InvalidateRect", _B, (_H, _RECT, _B)),
    (_user, "UpdateWindow", _B, (_H,)),
    (_user, "FillRect", _I, (wintypes.HDC, _RECT, wintypes.HBRUSH)),
    (_user, "LoadCursorW", wintypes.HANDLE, (wintypes.HINSTANCE, _P)),
    (_user, "EnumDisplayMonitors", _B, (wintypes.HDC, _RECT, MONITORENUMPROC, _L)),
    (_user, "GetMonitorInfoW", _B, (wintypes.HMONITOR, ctypes.POINTER(MONITORINFO))),
    (_user, "SetThreadDpiAwarenessContext", _P, (_P,)),
    (_user, "RegisterHotKey", _B, (_H, _I, _U, _U)),
    (_user, "UnregisterHotKey", _B, (_H, _I)),
    (_user, "SetWindowsHookExW", wintypes.HHOOK, (_I, HOOKPROC, wintypes.HINSTANCE, _D)),
    (_user, "UnhookWindowsHookEx", _B, (wintypes.HHOOK,)),
    (_user, "CallNextHookEx", LRESULT, (wintypes.HHOOK, _I, _W, _L)),
    (_user, "GetAsyncKeyState", ctypes.c_short, (_I,)),
    (
        _user,
        "SetWinEventHook",
        wintypes.HANDLE,
        (_D, _D, wintypes.HMODULE, WINEVENTPROC, _D, _D, _D),
    ),
    (_user, "UnhookWinEvent", _B, (wintypes.HANDLE,)),
    (_user, "GetLastInputInfo", _B, (ctypes.POINTER(LASTINPUTINFO),)),
    (_user, "OpenClipboard", _B, (_H,)),
    (_user, "EmptyClipboard", _B, ()),
    (_user, "CloseClipboard", _B, ()),
    (_user, "CountClipboardFormats", _I, ()),
    (_user, "AddClipboardFormatListener", _B, (_H,)),
    (_user, "RemoveClipboardFormatListener", _B, (_H,)),
    (_user, "PeekMessageW", _B, (ctypes.POINTER(wintypes.MSG), _H, _U, _U, _U)),
    (_user, "TranslateMessage", _B, (ctypes.POINTER(wintypes.MSG),)),
    (_user, "DispatchMessageW", LRESULT, (ctypes.POINTER(wintypes.MSG),)),
    (
        _user,
        "MsgWaitForMultipleObjectsEx",
        _D,
        (_D, ctypes.POINTER(wintypes.HANDLE), _D, _D, _D),
    ),
    (_gdi, "CreateSolidBrush", wintypes.HBRUSH, (wintypes.COLORREF,)),
    (_gdi, "ExtCreatePen", wintypes.HPEN, (_D, _D, _P, _D, _P)),
    (_gdi, "SelectObject", wintypes.HGDIOBJ, (wintypes.HDC, wintypes.HGDIOBJ)),
    (_gdi, "DeleteObject", _B, (wintypes.HGDIOBJ,)),
    (_gdi, "GetStockObject", wintypes.HGDIOBJ, (_I,)),
    (_gdi, "Arc", _B, (wintypes.HDC, *(_I,) * 8)),
    (_gdi, "Ellipse", _B, (wintypes.HDC, *(_I,) * 4)),
    (_dwm, "DwmFlush", ctypes.c_long, ()),
    (_dwm, "DwmGetWindowAttribute", ctypes.c_long, (_H, _D, _P, _D)),
):
    _call = getattr(_library, _name)
    _call.restype, _call.argtypes = _result, _arguments

user: Final = _user
gdi: Final = _gdi
kernel: Final = _kernel
dwm: Final = _dwm
