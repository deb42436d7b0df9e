"""The spool is the journal itself: records are durable in its segments before anyone sends them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Final

from guard.errors import MachineError
from guard.journal.chain import head
from guard.journal.forward.cursor import Position
from guard.journal.record import Record
from guard.journal.segments import UNREADABLE, holding, segments

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from guard.journal.segments import Segment

_LINE_MOST: Final = 64 * 1024
"""Bytes read at once; no record is longer, and what is, is none."""
_TRIES: Final = 5
"""A segment that is packed between looking and opening is looked for again."""


@dataclass(frozen=True, slots=True)
class Spooled:
    """A record that is to be sent."""

    record: Record
    head: str
    """See `Position.head`."""

    @property
    def position(self) -> Position:
        """Where a target is that has confirmed it."""
        return Position(self.record.seq, self.head)


class Spool:
    """Reads a journal's folder from any record on, in constant memory, and keeps its place in between.

    It only reads. The journal may grow, pack and drop segments meanwhile: what is gone is skipped, and so are
    lines that are no records (damaged ones). All of it raises MachineError when the folder cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._segment: Segment | None = None
        self._file: IO[bytes] | None = None
        self._at = 0

    def beginning(self, kept: Position | None, *, newest: bool) -> int:
        """Return the number of the record to go on after.

        It is that of the position that was kept, if this journal has that very record. Otherwise it is the
        number before the first record of the oldest, or of the newest segment.
        """
        self.close()  # a file that was removed meanwhile is in the list as long as it is open (Windows)
        listed = self._listed()
        if not listed:
            raise MachineError(f"there are no records in {self._folder}")
        if kept and self._has(kept, listed):
            return kept.seq
        return listed[-1 if newest else 0].first - 1

    def batch(self, after: int, through: int, most: int) -> Sequence[Spooled]:
        """Return the first records of these numbers, at most ``most``; none when none are there.

        Records beyond ``through`` are not looked at: they may not be durable yet.
        """
        if self._at != after:
            self.close()
            self._at = after
        try:
            return self._read(through, most)
        except OSError as error:
            self.close()
            raise MachineError(f"the journal in {self._folder} cannot be read ({error})") from error

    def close(self) -> None:
        """Let go of the open file, which may have been dropped by now."""
        if self._file:
            self._file.close()
        self._file = self._segment = None

    def _has(self, kept: Position, listed: list[Segment]) -> bool:
        self.close()
        self._open(next(iter(holding(listed, kept.seq)), None))
        try:
            return self._file is not None and any(head(line[:-1]) == kept.head for line in self._file)
        except (OSError, *UNREADABLE):
            return False
        finally:
            self.close()

    def _read(self, through: int, most: int) -> list[Spooled]:
        found: list[Spooled] = []
        while True:
            listed = self._listed()  # before reading on: a segment that has a successor grows no more
            if self._file is None:
                self._open(next(iter(holding(listed, self._at + 1)), None))
            if self._file is None or self._segment is None:
                return found
            first = self._segment.first
            following = next((one for one in listed if one.first > first), None)
            end = min(following.first - 1, through) if following else through
            self._take(self._file, found, end, most)
            if following is None or len(found) == most or self._at >= through:
                return found
            self.close()
            self._at = max(self._at, end)
            self._open(following)

    def _take(self, file: IO[bytes], found: list[Spooled], end: int, most: int) -> None:
        """Take records through number ``end`` from the file, until it ends."""
        while len(found) < most and self._at < end:
            place = file.tell()
            try:
                line = file.readline(_LINE_MOST)
            except UNREADABLE:
                return  # the rest of a damaged packed segment is a hole
            if not line.endswith(b"\n") and len(line) < _LINE_MOST:
                file.seek(place)  # the end, or a line that is being written
                return
            try:
                record = Record.read(line)
            except ValueError:
                continue
            if record.seq > end:
                file.seek(place)  # not durable yet
                return
            if record.seq > self._at:
                found.append(Spooled(record, head(line[:-1])))
                self._at = record.seq

    def _open(self, segment: Segment | None) -> None:
        """Open it, or what has taken its place; nothing when there is nothing left."""
        for _ in range(_TRIES):
            if segment is None:
                return
            try:
                self._file, self._segment = segment.open(), segment
            except FileNotFoundError:
                segment = next(iter(holding(self._listed(), segment.first)), None)
            else:
                return
        raise MachineError(f"the segments in {self._folder} vanish while they are opened")

    def _listed(self) -> list[Segment]:
        try:
            return segments(self._folder)
        except OSError as error:
            raise MachineError(
                f"the journal's folder {self._folder} cannot be read ({error.strerror})"
            ) from error
