"""The staff's hotkey on X11: one combination, heard whatever window has the keyboard.

Nothing is grabbed for it: a passive grab (XGrabKey) is silent while a page's open menu holds the keyboard,
and that is when a hung page most needs covering. Of all keys that pass by, only those are remembered that
are down now and are modifiers or the combination's own.
"""

from __future__ import annotations

import logging
import sys
from contextlib import closing
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Self

if sys.platform == "win32":
    raise ImportError("this is Linux's part")

from Xlib import XK, X
from Xlib import error as xerror
from Xlib.display import Display

from guard.screens.hotkey import HotkeyText, Modifier
from guard.screens.x11_clipboard import somebody_listens
from guard.screens.x11_raw_keys import can_listen, listen, raw_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from Xlib.protocol.rq import Event as XEvent

_log = logging.getLogger(__name__)
_MODIFIERS = {
    Modifier.CTRL: X.ControlMask,
    Modifier.ALT: X.Mod1Mask,
    Modifier.SHIFT: X.ShiftMask,
    Modifier.SUPER: X.Mod4Mask,
}
_ALL = reduce(or_, _MODIFIERS.values())
"""The four that must be held or not as the combination says; locks and others do not matter."""


@dataclass(frozen=True, slots=True)
class Combination:
    """What ``[staff] hotkey`` asks for."""

    modifiers: int
    """The X modifier bits that must be down, and no other of the four."""
    keysyms: frozenset[int]
    """Any of these names the key."""
    key: str
    """How people call the key."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a text that `guard.settings.schema.STAFF_HOTKEY` allows."""
        asked = HotkeyText.parse(text)
        names = {asked.key, asked.key.upper()}
        return cls(
            modifiers=reduce(or_, (_MODIFIERS[modifier] for modifier in asked.modifiers)),
            keysyms=frozenset(XK.string_to_keysym(name) for name in names) - {X.NoSymbol},
            key=asked.key,
        )

    def codes(self, client: Display) -> frozenset[int]:
        """Return the codes of the keys that bear this key's name, on any level."""
        return frozenset(code for keysym in self.keysyms for code, _ in client.keysym_to_keycodes(keysym))


class Hotkey:
    """Hears one combination on one connection; all calls come from the thread that owns the connection."""

    def __init__(self, client: Display, text: str, pressed: Callable[[], None]) -> None:
        self._client = client
        self._combination = Combination.parse(text)
        self._pressed = pressed
        self._codes: frozenset[int] = frozenset()
        self._modifiers: dict[int, int] = {}
        """The keys that are modifiers, and which."""
        self._down: set[int] = set()
        """Those of them that are down."""
        self._held: set[tuple[int, int]] = set()
        """Keyboards on which the combination's key is down, and its code: a repeat is no new press."""

    def start(self) -> str | None:
        """Begin to hear; or say in one sentence why it cannot be heard (a missing key may still come)."""
        if can_listen(self._client):
            listen(self._client)
        self._read_keyboard()
        self._see_what_is_down()
        return hotkey_problem(self._client, self._combination)

    def notice(self, event: XEvent) -> bool:
        """Look at an event of the connection; tell whether it was for the hotkey alone."""
        if event.type == X.MappingNotify:
            self._client.refresh_keyboard_mapping(event)
            heard = bool(self._codes)
            self._read_keyboard()
            if heard and not self._codes:
                _log.warning("%s", hotkey_problem(self._client, self._combination))
            return True
        key = raw_key(self._client, event)
        if key is None:
            return False
        if key.code in self._modifiers:
            (self._down.add if key.down else self._down.discard)(key.code)
        if key.code in self._codes:
            here = (key.device, key.code)
            if key.down and here not in self._held and self._modifiers_match():
                self._pressed()
            (self._held.add if key.down else self._held.discard)(here)
        return True

    def _modifiers_match(self) -> bool:
        """Tell whether exactly the modifiers are down: by our own count, which no delay can falsify."""
        counted = reduce(or_, (self._modifiers[code] for code in self._down), 0)
        if counted == self._combination.modifiers:
            return True
        self._see_what_is_down()  # a release that got lost must not make the hotkey deaf for ever
        return False

    def _read_keyboard(self) -> None:
        self._codes = self._combination.codes(self._client)
        self._modifiers = {
            code: 1 << row  # the rows are in the order of the bits: Shift, Lock, Control, Mod1 … Mod5
            for row, codes in enumerate(self._client.get_modifier_mapping())
            for code in codes
            if code and (1 << row) & _ALL
        }
        # a look at what is down now would run ahead of the presses and releases that are still to be read
        self._down &= self._modifiers.keys()

    def _see_what_is_down(self) -> None:
        keys = self._client.query_keymap()
        self._down = {code for code in self._modifiers if keys[code // 8] >> code % 8 & 1}


def hotkey_problem(client: Display, combination: Combination) -> str | None:
    """Say in one sentence why this server cannot deliver the combination; None when it can."""
    if not can_listen(client):
        return (
            "the X server lacks XInput 2.1 or newer: the staff's hotkey cannot be heard "
            "(the staff buttons on the screen still work)"
        )
    if not combination.codes(client):
        return (
            f"the keyboard has no key {combination.key!r}: choose another [staff] hotkey "
            "(the staff buttons on the screen still work)"
        )
    return None


def probe(name: str, combination: str) -> str | None:
    """Ask `hotkey_problem` by a connection of its own to the display of this name."""
    unreachable = f"the X server of DISPLAY={name} cannot be reached"
    if not somebody_listens(name):
        return unreachable
    try:
        with closing(Display(name)) as client:
            return hotkey_problem(client, Combination.parse(combination))
    except (xerror.DisplayError, xerror.ConnectionClosedError, OSError):
        return unreachable
