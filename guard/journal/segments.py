"""The journal's files: one segment a day, plain while it grows, compressed when its day is over."""

from __future__ import annotations

import gzip
import re
import zlib
from dataclasses import dataclass
from datetime import date
from typing import IO, TYPE_CHECKING, BinaryIO, Final, cast

from guard.ground import open_shared

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

UNREADABLE: Final = (EOFError, zlib.error, gzip.BadGzipFile)
"""What reading a damaged packed segment raises."""
_NAME: Final = re.compile(r"journal-([0-9]{4}-[0-9]{2}-[0-9]{2})-([0-9]{10})\.jsonl(\.gz)?")


@dataclass(frozen=True, slots=True, order=True)
class Segment:
    """One file; segments sort in the order of their records, a plain one before its own compressed copy."""

    first: int
    """Number of its first record."""
    day: date
    """UTC day on which it was begun."""
    packed: bool
    path: Path

    def open(self) -> IO[bytes]:
        """Return its bytes as they were written; the caller closes it.

        Raises OSError; `UNREADABLE` may follow while a damaged one is read.
        """
        file = open_shared(self.path)
        return cast("IO[bytes]", _Unpacked(file)) if self.packed else file


class _Unpacked(gzip.GzipFile):
    """Closes the file below with itself."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(fileobj=file, mode="rb")
        self._below = file

    def close(self) -> None:
        super().close()
        self._below.close()


def segment_path(folder: Path, day: date, first: int) -> Path:
    """Return the name of a plain segment that begins on this day with the record of this number."""
    return folder / f"journal-{day.isoformat()}-{first:010d}.jsonl"


def files(folder: Path) -> list[Segment]:
    """Return every file in this folder that bears a segment's name, in order; raises OSError."""
    return sorted(one for path in folder.iterdir() if (one := _segment(path)))


def segments(folder: Path) -> list[Segment]:
    """Return the segments in this folder in order; raises OSError.

    Of a plain one and its packed copy (a guard killed while packing leaves both) it is the plain one. Two of
    one number and different days are both there: that is damage, and nobody may be hidden by it.
    """
    found = dict[tuple[int, date], Segment]()
    for one in files(folder):
        found.setdefault((one.first, one.day), one)
    return list(found.values())


def holding(listed: list[Segment], seq: int) -> list[Segment]:
    """Return, of listed segments, the one that this record is in, and all later ones.

    Where no segment begins so early, all are later ones.
    """
    before = sum(one.first <= seq for one in listed)
    return listed[max(before - 1, 0) :]


def _segment(path: Path) -> Segment | None:
    match = _NAME.fullmatch(path.name)
    try:
        return match and Segment(int(match[2]), date.fromisoformat(match[1]), bool(match[3]), path)
    except ValueError:  # no day of the calendar, so no name that the guard gives
        return None


def lines(segment: Segment) -> Iterator[bytes]:
    """Yield its lines without their ends, but not a last one that is torn; raises like `Segment.open`."""
    with segment.open() as file:
        for line in file:
            if line.endswith(b"\n"):
                yield line[:-1]
