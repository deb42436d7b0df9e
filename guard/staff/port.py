"""The port: the staff book, as the core and the commands see it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Protocol

from guard.session.events import StaffId

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.secret import Secret

EMERGENCY: Final = StaffId("emergency")
"""Who comes with the emergency code instead of a number and a PIN."""


class Verdict(StrEnum):
    """What came of one try."""

    YES = "yes"
    WRONG = "wrong"
    """Number or PIN is wrong, or this person's PIN is locked, disabled or expired: nobody is told which."""
    WAIT = "wait"
    """Too soon after a wrong try: nothing was looked at, nothing was counted."""
    BROKEN = "broken"
    """Keyring or process failed; counts as no."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of one try, and what follows from it."""

    verdict: Verdict
    staff: StaffId | None = None
    """Whom it was about, when the book knows them; without a YES this is for the journal only."""
    name: str = ""
    """Of the person whose PIN was right."""
    wait_seconds: float = 0.0
    """Until the next try is looked at."""
    locked: bool = False
    """This try was the last one allowed in a row: somebody, or the counter, is locked out now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody whose PIN works today, for the list on the pad."""

    number: StaffId
    name: str


class StaffBook(Protocol):
    """Knows the staff; asks a process of its own, so that only that process's clean yes counts.

    Calls return at once; the answer comes once, from any thread. One question is under way at a time; further
    ones wait their turn.
    """

    def people(self, then: Callable[[tuple[Person, ...] | None], None]) -> None:
        """Tell who may be chosen, by number; None when the keyring cannot be read."""
        ...

    def verify(self, number: str, pin: Secret, then: Callable[[Answer], None]) -> None:
        """Check this PIN; ``number`` is `EMERGENCY` for the emergency code."""
        ...

    def close(self) -> None:
        """Give up what is under way; returns when no process is left."""
        ...
