"""The items of the staff book as records, each under its name in the store.

The index says who is in the book; an item of a person whom it does not name is nothing (an ``add`` that was
cut short). It is the last item made, so that once it exists all the others do.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final, TypeVar

from guard.secret import Secret
from guard.staff import people
from guard.staff.people import CodeRecord, CounterRecord, PersonRecord, damaged

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from guard.keyring.store import Store
    from guard.staff.hashing import Hasher

_INDEX: Final = "index"
_COUNTER: Final = "counter"
_NOBODY: Final = "nobody"
_CODE: Final = "emergency"
_Kind = TypeVar("_Kind")


class Records:
    """Reads and writes them; every method raises MachineError when the store fails or an item is damaged."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def prepare(self, hasher: Hasher, now: datetime) -> None:
        """Make an empty book if there is none."""
        if self._store.read(_INDEX) is not None:
            return
        unguessable = hasher.hash(Secret(secrets.token_hex(32)))
        self.save_nobody(PersonRecord(number="0", name=_NOBODY, hash=unguessable))
        self.save_code(CodeRecord())
        self.save_counter(CounterRecord(seen=now))
        self.save_index(())

    def index(self) -> tuple[str, ...]:
        """Return the numbers of everybody in the book."""
        return self._load(_INDEX, people.read_index)

    def save_index(self, numbers: tuple[str, ...]) -> None:
        """Keep who is in the book."""
        self._store.write(_INDEX, people.index_text(numbers))

    def person(self, number: str) -> PersonRecord:
        """Return one whom the index names."""
        found = self._load(_person(number), people.read_person)
        if found.number != number:
            raise damaged()
        return found

    def save_person(self, record: PersonRecord) -> None:
        """Keep it."""
        self._store.write(_person(record.number), people.person_text(record))

    def nobody(self) -> PersonRecord:
        """Return what wrong numbers are checked against."""
        return self._load(_NOBODY, people.read_person)

    def save_nobody(self, record: PersonRecord) -> None:
        """Keep it."""
        self._store.write(_NOBODY, people.person_text(record))

    def counter(self) -> CounterRecord:
        """Return the counter's tries."""
        return self._load(_COUNTER, people.read_counter)

    def save_counter(self, record: CounterRecord) -> None:
        """Keep it."""
        self._store.write(_COUNTER, people.counter_text(record))

    def code(self) -> CodeRecord:
        """Return the emergency code."""
        return self._load(_CODE, people.read_code)

    def save_code(self, record: CodeRecord) -> None:
        """Keep it."""
        self._store.write(_CODE, people.code_text(record))

    def _load(self, name: str, read: Callable[[str], _Kind]) -> _Kind:
        text = self._store.read(name)
        if text is None:
            raise damaged()
        return read(text)


def _person(number: str) -> str:
    return f"person/{number}"
