"""Everything that can happen to a session, as frozen values.

An event says what was seen, never what to do about it; the table decides. Events that belong to one citizen's
capsule carry its `SessionId`, and the machine drops those that come late (seed lesson: a late answer must
never land on the next person).

The staff events carry authority: whoever posts one promises that the named person's PIN was verified just
now.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

SessionId = NewType("SessionId", str)
"""Random (128 bits, hex), born with a capsule and never reused: one capsule, one citizen, one id."""

StaffId = NewType("StaffId", str)
"""A member of staff's number."""


class ReaderLoss(StrEnum):
    """Why nobody can say any more whether a card lies on the reader."""

    READER_GONE = "reader_gone"
    """The reader was unplugged, or reports UNAVAILABLE, UNKNOWN or MUTE."""
    SERVICE_GONE = "service_gone"
    """The PC/SC service stopped, died or was restarted."""
    SILENT = "silent"
    """The watch itself no longer answers."""


class SystemChange(StrEnum):
    """Something outside is about to take the counter away."""

    SUSPEND = "suspend"
    LOCK = "lock"
    LOGOUT = "logout"
    SHUTDOWN = "shutdown"
    STOP = "stop"
    """The guard alone is to end, by a signal."""


class EndedBy(StrEnum):
    """Who asked for the end; asking never needs authority."""

    CITIZEN = "citizen"
    """The end button on the strip."""
    CONTROL = "control"
    """``guard end``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Base of all events."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEvent(Event):
    """Base of events that belong to one capsule and are dropped when it is no longer current."""

    session: SessionId


# --- the reader


@dataclass(frozen=True, slots=True, kw_only=True)
class CardPresent(Event):
    """A card lies on the reader, and none did before."""

    counter: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CardAbsent(Event):
    """The reader answers and is empty, and was not known to be."""

    counter: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CardChanged(Event):
    """The reader's event counter moved although the card seems where it was: it was swapped or lifted."""

    counter: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderLost(Event):
    """The reader no longer says whether a card is there; counts as removal."""

    why: ReaderLoss


# --- getting ready


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftoversSwept(Event):
    """Nothing of an earlier run is left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CurtainUp(Event):
    """The curtain's windows exist and show what they were told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CurtainLost(Event):
    """The curtain died or no longer answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpareWarm(Event):
    """A fresh capsule stands painted beneath the curtain; ``session`` is the id it was born with.

    It takes the place of another one. Never said of a capsule that has died.
    """

    session: SessionId


@dataclass(frozen=True, slots=True, kw_only=True)
class SpareLost(Event):
    """A capsule that no citizen has used died, could not open its start page, or gave way to another portal.

    If a citizen has begun to use it meanwhile, the machine reads it as `CapsuleLost`.
    """

    session: SessionId


# --- covering


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverConfirmed(Event):
    """The display server confirmed that the shade covers every monitor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverLate(Event):
    """The shade was not confirmed within its deadline."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DisplayLost(Event):
    """The display server is gone; nothing can be covered or shown."""


# --- people


@dataclass(frozen=True, slots=True, kw_only=True)
class EndRequested(Event):
    """Somebody asked for the end of the session."""

    by: EndedBy


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverRequested(Event):
    """Somebody asked for the cover (hotkey, ``guard cover``)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffEnd(Event):
    """Staff forced the logout."""

    staff: StaffId


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffResume(SessionEvent):
    """Staff resume the held session that they saw when they entered their PIN, and no later one."""

    staff: StaffId


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffStart(Event):
    """Staff start a session for a citizen who logs in without a card (QR code)."""

    staff: StaffId


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffOutOfService(Event):
    """Staff take the counter out of service."""

    staff: StaffId


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffInService(Event):
    """Staff put the counter back into service."""

    staff: StaffId


# --- time


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldOver(SessionEvent):
    """The hold time of the held session is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdleOver(SessionEvent):
    """Nobody has touched the portal for the idle time, and the warning has passed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LongestOver(SessionEvent):
    """The session has reached its longest duration."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryDue(SessionEvent):
    """It is time to try a failed wipe again."""


# --- the end


@dataclass(frozen=True, slots=True, kw_only=True)
class CapsuleLost(SessionEvent):
    """The citizen's capsule died, or no longer answers; of a capsule not yet used read as `SpareLost`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WipeProven(SessionEvent):
    """The receipt is good: of this session nothing is left on the PC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WipeFailed(SessionEvent):
    """The receipt is not good: something may be left."""


# --- the machine


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemChanging(Event):
    """The PC is about to sleep, lock, log out or shut down, or the guard is to stop."""

    what: SystemChange


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemAwake(Event):
    """The sleep that was announced is over, or was called off; what the reader holds must be seen anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockJumped(Event):
    """Wall time and monotonic time parted, or the PC slept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalLost(Event):
    """The journal cannot be written (disk full, folder gone)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalBack(Event):
    """The journal can be written again."""


StaffEvent = StaffEnd | StaffResume | StaffStart | StaffOutOfService | StaffInService
"""What only a member of staff can cause."""

EVENTS: tuple[type[Event], ...] = (
    CardPresent,
    CardAbsent,
    CardChanged,
    ReaderLost,
    LeftoversSwept,
    CurtainUp,
    CurtainLost,
    SpareWarm,
    SpareLost,
    CoverConfirmed,
    CoverLate,
    DisplayLost,
    EndRequested,
    CoverRequested,
    StaffEnd,
    StaffResume,
    StaffStart,
    StaffOutOfService,
    StaffInService,
    HoldOver,
    IdleOver,
    LongestOver,
    RetryDue,
    CapsuleLost,
    WipeProven,
    WipeFailed,
    SystemChanging,
    SystemAwake,
    ClockJumped,
    JournalLost,
    JournalBack,
)
"""Every concrete event; the table holds a row for each of them in each state."""
