"""The words of the line, which are sd_notify(3)'s: one a line, nothing else. Pure."""

from __future__ import annotations

from enum import Enum
from typing import Final

LONGEST: Final = 32
"""Bytes that a line may have, its end included."""


class Sign(Enum):
    """What a guard says of itself."""

    READY = b"READY=1"
    ALIVE = b"WATCHDOG=1"
    STOPPING = b"STOPPING=1"

    @property
    def line(self) -> bytes:
        """The bytes that go over the line."""
        return self.value + b"\n"


class GarbledError(Exception):
    """The other end says what no guard says."""


class Listener:
    """Takes bytes as they come and gives the signs in them.

    Raises GarbledError at the first byte that makes it certain that this is not a guard, and ever after.
    """

    def __init__(self) -> None:
        self._rest = b""
        self._garbled = False

    def hear(self, data: bytes) -> tuple[Sign, ...]:
        """Return the signs that these bytes complete."""
        *whole, self._rest = (self._rest + data).split(b"\n")
        try:
            signs = tuple(Sign(line) for line in whole)
        except ValueError:
            self._garbled = True
            signs = ()
        if self._garbled or not any(sign.value.startswith(self._rest) for sign in Sign):
            self._garbled = True
            self._rest = b""
            raise GarbledError
        return signs
