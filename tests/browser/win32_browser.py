"""A stand-in for an installed browser: makes windows as it is told, one command a line, one answer each.

``python -m tests.browser.win32_browser``.
"""

from __future__ import annotations

import ctypes
import json
import sys
import threading
from ctypes import wintypes
from typing import TYPE_CHECKING

assert sys.platform == "win32"

from guard.screens.win32_api import WNDCLASSW, WNDPROC, kernel, user
from guard.screens.win32_bare import see_every_pixel

if TYPE_CHECKING:
    from collections.abc import Callable


def answer(what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def obey(program: object, run: Callable[[Callable[[], None]], None]) -> None:
    """Run each command of stdin as ``run`` says."""
    for line in sys.stdin:
        name, *words = line.split()
        run(lambda name=name, words=words: answered(program, name, words))  # type: ignore[misc]


def answered(program: object, name: str, words: list[str]) -> None:
    try:
        answer(getattr(program, name)(*words))
    except Exception as error:  # noqa: BLE001 -- the test is to hear of it
        answer(repr(error))


class Browser:
    """Its windows, and the keys and buttons that reach them."""

    def __init__(self) -> None:
        self._used: list[tuple[int, str, int]] = []
        self._procedure = WNDPROC(self._called)
        self._module = kernel.GetModuleHandleW(None)
        user.RegisterClassW(
            ctypes.byref(
                WNDCLASSW(
                    lpfnWndProc=self._procedure, hInstance=self._module, lpszClassName="Chrome_WidgetWin_1"
                )
            )
        )

    def _called(self, window: int, message: int, wide: int, long: int) -> int:
        if message in {0x100, 0x104}:
            self._used.append((window, "key", wide))
        elif message in {0x201, 0x204, 0x207, 0x20B}:  # left, right, middle and other buttons go down
            self._used.append((window, "button", message))
        return int(user.DefWindowProcW(window, message, wide, long))

    def make(  # noqa: PLR0917 -- a command's words
        self, style: str, x: str, y: str, width: str, height: str, owner: str
    ) -> int:
        """Make a window, not to be seen yet."""
        return int(
            user.CreateWindowExW(
                0,
                "Chrome_WidgetWin_1",
                "page",
                int(style, 16),
                *(int(x), int(y), int(width), int(height)),
                int(owner) or None,
                None,
                self._module,
                None,
            )
        )

    def show(self, window: str) -> bool:
        return bool(user.ShowWindow(int(window), 5))

    def move(self, window: str, x: str, y: str, width: str, height: str) -> bool:
        return bool(user.SetWindowPos(int(window), None, int(x), int(y), int(width), int(height), 0x34))

    def style(self, window: str, style: str) -> int:
        return int(user.SetWindowLongW(int(window), -16, ctypes.c_long(int(style, 16)).value))

    def close(self, window: str) -> bool:
        return bool(user.DestroyWindow(int(window)))

    def used(self) -> list[tuple[int, str, int]]:
        used, self._used[:] = list(self._used), []
        return used

    def hang(self) -> None:
        answer("hangs")
        threading.Event().wait()


def main() -> None:
    see_every_pixel()
    waiting: list[Callable[[], None]] = []
    threading.Thread(target=obey, args=(Browser(), waiting.append), daemon=True).start()
    message = wintypes.MSG()
    while True:
        while user.PeekMessageW(ctypes.byref(message), None, 0, 0, 1):
            user.TranslateMessage(ctypes.byref(message))
            user.DispatchMessageW(ctypes.byref(message))
        user.MsgWaitForMultipleObjectsEx(0, None, 10, 0x04FF, 4)
        while waiting:
            waiting.pop(0)()


if __name__ == "__main__":
    main()
