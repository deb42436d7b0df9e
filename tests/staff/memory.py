"""Parts of a staff book that cost nothing: a counting hasher, a clock with a restart."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC
from typing import TYPE_CHECKING

from guard.staff.book import Book
from tests.support.clock import TurnedClock
from tests.support.memory_store import MemoryStore

if TYPE_CHECKING:
    from datetime import tzinfo

    from guard.secret import Secret


class KilledError(BaseException):
    """The process was killed at this point."""


@dataclass
class CountingHasher:
    """Implements `guard.staff.hashing.Hasher` with a hash that costs nothing."""

    made: int = 0
    verified: list[str] = field(default_factory=list)
    kills: bool = False
    """The process is killed before the next verification says anything."""

    def hash(self, secret: Secret) -> str:
        self.made += 1
        return _hash(str(self.made), secret)

    def verify(self, hashed: str, secret: Secret) -> bool:
        self.verified.append(hashed)
        if self.kills:
            raise KilledError
        return hashed == _hash(hashed.partition("$")[0], secret)


def _hash(salt: str, secret: Secret) -> str:
    return f"{salt}${hashlib.sha256(f'{salt}{secret.reveal()}'.encode()).hexdigest()}"


class RestartedClock(TurnedClock):
    """A clock of a PC that can be restarted."""

    def __init__(self) -> None:
        super().__init__()
        self._booted = 0.0

    def boot(self) -> float:
        return super().boot() - self._booted

    def restart(self) -> None:
        """Begin to count from 0."""
        self._booted = super().boot()


@dataclass
class Counter:
    """A counter with a staff book, whose processes live for one question each."""

    store: MemoryStore = field(default_factory=MemoryStore)
    hasher: CountingHasher = field(default_factory=CountingHasher)
    clock: RestartedClock = field(default_factory=RestartedClock)
    zone: tzinfo = UTC

    @property
    def book(self) -> Book:
        """A new process's."""
        return Book(self.store, self.hasher, self.clock, self.zone)
