"""A journal's folder that a test writes."""

from __future__ import annotations

import gzip
from datetime import date, timedelta
from typing import TYPE_CHECKING

from guard.journal.chain import NO_HEAD, first_key, head, next_key, sealed
from guard.journal.record import Record
from guard.journal.segments import segment_path, segments

if TYPE_CHECKING:
    from pathlib import Path

    from guard.journal.port import Field

DEADLINE = 30.0
"""s; nothing is asserted about how long it took."""
_DAY = date(2026, 11, 25)


def record(seq: int, kind: str = "state", session: str | None = "s1", **fields: Field) -> Record:
    """Return a record with this number."""
    own = fields or {"before": "READY", "after": "ACTIVE", "cause": "card_present", "counter": seq}
    at = f"2026-11-25T09:00:{seq % 60:02d}.{seq % 1000:03d}Z"
    return Record(seq=seq, at=at, boot_ms=seq + 0.5, session=session, kind=kind, fields=own)


class Book:
    """Sealed records in segments, as the guard writes them."""

    def __init__(self, folder: Path, last: int = 0) -> None:
        """Begin after record number ``last``."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.last = last
        self._days = 0
        self._head, self._key = NO_HEAD, first_key()
        self.path = folder
        self.new_segment()

    def new_segment(self) -> None:
        """Begin a new day."""
        self.path = segment_path(self.folder, _DAY + timedelta(days=self._days), self.last + 1)
        self._days += 1

    def line(self) -> bytes:
        """Return the next record's line, with its end."""
        self.last += 1
        line = sealed(record(self.last).text(), self._head, self._key)
        self._head, self._key = head(line), next_key(self._key)
        return line + b"\n"

    def write(self, count: int = 1) -> int:
        """Append so many records; return the last one's number."""
        self.append(b"".join(self.line() for _ in range(count)))
        return self.last

    def append(self, data: bytes) -> None:
        """Append these bytes."""
        with self.path.open("ab") as file:
            file.write(data)

    def pack(self) -> None:
        """Compress every segment but the newest."""
        for segment in segments(self.folder)[:-1]:
            if not segment.packed:
                packed = segment.path.with_name(segment.path.name + ".gz")
                packed.write_bytes(gzip.compress(segment.path.read_bytes()))
                segment.path.unlink()

    def drop(self) -> int:
        """Remove the oldest segment; return the number of the first record that is left."""
        oldest, following, *_ = segments(self.folder)
        oldest.path.unlink()
        return following.first
