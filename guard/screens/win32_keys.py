"""The staff's hotkey on Windows: RegisterHotKey, which is heard whatever window has the keyboard."""

from __future__ import annotations

import sys
from typing import Final

if sys.platform != "win32":
    raise ImportError("this is Windows' part")

from guard.screens.hotkey import HotkeyText, Modifier
from guard.screens.virtual_keys import hotkey_code
from guard.screens.win32_api import user

_MODIFIERS: Final = {Modifier.ALT: 0x1, Modifier.CTRL: 0x2, Modifier.SHIFT: 0x4, Modifier.SUPER: 0x8}
_NO_REPEAT: Final = 0x4000
"""MOD_NOREPEAT: a key that is held is one press."""
_NUMBER: Final = 1
"""Ours; a hotkey's number belongs to its window."""


def register(window: int, text: str) -> str | None:
    """Have WM_HOTKEY come to this window of the calling thread; or say in one sentence why it cannot."""
    asked = HotkeyText.parse(text)
    modifiers = sum(_MODIFIERS[modifier] for modifier in asked.modifiers) | _NO_REPEAT
    if user.RegisterHotKey(window, _NUMBER, modifiers, hotkey_code(asked)):
        return None
    return (
        f"another program has taken the combination {text}: choose another [staff] hotkey "
        "(the staff buttons on the screen still work)"
    )


def unregister(window: int) -> None:
    """Hear it no more."""
    user.UnregisterHotKey(window, _NUMBER)


def probe(text: str) -> str | None:
    """Ask `register` without a window, for ``guard doctor``: a guard that runs has taken it, too."""
    problem = register(0, text)
    if problem is None:
        unregister(0)
    return problem
