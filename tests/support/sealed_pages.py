"""Small journals whose every byte a test knows: sealed by hand, a day to each segment."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from guard.journal.chain import NO_HEAD, head, sealed
from guard.journal.packing import pack
from guard.journal.record import Record
from guard.journal.segments import segment_path
from guard.journal.standing import FirstKey, Standing

if TYPE_CHECKING:
    from guard.journal.port import Field

KEY: Final = bytes(range(32))
DAY: Final = date(2026, 4, 1)


class SealedPages:
    """Writes records into a folder, as the guard does, and remembers what its keyring would."""

    def __init__(self, folder: Path, standing: Standing | None = None) -> None:
        """With ``standing`` a journal that goes on from there, or that is made anew with that key."""
        self.folder = folder
        self.standing = standing or Standing(seq=0, head=NO_HEAD, key=KEY)
        self.first_key = FirstKey(self.standing.seq + 1, self.standing.key)
        self.day = DAY
        self.files = list[Path]()

    def begin(self, days: int = 1) -> Path:
        """Begin a segment."""
        self.day += timedelta(days=days) if self.files else timedelta()
        path = segment_path(self.folder, self.day, self.standing.seq + 1)
        path.touch()
        self.files.append(path)
        return path

    def write(self, kind: str = "state", **fields: Field) -> bytes:
        """Append one record and return its line."""
        return self.write_text(self.record(kind, **fields).text())

    def write_many(self, count: int) -> None:
        """Append so many ordinary records."""
        for number in range(count):
            self.write(before="READY", counter=number)

    def record(self, kind: str, **fields: Field) -> Record:
        """Return the next record."""
        return Record(
            seq=self.standing.seq + 1,
            at=f"{self.day.isoformat()}T09:00:00.000Z",
            boot_ms=1_000_000.125,
            session="5eafc0de",
            kind=kind,
            fields=fields,
        )

    def write_text(self, text: str) -> bytes:
        """Seal whatever it is as the next record, and append it."""
        line = sealed(text, self.standing.head, self.standing.key)
        self.standing = self.standing.after(self.record("state"), line)
        with self.files[-1].open("ab") as file:
            file.write(line + b"\n")
        return line

    def pack(self, index: int) -> Path:
        """Let this segment's packed form take its place."""
        plain = self.files[index]
        packed = plain.with_name(f"{plain.name}.gz")
        pack(plain, packed)
        plain.unlink()
        self.files[index] = packed
        return packed

    def drop(self, through: int) -> None:
        """Say that the records through this number are deleted; the files stay for the test to remove."""
        lines = [line for path in self.files if path.exists() for line in path.read_bytes().splitlines()]
        top = next(head(line) for line in lines if line.startswith(b'{"seq":%d,' % through))
        self.write("dropped", through=through, head=top)


def day_by_day(folder: Path, *counts: int) -> SealedPages:
    """Make a journal with so many ordinary records a day."""
    pages = SealedPages(folder)
    for count in counts:
        pages.begin()
        pages.write_many(count)
    return pages
