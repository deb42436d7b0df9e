"""Takes from the keyboard and the mouse what must not reach an installed browser, while it is in front.

Low-level hooks, in a thread that does nothing else: Windows asks it before any program hears of a key, waits
for its answer, and silently takes a hook away that is late (LowLevelKeyboardProc: 1 s at most). So the hooks
are set anew every `_RENEW` s, and nothing here waits for another program.
"""

from __future__ import annotations

import ctypes
import sys
import threading
from ctypes import wintypes
from typing import TYPE_CHECKING, Final

if sys.platform != "win32":
    raise ImportError("this is Windows' part")

from guard.browser.managed import win32_frame_api as api
from guard.browser.managed.page_keys import PRINT, reaches_the_page
from guard.errors import MachineError
from guard.screens.hotkey import Modifier
from guard.screens.virtual_keys import modifiers_down
from guard.screens.win32_api import HOOKPROC, KBDLLHOOKSTRUCT, kernel, user

if TYPE_CHECKING:
    from collections.abc import Callable

_RENEW: Final = 0.5
_KEYBOARD_LL, _MOUSE_LL = 13, 14
_KEY_DOWN: Final = frozenset({0x100, 0x104})
"""WM_KEYDOWN and WM_SYSKEYDOWN."""
_OTHER_BUTTONS: Final = frozenset({*range(0x204, 0x20A), 0x20B, 0x20C, 0x20D})
"""WM_RBUTTONDOWN to WM_MBUTTONDBLCLK, and those of the two buttons for back and forward."""
_TAKEN: Final = 1


class HeldKeys:
    """Until the process ends; ``in_front`` is asked on a thread of its own, and must answer at once."""

    def __init__(self, *, in_front: Callable[[], bool], print_pressed: Callable[[], None]) -> None:
        """From that thread ``print_pressed`` is called when somebody presses Ctrl+P."""
        self._in_front = in_front
        self._print_pressed = print_pressed
        self._taken: set[int] = set()
        self._hooks: dict[int, int] = {}
        self._callbacks = {_KEYBOARD_LL: HOOKPROC(self._key_moved), _MOUSE_LL: HOOKPROC(self._mouse_used)}
        self._begun = threading.Event()

    def start(self) -> None:
        """Begin; raises MachineError when Windows does not lend keyboard and mouse."""
        threading.Thread(target=self._run, name="held keys", daemon=True).start()
        self._begun.wait()
        if len(self._hooks) != len(self._callbacks):
            raise MachineError("Windows does not lend the keyboard and the mouse to the portal's window")

    def _run(self) -> None:
        message = wintypes.MSG()
        self._renew()
        api.user.SetTimer(None, 0, int(_RENEW * 1000), None)
        self._begun.set()
        while api.user.GetMessageW(ctypes.byref(message), None, 0, 0) > 0:
            self._renew()  # the timer's is the only message that this thread gets

    def _renew(self) -> None:
        module = kernel.GetModuleHandleW(None)
        for kind, callback in self._callbacks.items():
            hook = user.SetWindowsHookExW(kind, callback, module, 0)
            if not hook:
                continue  # the one before may work still
            before = self._hooks.get(kind)
            self._hooks[kind] = hook
            if before is not None:
                user.UnhookWindowsHookEx(before)  # may be gone already

    def _key_moved(self, code: int, message: int, data: int) -> int:
        if code >= 0 and self._takes(KBDLLHOOKSTRUCT.from_address(data).vkCode, down=message in _KEY_DOWN):
            return _TAKEN
        return int(user.CallNextHookEx(None, code, message, data))

    def _takes(self, key: int, *, down: bool) -> bool:
        """Tell whether nobody else hears of it; a key goes up for those who saw it go down."""
        if not down:
            known = key in self._taken
            self._taken.discard(key)
            return known
        if not self._in_front():
            return False
        held = modifiers_down(lambda one: bool(user.GetAsyncKeyState(one) & 0x8000))
        if reaches_the_page(key, held):
            return False
        if key == PRINT and held == {Modifier.CTRL} and key not in self._taken:
            self._print_pressed()
        self._taken.add(key)
        return True

    def _mouse_used(self, code: int, message: int, data: int) -> int:
        if code >= 0 and message in _OTHER_BUTTONS and self._in_front():
            return _TAKEN
        return int(user.CallNextHookEx(None, code, message, data))
