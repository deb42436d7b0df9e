"""When the guard is started, asked to end and killed: decisions only, no clock, no process.

Theory of operation
===================

Whoever does the work tells `step` what has happened (an event) and when; it answers with the next state and
with orders, and the state says until when to wait if nothing else happens. At that moment `Passed` is told.

    IDLE      nobody is logged on whom the guard could serve, or the keeper itself is to end
    STARTING  a guard was started and has not yet said that the screen is covered
    SERVING   it has; each sign of life puts off the moment at which it counts as hung
    ENDING    it was asked to end, or said that it does
    KILLING   it was killed, and its end has not been seen yet
    RESTING   the last one is gone, and the next one waits for its turn

Rules, each of which a property in tests/keeper/test_watch.py holds to:

1.  At most one guard lives: STARTING is entered from IDLE and RESTING alone, and those are reached only when
    the end of the one before was seen (or it could not be started).
2.  As long as somebody is logged on and the keeper is not to end, a guard lives or a time is set: it is
    always started again, whatever it died of and however often.
3.  A guard that had become ready is followed by the next one after ``rest`` s. Each one in a row that never
    became ready doubles the wait, up to ``rest_most``: a broken installation must not eat the PC.
4.  Every state with a live guard has a time limit, and what comes at its end is the kill. A sign of life
    puts it off; while the guard is asked to end, no further than ``end_most`` s in all.
5.  A guard is asked to end at most once, and always before it is killed for a reason that is not its own:
    somebody else's session, no session, the end of the keeper.
6.  What a guard says is believed only as far as it harms none but itself: it can put off its own kill.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Final, Literal, assert_never

_DOUBLINGS: Final = 16
"""More than any wait needs; keeps the power finite."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Times in s. The numbers are those of the systemd unit (installer/linux), where there is one."""

    start: float = 30.0
    """Until it must be ready, or give a sign of life."""
    alive: float = 10.0
    """Between two signs of life."""
    end: float = 30.0
    """From being asked to end to the kill, unless it gives signs of life."""
    end_most: float = 90.0
    """The same, whatever signs it gives: an upgrade or a shutdown waits for it."""
    gone: float = 5.0
    """From a kill to the next one, should the process still be there."""
    rest: float = 0.5
    """Before a guard that was ready is followed by the next one."""
    rest_most: float = 30.0
    """Before one that failed often in a row is."""


class Phase(Enum):
    """See the head of this module."""

    IDLE = auto()
    STARTING = auto()
    SERVING = auto()
    ENDING = auto()
    KILLING = auto()
    RESTING = auto()


@dataclass(frozen=True, slots=True)
class Looked:
    """It was looked who is logged on: the session to serve, None when there is none."""

    session: int | None


class Event(Enum):
    """The other things that happen."""

    READY = auto()
    ALIVE = auto()
    STOPPING = auto()
    GARBLED = auto()
    """Its line carries what no guard says."""
    ENDED = auto()
    """Its process is gone, or none could be started."""
    PASSED = auto()
    """Time has; told at ``until`` at the latest, harmless at any other time."""
    STOP_ASKED = auto()
    """The keeper itself is to end."""


@dataclass(frozen=True, slots=True)
class Start:
    """Start a guard in this session."""

    session: int


class Act(Enum):
    """The other orders."""

    ASK_TO_END = auto()
    KILL = auto()


Order = Start | Act


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """All that is remembered."""

    phase: Phase = Phase.IDLE
    until: float | None = None
    """When `Event.PASSED` is due at the latest."""
    wanted: int | None = None
    """The session to serve."""
    served: int | None = None
    """The session of the guard that lives."""
    was_ready: bool = False
    """The guard that lives has been."""
    failures: int = 0
    """Guards in a row that ended without ever being ready."""
    end_at: float = 0.0
    """When a guard in ENDING is killed whatever it says."""
    leaving: bool = False
    """The keeper is to end."""

    @property
    def over(self) -> bool:
        """Whether the keeper can end: it was asked to, and no guard lives."""
        return self.leaving and self.phase is Phase.IDLE


def step(state: State, event: Looked | Event, now: float, limits: Limits) -> tuple[State, tuple[Order, ...]]:
    """Return what follows from this event at this time (s, never going back)."""
    match event:
        case Looked(session=session):
            return _looked(replace(state, wanted=session), now, limits)
        case Event.STOP_ASKED:
            return _looked(replace(state, leaving=True, wanted=None), now, limits)
        case Event.PASSED:
            return _passed(state, now, limits)
        case Event.GARBLED:
            return _kill(state, now, limits) if _lives(state) else (state, ())
        case _:
            return _told(state, event, now, limits), ()


def _told(
    state: State,
    event: Literal[Event.ENDED, Event.READY, Event.ALIVE, Event.STOPPING],
    now: float,
    limits: Limits,
) -> State:
    match event:
        case Event.ENDED:
            return _ended(state, now, limits)
        case Event.READY:
            return _ready(state, now, limits)
        case Event.ALIVE:
            return _alive(state, now, limits)
        case Event.STOPPING:
            return _ending(state, now, limits) if _can_end(state) else state
        case _:
            assert_never(event)


def _can_end(state: State) -> bool:
    return state.phase in {Phase.STARTING, Phase.SERVING}


def _lives(state: State) -> bool:
    return _can_end(state) or state.phase is Phase.ENDING


def _looked(state: State, now: float, limits: Limits) -> tuple[State, tuple[Order, ...]]:
    if state.leaving:
        state = replace(state, wanted=None)
    match state.phase:
        case Phase.IDLE:
            return _start(state, now, limits)
        case Phase.RESTING:
            # Another session is no reason to wait, nor is none: what failed, failed in the one before.
            return (state, ()) if state.wanted == state.served else _start(state, now, limits)
        case Phase.STARTING | Phase.SERVING if state.wanted != state.served:
            return _ending(state, now, limits), (Act.ASK_TO_END,)
        case _:
            return state, ()


def _passed(state: State, now: float, limits: Limits) -> tuple[State, tuple[Order, ...]]:
    if state.until is None or now < state.until:
        return state, ()
    if state.phase is Phase.RESTING:
        return _start(state, now, limits)
    return _kill(state, now, limits)


def _start(state: State, now: float, limits: Limits) -> tuple[State, tuple[Order, ...]]:
    """Start a guard for whoever is wanted, if anybody is; none may live."""
    failures = state.failures if state.wanted == state.served else 0
    fresh = replace(state, served=state.wanted, failures=failures, was_ready=False)
    if state.wanted is None:
        return replace(fresh, phase=Phase.IDLE, until=None), ()
    return replace(fresh, phase=Phase.STARTING, until=now + limits.start), (Start(state.wanted),)


def _ended(state: State, now: float, limits: Limits) -> State:
    if state.phase in {Phase.IDLE, Phase.RESTING}:
        return state
    if state.wanted is None:
        return replace(state, phase=Phase.IDLE, until=None, served=None, failures=0)
    failures = 0 if state.was_ready or state.wanted != state.served else state.failures + 1
    doublings = min(max(failures - 1, 0), _DOUBLINGS)
    rest = min(limits.rest * 2**doublings, limits.rest_most)
    return replace(state, phase=Phase.RESTING, until=now + rest, served=state.wanted, failures=failures)


def _ready(state: State, now: float, limits: Limits) -> State:
    if state.phase is Phase.STARTING:
        return replace(state, phase=Phase.SERVING, was_ready=True, until=now + limits.alive)
    return state


def _alive(state: State, now: float, limits: Limits) -> State:
    later = now + limits.alive
    match state.phase:
        case Phase.SERVING:
            return replace(state, until=later)
        case Phase.STARTING:
            return replace(state, until=max(state.until or later, later))
        case Phase.ENDING:
            return replace(state, until=min(max(state.until or later, later), state.end_at))
        case _:
            return state


def _ending(state: State, now: float, limits: Limits) -> State:
    return replace(
        state, phase=Phase.ENDING, until=now + min(limits.end, limits.end_most), end_at=now + limits.end_most
    )


def _kill(state: State, now: float, limits: Limits) -> tuple[State, tuple[Order, ...]]:
    return replace(state, phase=Phase.KILLING, until=now + limits.gone), (Act.KILL,)
