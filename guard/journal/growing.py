"""The segment that grows: appended to by us alone, and each append on the disk before it counts."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Self

from guard.ground import flush_folder, open_flags
from guard.journal.segments import segment_path

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from guard.journal.segments import Segment

_FLAGS = open_flags(os.O_WRONLY | os.O_APPEND)


class ChangedError(Exception):
    """Somebody else wrote to the segment, cut it or removed it."""


class Growing:
    """One open segment; all that touches the disk raises OSError."""

    def __init__(self, path: Path, day: date, first: int, descriptor: int, size: int) -> None:
        self.day = day
        self.first = first
        self._path = path
        self._descriptor = descriptor
        self._size = size
        self._half_written = False

    @classmethod
    def begin(cls, folder: Path, day: date, first: int) -> Self:
        """Make the segment that begins with the record of this number.

        A file that bears its name is not ours: it is kept under another one.
        """
        path = segment_path(folder, day, first)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if path.exists():
            path.rename(_free(path))
        descriptor = os.open(path, _FLAGS | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            flush_folder(folder)
        except OSError:
            os.close(descriptor)  # first: Windows removes no file that is open
            path.unlink()
            raise
        return cls(path, day, first, descriptor, 0)

    @classmethod
    def go_on(cls, segment: Segment, size: int) -> Self:
        """Go on with a segment after so many bytes; cuts off what a crash left behind them."""
        descriptor = os.open(segment.path, _FLAGS)
        try:
            os.ftruncate(descriptor, size)
            os.fsync(descriptor)
        except OSError:
            os.close(descriptor)
            raise
        return cls(segment.path, segment.day, segment.first, descriptor, size)

    @property
    def empty(self) -> bool:
        """Nothing was appended yet."""
        return self._size == 0

    def append(self, data: bytes) -> None:
        """Append all of it, durably, or nothing; raises ChangedError when it is not as we left it."""
        if self._half_written:
            self._cut()
        found = os.fstat(self._descriptor)
        if found.st_size != self._size or found.st_nlink == 0:
            raise ChangedError
        try:
            self._write(data)
        except OSError:
            self._half_written = True
            with contextlib.suppress(OSError):  # then before the next record
                self._cut()
            raise
        self._size += len(data)

    def _cut(self) -> None:
        os.ftruncate(self._descriptor, self._size)
        os.fsync(self._descriptor)
        self._half_written = False

    def _write(self, data: bytes) -> None:
        if os.write(self._descriptor, data) != len(data):
            raise OSError(f"{self._path} took only a part of a record")
        os.fsync(self._descriptor)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._descriptor)


def _free(path: Path) -> Path:
    number = 1
    while (other := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    return other
