"""The port: something that watches one reader and says what it sees."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from guard.session.events import Event

Post = Callable[[Event], None]
"""Hands an event to the core's queue; safe from every thread, never blocks, never raises."""


class Watch(StrEnum):
    """How removal is noticed (``reader.watch``)."""

    PRESENCE = "presence"
    """Ask only whether a card is there: no connection to the card at all (default)."""
    HANDLE = "handle"
    """Also hold one shared handle, sending nothing: for polled readers, where quick swaps would hide."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderStatus:
    """What the watch knows now, for ``guard status``."""

    name: str
    """The reader's full PC/SC name."""
    state: str
    """``present``, ``absent``, ``lost`` or ``unseen``."""
    counter: int | None
    """The reader's own count of insertions and removals; None while lost or unseen."""


class ReaderWatch(Protocol):
    """Watches one reader and posts CardPresent, CardAbsent, CardChanged and ReaderLost.

    Promises: the first event after a start or a loss tells the present state; removal is posted as soon as
    PC/SC reports it; a card swapped between two looks is posted as CardChanged; any answer that is not
    understood is ReaderLost; after a loss it goes on by itself and posts again when the reader answers.
    It never sends anything to a card.
    """

    def start(self) -> None:
        """Begin to watch.

        Raises ConfigError when the reader cannot be told (none, or several and none named) and MachineError
        when there is no PC/SC service.
        """
        ...

    def status(self) -> ReaderStatus:
        """Return what is known now; callable from every thread."""
        ...

    def last_sign(self) -> float:
        """Return the monotonic time (s) at which the watch last proved to be alive."""
        ...

    def refresh(self) -> None:
        """Post the present state afresh at the next sign of life (the core has declared it silent)."""
        ...

    def heartbeat(self) -> float:
        """Return the longest time (s) between two signs of life of a healthy watch."""
        ...

    def stop(self) -> None:
        """Stop watching and release everything; returns when the thread has ended (within 2 s)."""
        ...
