"""The journal's folder gives each durable record once and in order, whatever happens to its files."""

from __future__ import annotations

import contextlib
import gzip
import json
from typing import TYPE_CHECKING

import pytest

from guard.errors import MachineError
from guard.journal.chain import head
from guard.journal.forward.cursor import Position
from guard.journal.forward.spool import Spool
from guard.journal.segments import segments
from tests.journal.forward.book import Book, record

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from guard.journal.segments import Segment


def take(spool: Spool, after: int, through: int, most: int = 7) -> list[int]:
    """Take everything there is, batch by batch."""
    taken: list[int] = []
    while batch := spool.batch(after, through, most):
        assert len(batch) <= most
        taken += [one.record.seq for one in batch]
        after = taken[-1]
    return taken


@pytest.fixture
def book(tmp_path: Path) -> Book:
    """Three days of 10 records each."""
    book = Book(tmp_path / "journal")
    for _ in range(2):
        book.write(10)
        book.new_segment()
    book.write(10)
    return book


@pytest.fixture
def spool(book: Book) -> Iterator[Spool]:
    with contextlib.closing(Spool(book.folder)) as spool:
        yield spool


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("after", [0, 4, 9, 10, 29])
def test_all_records_after_one_come_in_order(book: Book, spool: Spool, packed: bool, after: int) -> None:  # noqa: FBT001 -- a parameter
    if packed:
        book.pack()
    assert take(spool, after, 30) == list(range(after + 1, 31))


def test_a_batch_that_was_not_taken_comes_again(spool: Spool) -> None:
    first = spool.batch(3, 30, 9)
    assert spool.batch(3, 30, 9) == first
    spool.close()
    assert spool.batch(3, 30, 9) == first


def test_a_record_that_is_not_durable_yet_does_not_come(spool: Spool) -> None:
    assert take(spool, 0, 27) == list(range(1, 28))
    assert take(spool, 27, 30) == [28, 29, 30]


def test_the_live_file_is_read_on_as_it_grows(book: Book, spool: Spool) -> None:
    assert take(spool, 20, 30) == list(range(21, 31))
    for _ in range(3):
        book.write(2)
        assert take(spool, book.last - 2, book.last) == [book.last - 1, book.last]
    book.new_segment()
    book.write(2)
    assert take(spool, book.last - 2, book.last) == [book.last - 1, book.last]


def test_a_line_that_is_being_written_comes_when_it_is_whole(book: Book, spool: Spool) -> None:
    line = book.line()
    book.append(line[:-20])
    assert take(spool, 0, 31) == list(range(1, 31))
    book.append(line[-20:])
    assert take(spool, 30, 31) == [31]


def test_a_segment_is_packed_while_it_is_read(book: Book, spool: Spool) -> None:
    assert len(spool.batch(0, 30, 4)) == 4
    book.pack()
    assert take(spool, 4, 30) == list(range(5, 31))


def test_a_segment_is_packed_between_looking_and_opening(
    book: Book, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[int] = []

    def segments_then_pack(folder: Path) -> list[Segment]:
        found = segments(folder)
        if not looked:
            book.pack()
        looked.append(len(found))
        return found

    monkeypatch.setattr("guard.journal.forward.spool.segments", segments_then_pack)
    assert take(spool, 0, 30) == list(range(1, 31))


def test_records_that_were_dropped_are_skipped(book: Book, spool: Spool) -> None:
    book.pack()
    book.drop()
    assert take(spool, 0, 30) == list(range(11, 31))
    assert take(spool, 15, 30) == list(range(16, 31))


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"[" * 100_000,
        b"x" * 200_000,
        b"\xff\xfe",
        b'{"seq":true}',
        b"1" * 5000,
        json.dumps({"seq": 5, "at": "", "boot_ms": 10**400, "session": None, "kind": ""}).encode(),
    ],
)
def test_a_damaged_line_costs_that_record_alone(book: Book, spool: Spool, damage: bytes) -> None:
    lines = book.path.read_bytes().splitlines(keepends=True)
    book.path.write_bytes(b"".join([*lines[:4], damage + b"\n", *lines[5:]]))
    assert take(spool, 0, 30) == [*range(1, 25), *range(26, 31)]


@pytest.mark.parametrize("cut", [5, 60, -5])
def test_a_damaged_packed_segment_does_not_stop_the_rest(book: Book, spool: Spool, cut: int) -> None:
    book.pack()
    middle = segments(book.folder)[1].path
    middle.write_bytes(middle.read_bytes()[:cut])
    taken = take(spool, 0, 30)
    assert [seq for seq in taken if not 11 <= seq <= 20] == [*range(1, 11), *range(21, 31)]


def test_records_that_a_later_segment_replaces_come_from_there(book: Book, spool: Spool) -> None:
    replacing = Book(book.folder, last=26)  # as after a damage: the keyring knew of 26 records
    replacing.write(6)
    batch = spool.batch(20, 32, 100)
    assert [one.record.seq for one in batch] == list(range(21, 33))
    assert [one.head for one in batch[6:]] == [
        head(line) for line in replacing.path.read_bytes().splitlines()
    ]


def test_a_folder_without_records_or_gone_is_said(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert Spool(tmp_path / "empty").batch(0, 5, 5) == []
    with pytest.raises(MachineError, match="no records"):
        Spool(tmp_path / "empty").beginning(None, newest=False)
    with pytest.raises(MachineError, match="cannot be read"):
        Spool(tmp_path / "gone").batch(0, 5, 5)


def test_a_target_that_is_new_begins_with_the_oldest_or_the_newest_segment(spool: Spool) -> None:
    assert spool.beginning(None, newest=False) == 0
    assert spool.beginning(None, newest=True) == 20


@pytest.mark.parametrize("packed", [False, True])
def test_a_target_goes_on_where_it_was(book: Book, spool: Spool, packed: bool) -> None:  # noqa: FBT001 -- a parameter
    position = spool.batch(14, 30, 1)[0].position
    if packed:
        book.pack()
    assert position.seq == 15
    assert spool.beginning(position, newest=False) == 15


def test_a_position_of_a_journal_that_was_begun_anew_counts_for_nothing(book: Book, spool: Spool) -> None:
    position = spool.batch(14, 30, 1)[0].position
    for segment in segments(book.folder):
        segment.path.unlink()
    Book(book.folder).write(40)
    assert spool.beginning(position, newest=False) == 0


def test_a_position_that_was_dropped_goes_on_with_what_is_left(book: Book, spool: Spool) -> None:
    position = spool.batch(4, 30, 1)[0].position
    book.drop()
    assert spool.beginning(position, newest=False) == 10


def test_a_position_in_a_damaged_segment_is_begun_anew(book: Book, spool: Spool) -> None:
    book.pack()
    middle = segments(book.folder)[1].path
    middle.write_bytes(gzip.compress(record(15).text().encode())[:-9])
    assert spool.beginning(Position(15, "0" * 64), newest=False) == 0
