"""Keys as Windows numbers them ("Virtual-Key Codes"), and which of them go to the staff's pad. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from guard.screens.hotkey import Modifier
from guard.screens.port import Key

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.screens.hotkey import HotkeyText

_BACK, _RETURN, _ESCAPE, _DELETE = 0x08, 0x0D, 0x1B, 0x2E
_NUMPAD_0, _F1 = 0x60, 0x70
_CODES: Final = {
    Modifier.SHIFT: (0xA0, 0xA1),
    Modifier.CTRL: (0xA2, 0xA3),
    Modifier.ALT: (0xA4, 0xA5),
    Modifier.SUPER: (0x5B, 0x5C),
}
"""Left and right, as a low-level hook and GetAsyncKeyState tell them apart."""
_MODIFIER_CODES: Final = {code: modifier for modifier, codes in _CODES.items() for code in codes}
_COMMANDS: Final = frozenset({Modifier.CTRL, Modifier.ALT, Modifier.SUPER})
"""With one of these a key is part of a combination, and no digit; French keyboards have digits on Shift."""
_KEYS: Final = (
    {ord("0") + number: Key(str(number)) for number in range(10)}
    | {_NUMPAD_0 + number: Key(str(number)) for number in range(10)}
    | {_BACK: Key.ERASE, _RETURN: Key.ENTER, _ESCAPE: Key.BACK}
)
_ARROWS: Final = (0x2D, 0x23, 0x28, 0x22, 0x25, 0x0C, 0x27, 0x24, 0x26, 0x21)
"""What the number pad's 0 to 9 are without Num Lock: insert, end, down … page up."""


def hotkey_code(asked: HotkeyText) -> int:
    """Return the number of the combination's own key."""
    if len(asked.key) == 1:
        return ord(asked.key.upper())
    return _F1 + int(asked.key[1:]) - 1


def modifiers_down(held: Callable[[int], bool]) -> frozenset[Modifier]:
    """Return the modifiers that are down, as ``held`` tells of each key."""
    return frozenset(modifier for modifier, codes in _CODES.items() if any(map(held, codes)))


@dataclass(frozen=True, slots=True)
class Stroke:
    """A key went down or up (KBDLLHOOKSTRUCT)."""

    code: int
    down: bool
    extended: bool = False
    """LLKHF_EXTENDED: not the number pad's, where a key is there twice."""
    low: bool = False
    """LLKHF_LOWER_IL_INJECTED: made by a program of lower integrity, such as a page's."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a stroke."""

    swallowed: bool
    """Nobody else hears of it."""
    key: Key | None = None


class KeyFilter:
    """Takes every key but the hotkey's for the pad, as long as the pad is open.

    Modifiers pass, for Windows must go on counting which are down; alone they mean nothing. A key goes up for
    those who saw it go down: who has not must not learn from it what was typed.
    """

    def __init__(self, asked: HotkeyText) -> None:
        self._asked = asked
        self._code = hotkey_code(asked)
        self._swallowed: set[int] = set()

    def judge(self, stroke: Stroke, held: Callable[[int], bool]) -> Verdict:
        """Judge one stroke; ``held`` tells whether a key is down that passed before."""
        if not stroke.down:
            known = stroke.code in self._swallowed
            self._swallowed.discard(stroke.code)
            return Verdict(known)
        modifier = _MODIFIER_CODES.get(stroke.code)
        if modifier is not None and (modifier is not Modifier.SUPER or modifier in self._asked.modifiers):
            return Verdict(swallowed=False)
        modifiers = modifiers_down(held)
        if stroke.code == self._code and modifiers == self._asked.modifiers:
            return Verdict(swallowed=False)
        repeated = stroke.code in self._swallowed
        self._swallowed.add(stroke.code)
        if repeated or stroke.low or modifiers & _COMMANDS:
            return Verdict(swallowed=True)
        return Verdict(swallowed=True, key=_key(stroke))


def _key(stroke: Stroke) -> Key | None:
    if stroke.code == _DELETE and stroke.extended:
        return Key.ERASE
    if stroke.code in _ARROWS and not stroke.extended:
        return Key(str(_ARROWS.index(stroke.code)))
    return _KEYS.get(stroke.code)
