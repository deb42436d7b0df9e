"""Listens to a journal."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

PATIENCE = 20.0
"""s; how long a test waits for what must happen. Nothing is asserted about how long it took."""


@dataclass
class Ear:
    """Implements `guard.journal.port.JournalListener`."""

    lost: threading.Event = field(default_factory=threading.Event)
    back: threading.Event = field(default_factory=threading.Event)
    damaged: threading.Event = field(default_factory=threading.Event)
    unanchored: threading.Event = field(default_factory=threading.Event)
    seq: int = 0
    """Of the last durable record."""
    _ticket: int = 0
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def durable(self, ticket: int, seq: int) -> None:
        with self._changed:
            self._ticket, self.seq = ticket, seq
            self._changed.notify_all()

    def wait_durable(self, ticket: int) -> None:
        """Wait until this record is on the disk."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._ticket >= ticket, PATIENCE)

    def journal_lost(self) -> None:
        self.lost.set()

    def journal_back(self) -> None:
        self.back.set()

    def journal_damaged(self) -> None:
        self.damaged.set()

    def anchor_lost(self) -> None:
        self.unanchored.set()
