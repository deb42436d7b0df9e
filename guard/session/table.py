"""The session as data: for every (state, event) pair, where it leads and what is to be done.

Theory of operation
===================

A counter is in one of eight states (`State`). What it knows besides is a handful of facts (`Facts`): is the
curtain up, is a spare capsule warm, what does the reader say. An event first changes the facts (`learn`),
then the table is asked: `TABLE[state][type(event)]` is a tuple of `Row`; the first row whose `When` holds is
taken.

Three rules shape the table; `tests/session` checks them over every reachable configuration:

- *Covering never needs authority; uncovering always does.* `Do.UNCOVER` stands in three rows only: a card is
  laid on the reader of a READY counter, staff start a session without a card, staff resume a held session.
- *Unknown means end.* In ACTIVE and HELD every event that is not plainly harmless covers and ends.
- *READY is reachable only through proof.* A session leaves ENDING and WIPE_FAILED by `WipeProven` alone.

A session is over only when its capsule is proven gone. Until then the counter stays in ENDING or WIPE_FAILED
whatever else happens: curtain, reader or journal may come and go meanwhile; that changes the facts, and what
follows from them is settled when the proof arrives. Where no session lives, the state *is* a function of the
facts: the target `Then.SETTLE` stands for it, and `settle` is that function.

What must live here: which event leads where, and with which effects. What this file must not know: how a card
is seen, how a window is covered, what time it is, or anything else that needs the outside world.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, StrEnum, auto
from typing import TYPE_CHECKING, Final

from guard.session import events as ev
from guard.session.effects import AlertKind, Timer
from guard.session.policy import OnRemoval, Policy

if TYPE_CHECKING:
    from collections.abc import Mapping


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


class Then(Enum):
    """Targets of rows that name no state."""

    STAY = auto()
    """The state stays what it is; at most the facts have changed."""
    SETTLE = auto()
    """No session lives (any more): the state that follows from the facts, see `settle`."""


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
    """False for good once lost: only a new start of the guard brings a display back."""
    closed: bool = False
    """Staff took the counter out of service."""
    asleep: bool = False
    """The PC is about to sleep, or sleeps: nobody is to be shown what they would leave behind."""
    stopping: bool = False
    """The PC or the guard itself is going down; there is no way back."""


class When(Enum):
    """Conditions of rows; pure functions of facts, policy and the session, see `holds`."""

    ALWAYS = auto()
    REMOVAL_HOLDS = auto()
    """Removal holds the session instead of ending it, and the session was opened by a card."""
    CARD_BACK = auto()
    """A card lies on the reader, or the session needs none."""
    STOPPING = auto()
    """All is going down: nothing is started anew, and parts that go are no reason for an alert."""


class Do(Enum):
    """What a row asks for; the machine fills in the session's id to make effects of it."""

    COVER = auto()
    UNCOVER = auto()
    BEGIN = auto()
    """The warm spare becomes the session; its timers start."""
    BEGIN_WITHOUT_CARD = auto()
    """The same for a citizen who logs in by QR code: the card is not what keeps the session."""
    HOLD = auto()
    """The hold's clock runs instead of the idle one."""
    RESUME = auto()
    """The idle clock starts anew instead of the hold's."""
    END = auto()
    """Log out, kill, delete, verify; the session's timers stop."""
    END_AT_ONCE = auto()
    """The same without the logout: the capsule is dead, or must not live a moment longer."""
    KILL = auto()
    RETRY = auto()
    RETRY_LATER = auto()
    WARM = auto()
    RESTART_CURTAIN = auto()


TIMER_EVENTS: Final[Mapping[Timer, type[ev.SessionEvent]]] = {
    Timer.HOLD: ev.HoldOver,
    Timer.IDLE: ev.IdleOver,
    Timer.LONGEST: ev.LongestOver,
    Timer.RETRY: ev.RetryDue,
}
"""What each timer answers with."""


@dataclass(frozen=True, slots=True)
class Row:
    """One alternative for a (state, event) pair; an alert is asked for by its kind."""

    target: State | Then
    do: tuple[Do | AlertKind, ...] = ()
    when: When = When.ALWAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """The counter's whole state: everything the table needs to decide."""

    state: State = State.STARTING
    facts: Facts = Facts()
    current: ev.SessionId | None = None
    """The capsule that a citizen has used and that is not yet proven gone."""
    carded: bool = True
    """The current session was opened by a card (not by staff for a QR login)."""
    used: frozenset[ev.SessionId] = frozenset()
    """The capsules proven gone after a citizen used them: nothing they still say is believed. Grows by one
    short string a citizen until the guard restarts, which at a counter is every morning."""

    @property
    def card_back(self) -> bool:
        """A card lies on the reader, or the session needs none."""
        return self.facts.card is Card.PRESENT or not self.carded

    def of_a_citizen(self, capsule: ev.SessionId) -> bool:
        """Tell whether a citizen uses this capsule or has used it: then it is nobody's spare."""
        return capsule == self.current or capsule in self.used


def learn(facts: Facts, event: ev.Event) -> Facts:  # noqa: C901, PLR0911, PLR0912 -- flat: one case an event
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
        case ev.SystemChanging(what=ev.SystemChange.SUSPEND):
            return replace(facts, asleep=True)
        case ev.SystemAwake():
            seen = facts.card if facts.card is Card.LOST else Card.UNSEEN
            return replace(facts, asleep=False, card=seen)
        case ev.SystemChanging(what=ev.SystemChange.SHUTDOWN | ev.SystemChange.STOP):
            return replace(facts, stopping=True)
        case _:
            return facts


def settle(facts: Facts) -> State:
    """Return the state that follows from the facts where no session lives."""
    if facts.stopping or facts.closed or not facts.journal or not facts.display or facts.card is Card.LOST:
        return State.OUT_OF_SERVICE
    if facts.asleep or not facts.swept or not facts.curtain or facts.card is Card.UNSEEN:
        return State.STARTING
    if facts.card is Card.PRESENT:
        return State.TAKE_CARD
    if facts.spare is None:
        return State.STARTING
    return State.READY


def holds(when: When, session: Session, policy: Policy) -> bool:
    """Tell whether the condition holds for this session (facts already learnt)."""
    match when:
        case When.ALWAYS:
            return True
        case When.REMOVAL_HOLDS:
            return policy.on_removal is OnRemoval.HOLD and session.carded
        case When.CARD_BACK:
            return session.card_back
        case When.STOPPING:
            return session.facts.stopping


# --- the table itself

_S = State
LIVE: Final = (_S.ACTIVE, _S.HELD)
"""A citizen's session lives."""
GOING: Final = (_S.ENDING, _S.WIPE_FAILED)
"""A citizen's session is over but not yet proven gone."""
FREE: Final = (_S.STARTING, _S.READY, _S.TAKE_CARD, _S.OUT_OF_SERVICE)
"""No session lives: the state follows from the facts, and events that name a session come too late."""

_STAY: Final = (Row(Then.STAY),)
_SETTLE: Final = (Row(Then.SETTLE),)


def _end(*alerts: Do | AlertKind) -> tuple[Row]:
    return (Row(_S.ENDING, (Do.COVER, Do.END, *alerts)),)


def _end_at_once(alert: AlertKind) -> tuple[Row]:
    return (Row(_S.ENDING, (Do.COVER, Do.END_AT_ONCE, alert)),)


def _part_lost(
    then: Then, always: tuple[Do, ...], unless_stopping: tuple[Do | AlertKind, ...]
) -> tuple[Row, Row]:
    return Row(then, always, When.STOPPING), Row(then, (*always, *unless_stopping))


_Entry = tuple[tuple[State, ...], tuple[Row, ...]]
_CURTAIN_LOST: Final = (Do.RESTART_CURTAIN, AlertKind.CURTAIN_LOST)

_ENTRIES: Final[Mapping[type[ev.Event], tuple[_Entry, ...]]] = {
    # the reader: in READY a card begins a session; in a live one every change but a hold's own card ends it
    ev.CardPresent: (
        ((_S.READY,), (Row(_S.ACTIVE, (Do.BEGIN, Do.UNCOVER, Do.WARM)),)),
        ((_S.ACTIVE,), _end()),
        ((_S.HELD,), (Row(Then.STAY, (), When.REMOVAL_HOLDS), *_end())),
        (GOING, _STAY),
        ((_S.STARTING, _S.TAKE_CARD, _S.OUT_OF_SERVICE), _SETTLE),
    ),
    ev.CardAbsent: (
        ((_S.ACTIVE,), (Row(_S.HELD, (Do.COVER, Do.HOLD), When.REMOVAL_HOLDS), *_end())),
        ((_S.HELD,), _end()),
        (GOING, _STAY),
        (FREE, _SETTLE),
    ),
    ev.CardChanged: ((LIVE, _end()), (GOING, _STAY), (FREE, _SETTLE)),
    ev.ReaderLost: (
        (LIVE, _end(AlertKind.READER_LOST)),
        (GOING, _part_lost(Then.STAY, (), (AlertKind.READER_LOST,))),
        (FREE, _part_lost(Then.SETTLE, (Do.COVER,), (AlertKind.READER_LOST,))),
    ),
    # people
    ev.EndRequested: ((LIVE, _end()), (GOING, _STAY), (FREE, _SETTLE)),
    ev.CoverRequested: (
        ((_S.ACTIVE,), (Row(_S.HELD, (Do.COVER, Do.HOLD)),)),
        ((_S.HELD, *GOING), (Row(Then.STAY, (Do.COVER,)),)),
        (FREE, (Row(Then.SETTLE, (Do.COVER,)),)),
    ),
    ev.StaffEnd: ((LIVE, _end()), (GOING, _STAY), (FREE, _SETTLE)),
    ev.StaffResume: (
        ((_S.HELD,), (Row(_S.ACTIVE, (Do.RESUME, Do.UNCOVER), When.CARD_BACK), *_STAY)),
        ((_S.ACTIVE, *GOING, *FREE), _STAY),
    ),
    ev.StaffStart: (
        ((_S.READY,), (Row(_S.ACTIVE, (Do.BEGIN_WITHOUT_CARD, Do.UNCOVER, Do.WARM)),)),
        ((*LIVE, *GOING), _STAY),
        ((_S.STARTING, _S.TAKE_CARD, _S.OUT_OF_SERVICE), _SETTLE),
    ),
    ev.StaffOutOfService: (
        (LIVE, _end()),
        (GOING, _STAY),
        (FREE, (Row(Then.SETTLE, (Do.COVER,)),)),
    ),
    ev.StaffInService: (((*LIVE, *GOING), _STAY), (FREE, _SETTLE)),
    # time
    ev.HoldOver: (((_S.HELD,), _end()), ((_S.ACTIVE, *GOING, *FREE), _STAY)),
    ev.IdleOver: ((LIVE, _end()), ((*GOING, *FREE), _STAY)),
    ev.LongestOver: ((LIVE, _end()), ((*GOING, *FREE), _STAY)),
    ev.RetryDue: (
        ((_S.WIPE_FAILED,), (Row(Then.STAY, (Do.RETRY,)),)),
        ((*LIVE, _S.ENDING, *FREE), _STAY),
    ),
    # our own parts
    ev.LeftoversSwept: (((*LIVE, *GOING), _STAY), (FREE, _SETTLE)),
    ev.CurtainUp: (((*LIVE, *GOING), _STAY), (FREE, _SETTLE)),
    ev.CurtainLost: (
        (LIVE, _end(*_CURTAIN_LOST)),
        (GOING, _part_lost(Then.STAY, (Do.COVER,), _CURTAIN_LOST)),
        (FREE, _part_lost(Then.SETTLE, (Do.COVER,), _CURTAIN_LOST)),
    ),
    ev.SpareWarm: (((*LIVE, *GOING), _STAY), (FREE, _SETTLE)),
    ev.SpareLost: (
        (LIVE, (Row(Then.STAY, (Do.WARM,)),)),
        (GOING, _part_lost(Then.STAY, (), (Do.WARM,))),
        (FREE, _part_lost(Then.SETTLE, (), (Do.WARM,))),
    ),
    ev.CapsuleLost: ((LIVE, _end_at_once(AlertKind.CAPSULE_LOST)), ((*GOING, *FREE), _STAY)),
    ev.CoverConfirmed: (((*LIVE, *GOING), _STAY), (FREE, _SETTLE)),
    ev.CoverLate: (
        (LIVE, _end_at_once(AlertKind.COVER_LATE)),
        (GOING, (Row(Then.STAY, (Do.KILL, AlertKind.COVER_LATE)),)),
        (FREE, (Row(Then.SETTLE, (AlertKind.COVER_LATE,)),)),
    ),
    ev.DisplayLost: (
        (LIVE, _end_at_once(AlertKind.DISPLAY_LOST)),
        (GOING, _part_lost(Then.STAY, (Do.KILL,), (AlertKind.DISPLAY_LOST,))),
        (FREE, _part_lost(Then.SETTLE, (), (AlertKind.DISPLAY_LOST,))),
    ),
    # the end: a receipt for a session that nobody has ended is no receipt, and what lives is ended
    ev.WipeProven: ((LIVE, _end_at_once(AlertKind.CAPSULE_LOST)), (GOING, _SETTLE), (FREE, _STAY)),
    ev.WipeFailed: (
        (LIVE, _end_at_once(AlertKind.CAPSULE_LOST)),
        (GOING, (Row(_S.WIPE_FAILED, (Do.COVER, AlertKind.WIPE_FAILED, Do.RETRY_LATER)),)),
        (FREE, _STAY),
    ),
    # the machine
    ev.SystemChanging: (
        (LIVE, _end()),
        (GOING, (Row(Then.STAY, (Do.COVER,)),)),
        (FREE, (Row(Then.SETTLE, (Do.COVER,)),)),
    ),
    # a session that was not ended by the announcement, or began before the end of the sleep, is a mistake
    ev.SystemAwake: ((LIVE, _end()), (GOING, _STAY), (FREE, _SETTLE)),
    ev.ClockJumped: (
        (LIVE, _end(AlertKind.CLOCK_JUMPED)),
        (GOING, (Row(Then.STAY, (AlertKind.CLOCK_JUMPED,)),)),
        (FREE, (Row(Then.SETTLE, (AlertKind.CLOCK_JUMPED,)),)),
    ),
    ev.JournalLost: (
        (LIVE, _end(AlertKind.JOURNAL_LOST)),
        (GOING, (Row(Then.STAY, (Do.COVER, AlertKind.JOURNAL_LOST)),)),
        (FREE, (Row(Then.SETTLE, (Do.COVER, AlertKind.JOURNAL_LOST)),)),
    ),
    ev.JournalBack: (((*LIVE, *GOING), _STAY), (FREE, _SETTLE)),
}


def _build() -> Mapping[State, Mapping[type[ev.Event], tuple[Row, ...]]]:
    table: dict[State, dict[type[ev.Event], tuple[Row, ...]]] = {state: {} for state in State}
    for event, entries in _ENTRIES.items():
        for states, rows in entries:
            if [row.when for row in rows].index(When.ALWAYS) != len(rows) - 1:
                raise ValueError(
                    f"the last row of {event.__name__} in {states}, and it alone, must always apply"
                )
            for state in states:
                if event in table[state]:
                    raise ValueError(f"the table says twice what {event.__name__} does in {state}")
                table[state][event] = rows
    missing = [(state, event) for state in State for event in ev.EVENTS if event not in table[state]]
    if missing:
        raise ValueError(f"the table says nothing about {missing}")
    return table


TABLE: Final = _build()
"""Every state, every event, in order of precedence: the first row whose condition holds is taken."""
