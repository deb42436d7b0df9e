"""The staff's hotkey as the configuration writes it, such as ``ctrl+alt+l``. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Self


class Modifier(StrEnum):
    """What is held down with the key."""

    CTRL = "ctrl"
    ALT = "alt"
    SHIFT = "shift"
    SUPER = "super"
    """The key with the window on it."""


@dataclass(frozen=True, slots=True)
class HotkeyText:
    """What ``[staff] hotkey`` asks for."""

    modifiers: frozenset[Modifier]
    """These must be down, and no other of the four."""
    key: str
    """How people call the key: a letter or digit, or f1 to f12."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a text that `guard.settings.schema.STAFF_HOTKEY` allows; ValueError where it does not."""
        *modifiers, key = text.split("+")
        return cls(modifiers=frozenset(Modifier(name) for name in modifiers), key=key)
