"""A store on a keyring whose items are too short: a text lies there in parts, under a head that counts them.

An update writes its parts as a second set beside the first, then the head, which names the set that counts,
and then takes the first set away: whenever it is interrupted, the text is the old one or the new one, whole.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from guard.errors import MachineError

if TYPE_CHECKING:
    from collections.abc import Callable

PARTS_MOST: Final = 64
"""Of one text."""
_SETS: Final = ("a", "b")
_HEAD: Final = re.compile(r"1 ([ab]) ([0-9]{1,2}) ([0-9a-f]{64})")


class Cabinet(Protocol):
    """Short texts under labels; every method raises MachineError when it cannot do what it says."""

    @property
    def longest(self) -> int:
        """How many characters one text may have, whatever they are."""
        ...

    def read(self, label: str) -> str | None:
        """Return the text, None when there is none."""
        ...

    def write(self, label: str, text: str) -> None:
        """Make or replace it; after a crash it is the old or the new one."""
        ...

    def remove(self, label: str) -> None:
        """Remove it; does nothing when there is none."""
        ...


@dataclass(frozen=True, slots=True)
class _Head:
    chosen: str
    parts: int
    digest: str

    def __str__(self) -> str:
        return f"1 {self.chosen} {self.parts} {self.digest}"


class PartedStore:
    """Implements `guard.keyring.store.Store`; by one caller at a time.

    Parts are written from the first on and removed from the last on, so that what an interrupted change left
    is found and removed by the next change of the same name.
    """

    def __init__(self, cabinet: Cabinet, flush: Callable[[], None]) -> None:
        """``flush`` returns when a power cut cannot undo what was written before."""
        self._cabinet = cabinet
        self._flush = flush

    def read(self, name: str) -> str | None:
        """See `Store.read`; what is damaged is a MachineError."""
        head = self._head(name)
        if head is None:
            return None
        parts = [self._cabinet.read(_label(name, head.chosen, number)) for number in range(head.parts)]
        text = "".join(part or "" for part in parts)
        if None in parts or _digest(text) != head.digest:
            raise _damaged(name)
        return text

    def write(self, name: str, text: str) -> None:
        """See `Store.write`."""
        longest = self._cabinet.longest
        parts = [text[start : start + longest] for start in range(0, len(text), longest)]
        if len(parts) > PARTS_MOST:
            raise MachineError(f"the keyring's item {name} is too long; please report it.")
        head = self._head(name)
        old, new = _SETS if head is None or head.chosen == _SETS[0] else reversed(_SETS)
        self._clear(name, new)
        for number, part in enumerate(parts):
            self._cabinet.write(_label(name, new, number), part)
        self._flush()
        self._cabinet.write(name, str(_Head(new, len(parts), _digest(text))))
        self._flush()
        self._clear(name, old)

    def delete(self, name: str) -> None:
        """See `Store.delete`."""
        if self._head(name) is None:
            raise MachineError(f"the keyring has no item {name} that could be deleted.")
        self._cabinet.remove(name)
        self._flush()
        for one in _SETS:
            self._clear(name, one)
        self._flush()

    def _head(self, name: str) -> _Head | None:
        text = self._cabinet.read(name)
        if text is None:
            return None
        match = _HEAD.fullmatch(text)
        if not match:
            raise _damaged(name)
        return _Head(match[1], int(match[2]), match[3])

    def _clear(self, name: str, which: str) -> None:
        there = 0
        while there < PARTS_MOST and self._cabinet.read(_label(name, which, there)) is not None:
            there += 1
        for number in reversed(range(there)):
            self._cabinet.remove(_label(name, which, number))


def _label(name: str, which: str, number: int) -> str:
    return f"{name}/{which}/{number}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _damaged(name: str) -> MachineError:
    return MachineError(f"the keyring's item {name} is damaged; see guard doctor.")
