"""The keyboard, taken for the staff's pad: a low-level hook, before any window gets to hear of a key.

Windows takes a hook silently away whose answer comes too late (LowLevelKeyboardProc: 1 s at most), and the
last one that was set is asked first. So it is set anew every `RENEW` s while the pad is open: one that was
taken away is back, and one that another program has set meanwhile hears nothing of a PIN.
"""

from __future__ import annotations

import ctypes
import logging
import sys
from typing import TYPE_CHECKING, Final

if sys.platform != "win32":
    raise ImportError("this is Windows' part")

from guard.screens.virtual_keys import KeyFilter, Stroke
from guard.screens.win32_api import HOOKPROC, KBDLLHOOKSTRUCT, kernel, user

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.screens.hotkey import HotkeyText
    from guard.screens.port import Key

RENEW: Final = 0.5
"""s for which one hook is kept."""
_KEYBOARD_LL: Final = 13
_KEY_DOWN: Final = frozenset({0x100, 0x104})
"""WM_KEYDOWN and WM_SYSKEYDOWN."""
_EXTENDED, _LOWER_INJECTED = 0x01, 0x02
_log = logging.getLogger(__name__)


class PadKeys:
    """Takes the keyboard and gives it back; all calls come from one thread, which must pump its messages."""

    def __init__(self, asked: HotkeyText, pressed: Callable[[Key], None]) -> None:
        self._filter = KeyFilter(asked)
        self._pressed = pressed
        self._hook: int | None = None
        self._callback = HOOKPROC(self._heard)

    @property
    def held(self) -> bool:
        """True while the keyboard is ours."""
        return self._hook is not None

    def take(self) -> None:
        """Take the keyboard, or take it anew."""
        before = self._hook
        self._hook = user.SetWindowsHookExW(_KEYBOARD_LL, self._callback, kernel.GetModuleHandleW(None), 0)
        if before is not None:
            user.UnhookWindowsHookEx(before)  # may be gone already
        if self._hook is None:
            _log.warning(
                "Windows does not lend the keyboard to the staff's pad (%d)", ctypes.get_last_error()
            )

    def give_back(self) -> None:
        """Give the keyboard back."""
        before, self._hook = self._hook, None
        if before is not None:
            user.UnhookWindowsHookEx(before)

    def _heard(self, code: int, message: int, data: int) -> int:
        if code < 0:
            return int(user.CallNextHookEx(None, code, message, data))
        told = KBDLLHOOKSTRUCT.from_address(data)
        stroke = Stroke(
            told.vkCode,
            message in _KEY_DOWN,
            extended=bool(told.flags & _EXTENDED),
            low=bool(told.flags & _LOWER_INJECTED),
        )
        verdict = self._filter.judge(stroke, _held)
        if verdict.key is not None:
            self._pressed(verdict.key)
        return 1 if verdict.swallowed else int(user.CallNextHookEx(None, code, message, data))


def _held(code: int) -> bool:
    return bool(user.GetAsyncKeyState(code) & 0x8000)
