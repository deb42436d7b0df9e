"""The keyboard, taken for the staff's pad: an active grab, so that a PIN's digits reach no other window.

Giving our window the focus would not be enough: a spare that starts, or a page, may take the focus away
between two digits. A grab can be taken away by nobody; it ends only with its window, or when we say so.
"""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Final

if sys.platform == "win32":
    raise ImportError("this is Linux's part")

from Xlib import XK, X
from Xlib import error as xerror
from Xlib.keysymdef import miscellany

from guard.screens.port import Key

if TYPE_CHECKING:
    from collections.abc import Callable

    from Xlib.display import Display
    from Xlib.protocol.rq import Event as XEvent
    from Xlib.xobject.drawable import Window

RETRY: Final = 0.1
"""s between two tries while somebody else (a page's open menu) has the keyboard grabbed."""

_DIGITS = [str(number) for number in range(10)]
_KEYS = (
    {XK.string_to_keysym(digit): Key(digit) for digit in _DIGITS}
    | {miscellany.XK_KP_0 + number: Key(digit) for number, digit in enumerate(_DIGITS)}
    | {
        XK.XK_BackSpace: Key.ERASE,
        XK.XK_Delete: Key.ERASE,
        XK.XK_Return: Key.ENTER,
        miscellany.XK_KP_Enter: Key.ENTER,
        XK.XK_Escape: Key.BACK,
    }
)
_LEVELS = (0, 1)
"""A key that bears a digit means it: with or without Num Lock, and where digits need Shift (French)."""
_COMMANDS = X.ControlMask | X.Mod1Mask | X.Mod4Mask
"""With one of these a key is part of a combination (the hotkey), and no digit."""


class PadKeys:
    """Takes the keyboard and gives it back; all calls come from the thread that owns the connection."""

    def __init__(self, client: Display, pressed: Callable[[Key], None]) -> None:
        self._client = client
        self._pressed = pressed
        self._wanted = False
        self._window: int | None = None
        """The window the grab is on, while we hold one."""
        self._released = (0, 0)
        """The last key that went up, and when (server's ms): one that goes down at once again is held."""

    def take(self, *, on: bool) -> None:
        """Want the keyboard from now on (then `hold` gets it), or give it back."""
        self._wanted = on
        if not on and self._window is not None:
            self._window = None
            self._client.ungrab_keyboard(X.CurrentTime)
            self._client.flush()

    def settled(self, window: Window) -> bool:
        """Tell whether there is nothing to try again for."""
        return not self._wanted or self._window == window.id

    def hold(self, window: Window) -> None:
        """Get the keyboard by this window if it is wanted and not ours yet."""
        if self.settled(window):
            return
        self._window = None
        with contextlib.suppress(xerror.BadWindow):  # destroyed just now; the next try is by its successor
            status = window.grab_keyboard(
                owner_events=False,
                pointer_mode=X.GrabModeAsync,
                keyboard_mode=X.GrabModeAsync,
                time=X.CurrentTime,
            )
            if status == X.GrabSuccess:
                self._window = window.id

    def lost(self, window: int) -> None:
        """This window was unmapped or destroyed: the server has ended a grab on it."""
        if self._window == window:
            self._window = None

    def notice(self, event: XEvent) -> bool:
        """Look at an event of the connection; tell whether it was for the pad alone."""
        if event.type not in {X.KeyPress, X.KeyRelease}:
            return False
        repeated = event.type == X.KeyPress and self._released == (event.detail, event.time)
        if event.type == X.KeyRelease:
            self._released = (event.detail, event.time)
        # an event that another client sent by itself carries no key that anybody pressed
        ours = event.window.id == self._window and not event.send_event
        if event.type == X.KeyPress and ours and not repeated:
            key = None if event.state & _COMMANDS else self._key(event.detail)
            if key is not None:
                self._pressed(key)
        return True

    def _key(self, code: int) -> Key | None:
        named = (_KEYS.get(self._client.keycode_to_keysym(code, level)) for level in _LEVELS)
        return next((key for key in named if key is not None), None)
