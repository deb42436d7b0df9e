"""What one look at the reader said, and what two looks in a row mean. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from guard.readers.scard import State
from guard.session.events import CardAbsent, CardChanged, CardPresent, Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One state word, understood."""

    present: bool
    counter: int
    """The reader's count of insertions and removals: 16 bits, wraps, always 0 where the service has none."""
    changed: bool
    """The service itself says that something changed since the look before."""
    known: int
    """The word to hand back so that the next wait ends when something differs from this look."""


def understand(word: int) -> Look | None:
    """Return what the word says, or None if it does not say clearly whether a card is there.

    A card that other programs use is a card that is there. A mute one (put in the wrong way round) is not: it
    ends a session like any removal, and opens none.
    """
    state = State(word & sum(State))
    if state & (State.UNKNOWN | State.UNAVAILABLE):
        return None
    if bool(state & State.PRESENT) == bool(state & State.EMPTY):
        return None
    return Look(
        present=State.PRESENT in state and State.MUTE not in state,
        counter=word >> 16 & 0xFFFF,
        changed=bool(state & State.CHANGED),
        known=word
        & ~int(State.CHANGED),  # of an IntFlag, ~ would lose every bit that has no name: the counter
    )


def judge(before: Look | None, now: Look, *, trust_counter: bool) -> Event | None:
    """Return the event between two looks in a row; None if nothing happened.

    The words are compared here because libpcsclite compares the counter only when the old one is not zero
    (measured: a card that lay in when the service started has 0). Without a counter to trust, the CHANGED
    bit counts, although it also reports another program's use of the card: unknown means changed.
    """
    if before is None or before.present != now.present:
        return CardPresent(counter=now.counter) if now.present else CardAbsent(counter=now.counter)
    if now.counter != before.counter or (now.changed and not trust_counter):
        return CardChanged(counter=now.counter)
    return None
