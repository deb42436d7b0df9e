"""What stands in the files after the record that the keyring knows as the last one."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from guard.journal.chain import head, is_sealed_with, prev
from guard.journal.record import Record
from guard.journal.segments import UNREADABLE, holding, segments

if TYPE_CHECKING:
    from pathlib import Path

    from guard.journal.segments import Segment
    from guard.journal.standing import Standing

_BLOCK: Final = 64 * 1024
"""Bytes that are read from a segment's end at first; then twice as many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tail:
    """Where the journal really stands, and the state of its last file."""

    standing: Standing
    segment: Segment | None
    """The last one, if there is any."""
    size: int
    """Bytes of its whole lines."""
    torn: int
    """Bytes after them: a record that a crash cut short."""


class TailDamagedError(Exception):
    """The files do not go on from where the keyring says they stand."""

    def __init__(self, what: str) -> None:
        """``what`` is a word for the journal."""
        super().__init__(what)
        self.what = what


def follow(folder: Path, mark: Standing) -> Tail:
    """Go on from the mark to the last record; nothing before it is read.

    Raises TailDamagedError when a record is missing or was not sealed by us, and OSError.
    """
    tail = Tail(standing=mark, segment=None, size=0, torn=0)
    found = False
    listed = holding(segments(folder), mark.seq)
    for segment in listed:
        if tail.torn:
            raise TailDamagedError("torn_inside")
        tail, here = _through(segment, tail.standing, mark, may_be_torn=segment is listed[-1])
        found = found or here
    if mark.seq and not found:
        raise TailDamagedError("record_missing")
    return tail


def _through(segment: Segment, standing: Standing, mark: Standing, *, may_be_torn: bool) -> tuple[Tail, bool]:
    """Follow one segment; tell whether the mark's record is in it.

    A power cut may leave zeros where the last, unsynced records were to be: they count as torn, too.
    """
    start, data = _end_of(segment, mark.seq)
    whole, found = 0, False
    while (end := data.find(b"\n", whole)) >= 0:
        try:
            line = data[whole:end]
            record = _read(line)
            if record.seq == mark.seq and head(line) == mark.head:
                found = True
            elif record.seq > mark.seq:
                standing = _after(standing, record, line)
        except TailDamagedError:
            if may_be_torn and b"\0" in data[whole:]:
                break
            raise
        whole = end + 1
    tail = Tail(standing=standing, segment=segment, size=start + whole, torn=len(data) - whole)
    return tail, found


def last_line(folder: Path) -> tuple[int, bytes]:
    """Return the number of the last record, 0 without any, and its line if it can be read; raises OSError."""
    listed = segments(folder)
    for segment in reversed(listed):
        try:
            _, data = _end_of(segment, segment.first)
        except TailDamagedError:
            continue
        for line in reversed(data.splitlines()):
            with contextlib.suppress(ValueError):
                return Record.read(line).seq, line
    return max((one.first for one in listed), default=0), b""


def _end_of(segment: Segment, seq: int) -> tuple[int, bytes]:
    """Return the segment from a line on that is not after this record, and the line's place in it."""
    try:
        with segment.open() as file:
            if segment.packed:
                return 0, file.read()
            size = file.seek(0, 2)
            block = _BLOCK
            while block < size:
                file.seek(size - block)
                data = file.read(block)
                cut = data.find(b"\n") + 1
                line_end = data.find(b"\n", cut)
                if cut and line_end > 0 and _number(data[cut:line_end]) <= seq:
                    return size - block + cut, data[cut:]
                block *= 2
            file.seek(0)
            return 0, file.read()
    except UNREADABLE as error:
        raise TailDamagedError("unreadable") from error


def _number(line: bytes) -> float:
    try:
        return Record.read(line).seq
    except ValueError:
        return float("inf")


def _read(line: bytes) -> Record:
    try:
        return Record.read(line)
    except ValueError as error:
        raise TailDamagedError("no_record") from error


def _after(standing: Standing, record: Record, line: bytes) -> Standing:
    follows = record.seq == standing.seq + 1 and prev(line) == standing.head
    if not follows or not is_sealed_with(line, standing.key):
        raise TailDamagedError("not_sealed")
    return standing.after(record, line)
