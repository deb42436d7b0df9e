"""Another program on Windows' desktop: makes windows as it is told, one command a line.

``python -m tests.screens.win32_other``; each command is answered by one line.
"""

from __future__ import annotations

import ctypes
import queue
import sys
import threading
from ctypes import wintypes

assert sys.platform == "win32"

from guard.screens.win32_api import WNDCLASSW, WNDPROC, gdi, kernel, user
from guard.screens.win32_bare import see_every_pixel

_KEYS: list[int] = []


def _procedure(window: int, message: int, wide: int, long: int) -> int:
    if message in {0x100, 0x101, 0x104}:  # WM_KEYDOWN, WM_KEYUP, WM_SYSKEYDOWN
        _KEYS.append(wide)
    return int(user.DefWindowProcW(window, message, wide, long))


_PROCEDURE = WNDPROC(_procedure)


class Program:
    """Obeys the commands on the thread that owns the windows."""

    def __init__(self) -> None:
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._kinds = 0

    def run(self) -> None:
        see_every_pixel()
        threading.Thread(target=self._read, daemon=True).start()
        message = wintypes.MSG()
        while True:
            while user.PeekMessageW(ctypes.byref(message), None, 0, 0, 1):
                user.TranslateMessage(ctypes.byref(message))
                user.DispatchMessageW(ctypes.byref(message))
            user.MsgWaitForMultipleObjectsEx(0, None, 10, 0x04FF, 4)
            while not self._lines.empty():
                name, *words = self._lines.get().split()
                sys.stdout.write(f"{getattr(self, name)(*words)}\n")
                sys.stdout.flush()

    def _read(self) -> None:
        for line in sys.stdin:
            self._lines.put(line)

    def window(self, colour: str, style: str = "0", width: str = "0") -> int:
        self._kinds += 1
        name = f"other{self._kinds}"
        kind = WNDCLASSW(
            lpfnWndProc=_PROCEDURE,
            hInstance=kernel.GetModuleHandleW(None),
            hbrBackground=gdi.CreateSolidBrush(int(colour, 16)),
            lpszClassName=name,
        )
        user.RegisterClassW(ctypes.byref(kind))
        size = int(width) or 4000
        window = user.CreateWindowExW(
            int(style, 16), name, "other", 0x80000000, 0, 0, size, size, None, None, kind.hInstance, None
        )
        user.ShowWindow(window, 5)
        user.UpdateWindow(window)
        return int(window)

    def top(self, window: str) -> int:
        return int(user.SetWindowPos(int(window), -1, 0, 0, 0, 0, 0x13))

    def move(self, window: str, x: str) -> int:
        return int(user.SetWindowPos(int(window), None, int(x), 0, 0, 0, 0x15))

    def see_through(self, window: str) -> int:
        style = user.GetWindowLongW(int(window), -20)
        user.SetWindowLongW(int(window), -20, style | 0x80000)  # WS_EX_LAYERED, whose opacity anybody may set
        return int(user.GetWindowLongW(int(window), -20))

    def hide(self, window: str) -> int:
        return int(user.ShowWindow(int(window), 0))

    def close(self, window: str) -> int:
        user.SendMessageW.argtypes = (wintypes.HWND, wintypes.UINT, wintypes.WPARAM, wintypes.LPARAM)
        return int(user.SendMessageW(int(window), 0x10, 0, 0))

    def front(self, window: str) -> int:
        return int(user.SetForegroundWindow(int(window)))

    def keys(self) -> str:
        heard, _KEYS[:] = list(_KEYS), []
        return ",".join(map(str, heard))

    def copy(self, letter: str) -> int:
        kernel.GlobalAlloc.restype = ctypes.c_void_p
        kernel.GlobalLock.restype = ctypes.c_void_p
        user.SetClipboardData.argtypes = (wintypes.UINT, ctypes.c_void_p)
        user.OpenClipboard(None)
        user.EmptyClipboard()
        memory = kernel.GlobalAlloc(0x42, 16)
        ctypes.memmove(kernel.GlobalLock(ctypes.c_void_p(memory)), f"{letter}\0".encode("utf-16-le"), 4)
        kernel.GlobalUnlock(ctypes.c_void_p(memory))
        user.SetClipboardData(13, memory)
        return int(user.CloseClipboard())

    def hold_clipboard(self, window: str) -> int:
        return int(user.OpenClipboard(int(window)))

    def let_go_of_clipboard(self) -> int:
        return int(user.CloseClipboard())

    def hang(self) -> int:
        sys.stdout.write("hangs\n")
        sys.stdout.flush()
        threading.Event().wait()
        return 0


if __name__ == "__main__":
    Program().run()
