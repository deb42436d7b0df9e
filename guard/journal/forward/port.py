"""The port: where records are sent to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from guard.errors import MachineError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from guard.journal.record import Record


class TargetError(MachineError):
    """The target did not surely take what it was given; it is to be sent again."""


class TargetMissingError(TargetError):
    """This PC has no such target; that is nobody's fault, and it may come yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How many records a target is given at once, and how long (s) it rests after so many."""

    records: int
    rest: float = 0.0


class Target(Protocol):
    """Takes records in the order of their numbers; from one thread."""

    @property
    def name(self) -> str:
        """Short and fixed, for status and alerts."""
        ...

    @property
    def place(self) -> str:
        """Which one of its kind it is; two places have taken different records."""
        ...

    @property
    def pace(self) -> Pace:
        """How much it is given at once."""
        ...

    @property
    def wants_history(self) -> bool:
        """Whether a target that is new here gets all records there are, or only the newest segment's."""
        ...

    def send(self, records: Sequence[Record]) -> int:
        """Return how many of them, from the first one on, were surely taken: at least one.

        Raises TargetError when none was, with one sentence that says why. It may have taken more than it
        knows: what is sent again has the same ``seq``.
        """
        ...
