"""The session as data: for every (state, event) pair, where it leads and what is to be done.

Theory of operation
===================

A counter is in one of eight states (`State`). What it knows besides is a handful of facts (`Facts`): is the
curtain up, is a spare capsule warm, what does the reader say. An event first changes the facts (`learn`), then
the table is asked: `TABLE[state][type(event)]` is a tuple of `Row`; the first row whose `Guard` holds is taken.

Three rules shape the table; `tests/session` checks them over every reachable state:

- *Covering never needs authority; uncovering always does.* `Do.UNCOVER` stands in three rows only: a card is
  laid on the reader of a READY counter, staff start a session without a card, staff resume a held session.
- *Unknown means end.* In ACTIVE and HELD every event that is not plainly harmless covers and ends.
- *READY is reachable only through proof.* A session leaves ENDING and WIPE_FAILED by `WipeProven` alone.

A session is over only when its capsule is proven gone. Until then the counter stays in ENDING or WIPE_FAILED
whatever else happens: curtain, reader or journal may come and go meanwhile; that changes the facts, and what
follows from them is settled when the proof arrives. Where no session lives, the state *is* a function of the
facts: the target `SETTLE` stands for it, and `settle` is that function.

What must live here: which event leads where, and with which effects. What this file must not know: how a card
is seen, how a window is covered, what time it is, or anything else that needs the outside world.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, StrEnum, auto
from typing import TYPE_CHECKING, Final, Literal

from guard.session import events as ev
from guard.session.effects import AlertKind, Timer
from guard.session.policy import OnRemoval, Policy

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class State(StrEnum):
    """What the counter is doing; see the design's table of what people see in each."""

    STARTING = "STARTING"
    READY = "READY"
    ACTIVE = "ACTIVE"
    HELD = "HELD"
    ENDING = "ENDING"
    TAKE_CARD = "TAKE_CARD"
    WIPE_FAILED = "WIPE_FAILED"
    OUT_OF_SERVICE = "OUT_OF_SERVICE"


SETTLE: Final = "SETTLE"
"""Target of a row: the state that follows from the facts."""

Target = State | Literal["SETTLE"]


class Card(StrEnum):
    """What the reader last said."""

    UNSEEN = "unseen"
    """Nothing yet since the start."""
    ABSENT = "absent"
    PRESENT = "present"
    LOST = "lost"
    """It said that it cannot say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known besides the state."""

    swept: bool = False
    curtain: bool = False
    spare: ev.SessionId | None = None
    card: Card = Card.UNSEEN
    journal: bool = True
    display: bool = True
    closed: bool = False
    """Staff took the counter out of service."""
    stopping: bool = False
    """The PC or the guard itself is going down."""


class Guard(Enum):
    """Conditions of rows; pure functions of facts, policy and the session, see `holds`."""

    ALWAYS = auto()
    POLICY_HOLD = auto()
    """Removal holds the session instead of ending it, and the session was opened by a card."""
    CARD_BACK = auto()
    """A card lies on the reader, or the session needs none."""
    SPARE_WARM = auto()


class Do(Enum):
    """What a row asks for; the machine fills in the session's id to make an effect of it."""

    COVER = auto()
    UNCOVER = auto()
    BEGIN = auto()
    """The warm spare becomes the session; its timers start."""
    END = auto()
    """Log out, kill, delete, verify."""
    END_AT_ONCE = auto()
    """The same without the logout: the capsule is dead, or must not live a moment longer."""
    KILL = auto()
    RETRY = auto()
    RETRY_LATER = auto()
    WARM = auto()
    RESTART_CURTAIN = auto()
    ARM_HOLD = auto()
    DISARM_HOLD = auto()
    ALERT_WIPE_FAILED = auto()
    ALERT_READER_LOST = auto()
    ALERT_COVER_LATE = auto()
    ALERT_CAPSULE_LOST = auto()
    ALERT_CURTAIN_LOST = auto()
    ALERT_DISPLAY_LOST = auto()
    ALERT_CLOCK_JUMPED = auto()
    ALERT_JOURNAL_LOST = auto()


ALERTS: Final[Mapping[Do, AlertKind]] = {
    do: AlertKind[do.name.removeprefix("ALERT_")] for do in Do if do.name.startswith("ALERT_")
}
TIMER_EVENTS: Final[Mapping[Timer, type[ev.SessionEvent]]] = {
    Timer.HOLD: ev.HoldOver,
    Timer.IDLE: ev.IdleOver,
    Timer.LONGEST: ev.LongestOver,
    Timer.RETRY: ev.RetryDue,
}


@dataclass(frozen=True, slots=True)
class Row:
    """One alternative for a (state, event) pair."""

    target: Target
    do: tuple[Do, ...] = ()
    when: Guard = Guard.ALWAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """The counter's whole state: everything the table needs to decide."""

    state: State = State.STARTING
    facts: Facts = Facts()
    current: ev.SessionId | None = None
    """The capsule that a citizen has used and that is not yet proven gone."""
    carded: bool = True
    """The current session was opened by a card (not by staff for a QR login)."""


def learn(facts: Facts, event: ev.Event) -> Facts:  # noqa: C901, PLR0911, PLR0912 -- one flat case an event
    """Return the facts after the event, whatever the state."""
    match event:
        case ev.CardPresent():
            return replace(facts, card=Card.PRESENT)
        case ev.CardAbsent():
            return replace(facts, card=Card.ABSENT)
        case ev.ReaderLost():
            return replace(facts, card=Card.LOST)
        case ev.LeftoversSwept():
            return replace(facts, swept=True)
        case ev.CurtainUp():
            return replace(facts, curtain=True)
        case ev.CurtainLost():
            return replace(facts, curtain=False)
        case ev.SpareWarm():
            return replace(facts, spare=event.session)
        case ev.SpareLost():
            return replace(facts, spare=None) if facts.spare in {None, event.session} else facts
        case ev.DisplayLost():
            return replace(facts, display=False)
        case ev.JournalLost():
            return replace(facts, journal=False)
        case ev.JournalBack():
            return replace(facts, journal=True)
        case ev.StaffOutOfService():
            return replace(facts, closed=True)
        case ev.StaffInService():
            return replace(facts, closed=False)
        case ev.SystemChanging(what=ev.SystemChange.SHUTDOWN):
            return replace(facts, stopping=True)
        case _:
            return facts


def settle(facts: Facts) -> State:
    """Return the state that follows from the facts where no session lives."""
    if facts.stopping or facts.closed or not facts.journal or not facts.display or facts.card is Card.LOST:
        return State.OUT_OF_SERVICE
    if not facts.swept or not facts.curtain or facts.card is Card.UNSEEN:
        return State.STARTING
    if facts.card is Card.PRESENT:
        return State.TAKE_CARD
    if facts.spare is None:
        return State.STARTING
    return State.READY


def holds(guard: Guard, session: Session, policy: Policy) -> bool:
    """Tell whether the condition holds for this session (facts already learnt)."""
    match guard:
        case Guard.ALWAYS:
            return True
        case Guard.POLICY_HOLD:
            return policy.on_removal is OnRemoval.HOLD and session.carded
        case Guard.CARD_BACK:
            return session.facts.card is Card.PRESENT or not session.carded
        case Guard.SPARE_WARM:
            return session.facts.spare is not None


# --- the table itself

_S = State
_IDLE: Final = (_S.STARTING, _S.READY, _S.TAKE_CARD, _S.OUT_OF_SERVICE)
"""No session lives: the state follows from the facts."""
_LIVE: Final = (_S.ACTIVE, _S.HELD)
_GOING: Final = (_S.ENDING, _S.WIPE_FAILED)

_END: Final = (Do.COVER, Do.END)
_END_AT_ONCE: Final = (Do.COVER, Do.END_AT_ONCE)
_BEGIN: Final = (Do.BEGIN, Do.UNCOVER, Do.WARM)

_Entry = tuple[Iterable[State], type[ev.Event], tuple[Row, ...]] if TYPE_CHECKING else tuple

_ENTRIES: Final[tuple[_Entry, ...]] = (
    # the reader: in READY a card begins a session; in a live one every change but the hold's own card ends it
    ((_S.READY,), ev.CardPresent, (Row(_S.ACTIVE, _BEGIN, Guard.SPARE_WARM), Row(SETTLE))),
    ((_S.STARTING, _S.TAKE_CARD, _S.OUT_OF_SERVICE), ev.CardPresent, (Row(SETTLE),)),
    ((_S.ACTIVE,), ev.CardPresent, (Row(_S.ENDING, _END),)),
    ((_S.HELD,), ev.CardPresent, (Row(_S.HELD, (), Guard.POLICY_HOLD), Row(_S.ENDING, _END))),
    ((_S.ACTIVE,), ev.CardAbsent, (Row(_S.HELD, (Do.COVER, Do.ARM_HOLD), Guard.POLICY_HOLD), Row(_S.ENDING, _END))),
    ((_S.HELD,), ev.CardAbsent, (Row(_S.ENDING, _END),)),
    (_IDLE, ev.CardAbsent, (Row(SETTLE),)),
    (_LIVE, ev.CardChanged, (Row(_S.ENDING, _END),)),
    (_IDLE, ev.CardChanged, (Row(SETTLE),)),
    (_LIVE, ev.ReaderLost, (Row(_S.ENDING, (*_END, Do.ALERT_READER_LOST)),)),
    (_IDLE, ev.ReaderLost, (Row(SETTLE, (Do.COVER, Do.ALERT_READER_LOST)),)),
    # people
    (_LIVE, ev.EndRequested, (Row(_S.ENDING, _END),)),
    (_LIVE, ev.StaffEnd, (Row(_S.ENDING, _END),)),
    ((_S.ACTIVE,), ev.CoverRequested, (Row(_S.HELD, (Do.COVER, Do.ARM_HOLD)),)),
    ((_S.HELD, *_IDLE), ev.CoverRequested, (Row(SETTLE, (Do.COVER,)),)),
    (
        (_S.HELD,),
        ev.StaffResume,
        (Row(_S.ACTIVE, (Do.DISARM_HOLD, Do.UNCOVER), Guard.CARD_BACK), Row(_S.HELD)),
    ),
    ((_S.READY,), ev.StaffStart, (Row(_S.ACTIVE, _BEGIN, Guard.SPARE_WARM), Row(SETTLE))),
    (_LIVE, ev.StaffOutOfService, (Row(_S.ENDING, _END),)),
    (_IDLE, ev.StaffOutOfService, (Row(SETTLE, (Do.COVER,)),)),
    (_IDLE, ev.StaffInService, (Row(SETTLE),)),
    # time
    ((_S.HELD,), ev.HoldOver, (Row(_S.ENDING, _END),)),
    (_LIVE, ev.IdleOver, (Row(_S.ENDING, _END),)),
    (_LIVE, ev.LongestOver, (Row(_S.ENDING, _END),)),
    ((_S.WIPE_FAILED,), ev.RetryDue, (Row(_S.WIPE_FAILED, (Do.RETRY,)),)),
    # our own parts
    (_IDLE, ev.LeftoversSwept, (Row(SETTLE),)),
    (_IDLE, ev.CurtainUp, (Row(SETTLE),)),
    (_LIVE, ev.CurtainLost, (Row(_S.ENDING, (*_END, Do.RESTART_CURTAIN, Do.ALERT_CURTAIN_LOST)),)),
    (_GOING, ev.CurtainLost, (Row(SETTLE, (Do.COVER, Do.RESTART_CURTAIN, Do.ALERT_CURTAIN_LOST)),)),
    (_IDLE, ev.CurtainLost, (Row(SETTLE, (Do.COVER, Do.RESTART_CURTAIN, Do.ALERT_CURTAIN_LOST)),)),
    (_IDLE, ev.SpareWarm, (Row(SETTLE),)),
    (tuple(_S), ev.SpareLost, (Row(SETTLE, (Do.WARM,)),)),
    (_LIVE, ev.CapsuleLost, (Row(_S.ENDING, (*_END_AT_ONCE, Do.ALERT_CAPSULE_LOST)),)),
    (_LIVE, ev.CoverLate, (Row(_S.ENDING, (*_END_AT_ONCE, Do.ALERT_COVER_LATE)),)),
    (_GOING, ev.CoverLate, (Row(SETTLE, (Do.KILL, Do.ALERT_COVER_LATE)),)),
    (_IDLE, ev.CoverLate, (Row(SETTLE, (Do.ALERT_COVER_LATE,)),)),
    (_LIVE, ev.DisplayLost, (Row(_S.ENDING, (Do.END_AT_ONCE, Do.ALERT_DISPLAY_LOST)),)),
    (_GOING, ev.DisplayLost, (Row(SETTLE, (Do.KILL, Do.ALERT_DISPLAY_LOST)),)),
    (_IDLE, ev.DisplayLost, (Row(SETTLE, (Do.ALERT_DISPLAY_LOST,)),)),
    # the end
    (_GOING, ev.WipeProven, (Row(SETTLE),)),
    (_GOING, ev.WipeFailed, (Row(_S.WIPE_FAILED, (Do.COVER, Do.ALERT_WIPE_FAILED, Do.RETRY_LATER)),)),
    # the machine
    (_LIVE, ev.SystemChanging, (Row(_S.ENDING, _END),)),
    (_IDLE, ev.SystemChanging, (Row(SETTLE, (Do.COVER,)),)),
    (_LIVE, ev.ClockJumped, (Row(_S.ENDING, (*_END, Do.ALERT_CLOCK_JUMPED)),)),
    ((*_IDLE, *_GOING), ev.ClockJumped, (Row(SETTLE, (Do.ALERT_CLOCK_JUMPED,)),)),
    (_LIVE, ev.JournalLost, (Row(_S.ENDING, (*_END, Do.ALERT_JOURNAL_LOST)),)),
    ((*_IDLE, *_GOING), ev.JournalLost, (Row(SETTLE, (Do.COVER, Do.ALERT_JOURNAL_LOST)),)),
    (_IDLE, ev.JournalBack, (Row(SETTLE),)),
    # pairs in which an event changes at most the facts: each is named, so that none is forgotten
    (_GOING, ev.CardPresent, (Row(SETTLE),)),
    (_GOING, ev.CardAbsent, (Row(SETTLE),)),
    (_GOING, ev.CardChanged, (Row(SETTLE),)),
    (_GOING, ev.ReaderLost, (Row(SETTLE, (Do.ALERT_READER_LOST,)),)),
    ((*_IDLE, *_GOING), ev.EndRequested, (Row(SETTLE),)),
    ((*_IDLE, *_GOING), ev.StaffEnd, (Row(SETTLE),)),
    (_GOING, ev.CoverRequested, (Row(SETTLE, (Do.COVER,)),)),
    ((_S.ACTIVE, *_IDLE, *_GOING), ev.StaffResume, (Row(SETTLE),)),
    ((_S.STARTING, _S.TAKE_CARD, _S.OUT_OF_SERVICE, *_LIVE, *_GOING), ev.StaffStart, (Row(SETTLE),)),
    (_GOING, ev.StaffOutOfService, (Row(SETTLE),)),
    ((*_LIVE, *_GOING), ev.StaffInService, (Row(SETTLE),)),
    ((_S.ACTIVE, *_IDLE, *_GOING), ev.HoldOver, (Row(SETTLE),)),
    ((*_IDLE, *_GOING), ev.IdleOver, (Row(SETTLE),)),
    ((*_IDLE, *_GOING), ev.LongestOver, (Row(SETTLE),)),
    ((_S.ENDING, *_LIVE, *_IDLE), ev.RetryDue, (Row(SETTLE),)),
    ((*_LIVE, *_GOING), ev.LeftoversSwept, (Row(SETTLE),)),
    ((*_LIVE, *_GOING), ev.CurtainUp, (Row(SETTLE),)),
    ((*_LIVE, *_GOING), ev.SpareWarm, (Row(SETTLE),)),
    (tuple(_S), ev.CoverConfirmed, (Row(SETTLE),)),
    ((*_IDLE, *_GOING), ev.CapsuleLost, (Row(SETTLE),)),
    ((*_IDLE, *_LIVE), ev.WipeProven, (Row(SETTLE),)),
    ((*_IDLE, *_LIVE), ev.WipeFailed, (Row(SETTLE),)),
    (_GOING, ev.SystemChanging, (Row(SETTLE, (Do.COVER,)),)),
    ((*_LIVE, *_GOING), ev.JournalBack, (Row(SETTLE),)),
)


def _build() -> Mapping[State, Mapping[type[ev.Event], tuple[Row, ...]]]:
    table: dict[State, dict[type[ev.Event], tuple[Row, ...]]] = {state: {} for state in State}
    for states, event, rows in _ENTRIES:
        for state in states:
            if event in table[state]:
                raise ValueError(f"the table says twice what {event.__name__} does in {state}")
            if rows[-1].when is not Guard.ALWAYS:
                raise ValueError(f"no row of {event.__name__} in {state} applies when its guards fail")
            table[state][event] = rows
    missing = [(state, event) for state in State for event in ev.EVENTS if event not in table[state]]
    if missing:
        raise ValueError(f"the table says nothing about {missing}")
    return table


TABLE: Final = _build()
"""Every state, every event, in order of precedence: the first row whose guard holds is taken."""
