"""The key of each record, found again from the first one that is at hand."""

from __future__ import annotations

from typing import Final

from guard.journal.chain import next_key
from guard.journal.standing import FirstKey

_FURTHEST: Final = 100_000_000
"""Keys after the first one that are looked for: 90 years of a busy counter, and less than a minute."""
_STRIDE: Final = 4096
"""Records between two keys that are remembered."""


class Keys:
    """The key of each record from the first one on whose key is at hand."""

    def __init__(self, start: FirstKey | None) -> None:
        self.first = start.seq if start else 0
        """Number of that record; 0 without a key."""
        self._strides = [start.key] if start else []
        self._reached = self._looked_up = start or FirstKey(0, b"")

    def reached(self, seq: int, key: bytes) -> None:
        """Say which key is the next one, so that nobody has to look for it."""
        self._reached = FirstKey(seq, key)

    def of(self, seq: int) -> bytes | None:
        """Return the key of this record, None when it cannot be known."""
        if not self._strides or not 0 <= seq - self.first <= _FURTHEST:
            return None
        if _is_near(self._reached, seq):
            return _later(self._reached, seq)
        if not _is_near(self._looked_up, seq):
            strides = (seq - self.first) // _STRIDE
            while len(self._strides) <= strides:
                last = FirstKey(0, self._strides[-1])
                self._strides.append(_later(last, _STRIDE))
            self._looked_up = FirstKey(self.first + strides * _STRIDE, self._strides[strides])
        self._looked_up = FirstKey(seq, _later(self._looked_up, seq))
        return self._looked_up.key


def _is_near(known: FirstKey, seq: int) -> bool:
    return 0 <= seq - known.seq < _STRIDE


def _later(known: FirstKey, seq: int) -> bytes:
    key = known.key
    for _ in range(seq - known.seq):
        key = next_key(key)
    return key
