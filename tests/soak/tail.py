"""The journal as it grows, each record read once."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.counter import Record


class Tail:
    """Reads a guard's journal from its beginning; `records` are those since somebody emptied it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[Path, int] = {}
        self._last = 0
        self.records: list[Record] = []

    def look(self) -> list[Record]:
        """Return `records` with those that are new; raises AssertionError when a number is missing."""
        for path in sorted(self._folder.glob("journal-*.jsonl")):
            with path.open("rb") as file:
                file.seek(self._read.get(path, 0))
                text = file.read()
            whole = text[: text.rfind(b"\n") + 1]
            self._read[path] = self._read.get(path, 0) + len(whole)
            for line in whole.splitlines():
                record = json.loads(line)
                assert record["seq"] == self._last + 1, f"record {record['seq']} follows {self._last}"
                self._last = record["seq"]
                self.records.append(record)
        return self.records

    def of(self, kind: str) -> list[Record]:
        """Return those of this kind."""
        return [record for record in self.look() if record["kind"] == kind]
