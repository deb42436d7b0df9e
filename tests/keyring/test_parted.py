"""A text in parts is whole, the old one or the new one, wherever its update was interrupted."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from guard.errors import MachineError
from guard.keyring.parted import PARTS_MOST, PartedStore

OLD, NEW = "old " * 9, "the new one, which is longer " * 3


class CrashError(Exception):
    """The power was cut."""


@dataclass
class MemoryCabinet:
    """Keeps short texts in memory; crashes before the change of this number."""

    longest: int = 10
    kept: dict[str, str] = field(default_factory=dict)
    crash_at: int | None = None
    changes: int = 0

    def read(self, label: str) -> str | None:
        return self.kept.get(label)

    def write(self, label: str, text: str) -> None:
        assert len(text) <= max(self.longest, 80)
        self._change()
        self.kept[label] = text

    def remove(self, label: str) -> None:
        self._change()
        self.kept.pop(label, None)

    def _change(self) -> None:
        if self.crash_at == self.changes:
            raise CrashError
        self.changes += 1


def store_on(cabinet: MemoryCabinet) -> PartedStore:
    return PartedStore(cabinet, lambda: None)


@pytest.mark.parametrize("text", ["", "x", "x" * 10, "x" * 11, "花子" * 50, "\U0001f511" * 21, "\ud800"])
def test_what_was_written_is_read_back_and_nothing_of_it_stays_after_its_end(text: str) -> None:
    cabinet = MemoryCabinet()
    store = store_on(cabinet)
    assert store.read("mark") is None
    store.write("mark", OLD)
    store.write("mark", text)
    assert store.read("mark") == text
    store.delete("mark")
    assert store.read("mark") is None
    assert cabinet.kept == {}


def test_of_a_text_that_was_replaced_nothing_stays() -> None:
    cabinet = MemoryCabinet()
    store = store_on(cabinet)
    store.write("mark", NEW)
    store.write("mark", "x")
    assert sorted(cabinet.kept) == ["mark", "mark/a/0"] or sorted(cabinet.kept) == ["mark", "mark/b/0"]


def test_wherever_an_update_is_interrupted_the_text_is_the_old_or_the_new_one_and_the_next_update_works() -> (
    None
):
    interrupted = seen = 0
    while True:
        cabinet = MemoryCabinet()
        store = store_on(cabinet)
        store.write("mark", OLD)
        cabinet.changes, cabinet.crash_at = 0, interrupted
        try:
            store.write("mark", NEW)
        except CrashError:
            found = store.read("mark")
            assert found in {OLD, NEW}
            seen |= 1 if found == OLD else 2
        else:
            break
        cabinet.crash_at = None
        store.write("mark", "x")
        assert store.read("mark") == "x"
        assert len(cabinet.kept) == 2
        interrupted += 1
    assert (seen, interrupted) == (3, cabinet.changes)
    assert interrupted > len(NEW) // 10


def test_wherever_a_deletion_is_interrupted_the_text_is_there_whole_or_not_at_all() -> None:
    interrupted = 0
    while True:
        cabinet = MemoryCabinet()
        store = store_on(cabinet)
        store.write("mark", NEW)
        cabinet.changes, cabinet.crash_at = 0, interrupted
        try:
            store.delete("mark")
        except CrashError:
            assert store.read("mark") == (NEW if interrupted == 0 else None)
        else:
            break
        cabinet.crash_at = None
        store.write("mark", "x")
        assert store.read("mark") == "x"
        assert len(cabinet.kept) == 2
        interrupted += 1
    assert interrupted > len(NEW) // 10


@pytest.mark.parametrize(
    ("label", "text"),
    [("mark", "no head"), ("mark/b/0", "xxxxxxxxxx"), ("mark/b/2", None), ("mark", "1 a 9 " + "0" * 64)],
)
def test_what_is_damaged_is_named_and_not_given_out(label: str, text: str | None) -> None:
    cabinet = MemoryCabinet()
    store = store_on(cabinet)
    store.write("mark", NEW)
    assert label in cabinet.kept
    if text is None:
        del cabinet.kept[label]
    else:
        cabinet.kept[label] = text
    with pytest.raises(MachineError, match="item mark is damaged"):
        store.read("mark")


def test_items_do_not_meet_and_what_is_not_there_cannot_be_deleted() -> None:
    store = store_on(MemoryCabinet())
    store.write("person-1", OLD)
    store.write("person-11", NEW)
    store.delete("person-1")
    assert store.read("person-11") == NEW
    with pytest.raises(MachineError, match="no item person-1"):
        store.delete("person-1")


def test_a_text_that_is_too_long_is_refused_and_changes_nothing() -> None:
    store = store_on(MemoryCabinet())
    store.write("mark", OLD)
    with pytest.raises(MachineError, match="too long"):
        store.write("mark", "x" * (10 * PARTS_MOST + 1))
    assert store.read("mark") == OLD
