"""Real input: keys and clicks through XTEST, into whatever has the keyboard, as a person's would go."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Protocol, Self

if sys.platform == "win32":
    raise ImportError("this is Linux's part")

from Xlib import XK, X, display, error
from Xlib.ext import xtest

from guard.errors import MachineError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

_UNICODE = 0x01000000
"""X11 keysyms of characters outside Latin 1 are this plus the code point (X protocol, appendix A)."""
_FIRST_KEYCODE, _LAST_KEYCODE = 8, 255


class Hands(Protocol):
    """Keyboard and mouse of the counter."""

    def press(self, key: str, *, ctrl: bool = False) -> None:
        """Press and release one key by its X name, such as ``Return``."""
        ...

    def chord(self, *keys: str) -> None:
        """Press these keys by their X names one after the other, and release them backwards."""
        ...

    def write(self, text: str) -> None:
        """Type digits, Latin letters, blanks and katakana."""
        ...

    def click(self, x: int, y: int) -> None:
        """Click this far from the upper left corner of the window that has the keyboard."""
        ...


class XTestHands:
    """Hands on a display; while they are open, keycodes that no key uses type what the keyboard lacks."""

    def __init__(self, name: str, *, beyond_keyboard: str) -> None:
        """Connect to this display and make it type these signs too, such as katakana; raises MachineError."""
        try:
            self._display = display.Display(name)
        except (error.DisplayError, OSError) as reason:
            raise MachineError(f"display {name} cannot be opened, so nobody can type there") from reason
        if not self._display.has_extension("XTEST"):
            self._display.close()
            raise MachineError(f"display {name} lacks the XTEST extension, so nobody can type there")
        self._borrowed: dict[str, int] = {}
        self._borrow(dict.fromkeys(beyond_keyboard))

    def press(self, key: str, *, ctrl: bool = False) -> None:
        """See `Hands.press`."""
        self._strike(XK.string_to_keysym(key), hold=XK.XK_Control_L if ctrl else None)

    def chord(self, *keys: str) -> None:
        """See `Hands.chord`."""
        codes = [self._display.keysym_to_keycode(XK.string_to_keysym(key)) for key in keys]
        for code in codes:
            xtest.fake_input(self._display, X.KeyPress, code)
        for code in reversed(codes):
            xtest.fake_input(self._display, X.KeyRelease, code)
        self._display.sync()

    def write(self, text: str) -> None:
        """See `Hands.write`; raises MachineError for a character that no key types."""
        for sign in text:
            if sign in self._borrowed:
                self._key(self._borrowed[sign])
            else:
                self._strike(ord(sign))

    def click(self, x: int, y: int) -> None:
        """See `Hands.click`."""
        root = self._display.screen().root
        focus = self._display.get_input_focus().focus
        corner = root if isinstance(focus, int) else focus
        place = root.translate_coords(corner, x, y)
        xtest.fake_input(self._display, X.MotionNotify, x=place.x, y=place.y)
        xtest.fake_input(self._display, X.ButtonPress, 1)
        xtest.fake_input(self._display, X.ButtonRelease, 1)
        self._display.sync()

    def close(self) -> None:
        """Give the borrowed keys back and disconnect."""
        for keycode in self._borrowed.values():
            self._display.change_keyboard_mapping(keycode, [[X.NoSymbol]])
        self._display.sync()
        self._display.close()

    def _borrow(self, signs: Iterable[str]) -> None:
        count = _LAST_KEYCODE - _FIRST_KEYCODE + 1
        used = self._display.get_keyboard_mapping(_FIRST_KEYCODE, count)
        free = [_FIRST_KEYCODE + n for n, keysyms in enumerate(used) if not any(keysyms)]
        lacking = [sign for sign in signs if not self._display.keysym_to_keycode(ord(sign))]
        for sign, keycode in zip(lacking, free, strict=False):
            self._display.change_keyboard_mapping(keycode, [[_UNICODE + ord(sign)] * 2])
            self._borrowed[sign] = keycode
        self._display.sync()

    def _strike(self, keysym: int, hold: int | None = None) -> None:
        choices = sorted(self._display.keysym_to_keycodes(keysym), key=lambda choice: choice[1])
        if not choices or choices[0][1] > 1:
            raise MachineError("the keyboard of this display has no key for a character of the practice")
        keycode, level = choices[0]
        held = [hold] if hold is not None else []
        if level == 1:
            held.append(XK.XK_Shift_L)
        codes = [self._display.keysym_to_keycode(keysym) for keysym in held]
        for code in codes:
            xtest.fake_input(self._display, X.KeyPress, code)
        self._key(keycode)
        for code in reversed(codes):
            xtest.fake_input(self._display, X.KeyRelease, code)
        self._display.sync()

    def _key(self, keycode: int) -> None:
        xtest.fake_input(self._display, X.KeyPress, keycode)
        xtest.fake_input(self._display, X.KeyRelease, keycode)
        self._display.sync()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
