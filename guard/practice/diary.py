"""What the practice portal tells its parent: pages seen and accounts registered.

It travels over the portal's channel only; no page can reach it. All of it is made up.
"""

from __future__ import annotations

import threading
import time
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from guard.errors import BrokenPromiseError, MachineError
from guard.practice.people import Account

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Seen(StrEnum):
    """What a page says about itself."""

    PAINTED = "painted"
    """It has been drawn, perhaps beneath other windows."""
    FOCUSED = "focused"
    """It has been drawn and the keyboard is its own."""
    DRAFT = "draft"
    """Its form kept what was typed in the browser's localStorage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSeen:
    """A page told what became of it."""

    page: str
    what: Seen
    citizen: str | None
    """Id of the citizen whose portal session the page's browser holds."""
    at: float
    """Monotonic s at which the portal was told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """An account was registered under a citizen."""

    citizen: str
    account: Account
    at: float
    """Monotonic s."""


Entry = PageSeen | Registered


def to_message(entry: Entry) -> dict[str, object]:
    """Return the entry as the channel carries it."""
    return {"told": "seen" if isinstance(entry, PageSeen) else "registered", **asdict(entry)}


def from_message(message: Mapping[str, object]) -> Entry:
    """Return the entry that a message carries; raises BrokenPromiseError when it carries none."""
    match dict(message):
        case {"told": "seen", "page": str(page), "what": str(what), "citizen": citizen, "at": float(at)} if (
            citizen is None or isinstance(citizen, str)
        ):
            return PageSeen(page=page, what=Seen(what), citizen=citizen, at=at)
        case {"told": "registered", "citizen": str(citizen), "account": dict(account), "at": float(at)}:
            fields = {str(key): str(value) for key, value in account.items()}
            return Registered(citizen=citizen, account=Account(**fields), at=at)
    raise BrokenPromiseError(
        "the practice portal told its parent something that is not an entry of its diary"
    )


class Diary:
    """All entries so far, and the means to wait for the next; safe from every thread."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._news = threading.Condition()

    def add(self, entry: Entry) -> None:
        """Write an entry down and wake everyone who waits."""
        with self._news:
            self._entries.append(entry)
            self._news.notify_all()

    def mark(self) -> int:
        """Return the place after the last entry, to wait for what comes after it."""
        with self._news:
            return len(self._entries)

    def wait(self, wanted: Callable[[Entry], bool], *, after: int, timeout: float) -> Entry:
        """Return the first wanted entry after this mark; raises MachineError after ``timeout`` s."""
        deadline = time.monotonic() + timeout
        with self._news:
            while True:
                for entry in self._entries[after:]:
                    if wanted(entry):
                        return entry
                if not self._news.wait(deadline - time.monotonic()):
                    raise MachineError(f"the practice portal's page was not seen within {timeout:g} s")

    def seen(self, *pages: str, what: Seen = Seen.FOCUSED, after: int = 0, timeout: float = 30) -> PageSeen:
        """Wait until one of these pages (any, if none is named) told this; raises MachineError."""

        def wanted(entry: Entry) -> bool:
            return isinstance(entry, PageSeen) and entry.what == what and (not pages or entry.page in pages)

        entry = self.wait(wanted, after=after, timeout=timeout)
        if not isinstance(entry, PageSeen):
            raise TypeError("a diary entry changed its kind")
        return entry

    def in_front(self) -> PageSeen | None:
        """Return the page that last had the keyboard."""
        with self._news:
            return next(
                (e for e in reversed(self._entries) if isinstance(e, PageSeen) and e.what == Seen.FOCUSED),
                None,
            )

    def ledger(self) -> tuple[Registered, ...]:
        """Return every registration so far, oldest first."""
        with self._news:
            return tuple(entry for entry in self._entries if isinstance(entry, Registered))
