"""Which keys of a citizen reach an installed browser, as Windows numbers them. Pure.

What `guard.browser.managed.frame` lets through on X11: what one writes, moves and edits with. Whatever opens
something of the browser's, or of Windows', goes nowhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from guard.screens.hotkey import Modifier

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

PRINT: Final = ord("P")
_MODIFIERS: Final = frozenset({0x10, 0x11, 0x12, 0x14, 0x90, *range(0xA0, 0xA6)})
"""Shift, Ctrl, Alt, Caps Lock, Num Lock, and left and right of each: they open nothing alone."""
_EDITING: Final = frozenset({*map(ord, "ACVXYZ0"), 0x60, 0x6B, 0x6D, 0xBA, 0xBB, 0xBD})
"""Select, copy, paste, cut, undo, and the page's zoom (0, plus and minus, on the number pad, too)."""
_MOVING: Final = frozenset({0x08, 0x0D, *range(0x21, 0x29), 0x2D, 0x2E})
"""Back space, return, page up to arrow down, insert and delete."""
_NEVER: Final = frozenset(
    {
        *(0x2A, 0x2B, 0x2C, 0x2F, 0x5B, 0x5C, 0x5D, 0x5F),
        *(0x70, 0x72, 0x75, 0x76, 0x79, 0x7A, 0x7B),
    }
)
"""Print, execute, print screen, help, both Windows keys, menu, sleep; F1, F3, F6, F7, F10, F11, F12."""
_ESCAPE: Final = 0x1B
"""With Shift it opens the browser's task manager."""
_OF_THE_BROWSER: Final = range(0xA6, 0xB8)
"""VK_BROWSER_BACK to VK_LAUNCH_APP2."""


def reaches_the_page(code: int, held: AbstractSet[Modifier]) -> bool:
    """Tell whether a key that goes down with these modifiers held is for the page."""
    if code in _MODIFIERS:
        return True
    if code in _NEVER or code in _OF_THE_BROWSER or held & {Modifier.ALT, Modifier.SUPER}:
        return False
    if code == _ESCAPE and held:
        return False
    if Modifier.CTRL in held:
        return Modifier.SHIFT not in held and code in _EDITING | _MOVING
    return True
