"""A journal's folder, keyring and clock, which outlive the guards of a test."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from guard.journal.anchor import Anchor
from guard.journal.sealed import SealedJournal
from guard.journal.segments import lines, segments
from guard.journal.verify import verify
from tests.journal.ear import Ear
from tests.support.clock import TurnedClock
from tests.support.memory_store import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from guard.journal.segments import Segment


@dataclass
class Lab:
    """A folder, a keyring and a clock that outlive the guards that use them."""

    folder: Path
    store: MemoryStore = field(default_factory=MemoryStore)
    clock: TurnedClock = field(default_factory=TurnedClock)
    ear: Ear = field(default_factory=Ear)
    retention_days: int = 1095

    @property
    def anchor(self) -> Anchor:
        return Anchor(self.store)

    @contextmanager
    def journal(self) -> Iterator[SealedJournal]:
        self.ear = Ear()
        journal = SealedJournal(self.folder, self.anchor, self.clock, self.ear, self.retention_days)
        try:
            yield journal
        finally:
            journal.close()

    def write(self, *kinds: str) -> None:
        """Let one guard live that writes these records."""
        with self.journal() as journal:
            for kind in kinds:
                journal.record(kind)

    def records(self) -> list[dict[str, object]]:
        every = (line for segment in segments(self.folder) for line in lines(segment))
        return [json.loads(line) for line in every if line.startswith(b"{")]

    def kinds(self) -> list[object]:
        return [record["kind"] for record in self.records()]

    def check(self) -> None:
        """Everything is there, sealed, and anchored to its end."""
        proof = verify(self.folder, self.anchor.standing(), self.anchor.first_key())
        assert proof.problems == ()
        assert proof.sound
        assert [record["seq"] for record in self.records()][-1:] in ([], [proof.last])

    def contents(self) -> dict[int, bytes]:
        """Return what stands in each segment, packed or not."""
        return {one.first: _content(one) for one in segments(self.folder)} if self.folder.exists() else {}

    def last_file(self) -> Path:
        return segments(self.folder)[-1].path


def _content(segment: Segment) -> bytes:
    with segment.open() as file:
        return file.read()
