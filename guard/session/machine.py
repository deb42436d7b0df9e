"""One step of the session: frozen event in, new session and effects out. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from guard.session import effects as ef
from guard.session import events as ev
from guard.session.table import ALERTS, SETTLE, TABLE, Do, Session, State, holds, learn, settle

if TYPE_CHECKING:
    from guard.session.policy import Policy

_HAS_SESSION = (State.ACTIVE, State.HELD, State.ENDING, State.WIPE_FAILED)


@dataclass(frozen=True, slots=True)
class Step:
    """The outcome of one event."""

    session: Session
    effects: tuple[ef.Effect, ...] = ()
    stale: bool = False
    """The event belonged to another session and changed nothing."""


def step(session: Session, event: ev.Event, policy: Policy) -> Step:
    """Return what follows from the event; never raises for any event of `EVENTS` in any state."""
    if isinstance(event, ev.SessionEvent) and event.session != session.current:
        return Step(session, stale=True)
    if isinstance(event, ev.SpareWarm | ev.SpareLost) and event.session == session.current:
        return Step(session, stale=True)
    learnt = replace(session, facts=learn(session.facts, event))
    row = next(row for row in TABLE[session.state][type(event)] if holds(row.when, learnt, policy))
    if row.target != SETTLE:
        target = State(row.target)
    elif session.state in _HAS_SESSION and not isinstance(event, ev.WipeProven):
        target = session.state
    else:
        target = settle(learnt.facts)

    if Do.BEGIN in row.do:
        learnt = replace(
            learnt,
            current=learnt.facts.spare,
            carded=not isinstance(event, ev.StaffStart),
            facts=replace(learnt.facts, spare=None),
        )
    effects = tuple(effect for do in row.do for effect in _effects(do, learnt))
    if target not in _HAS_SESSION:
        learnt = replace(learnt, current=None, carded=True)
    return Step(replace(learnt, state=target), effects)


def _effects(do: Do, session: Session) -> tuple[ef.Effect, ...]:  # noqa: PLR0911 -- one flat case a word
    if do in ALERTS:
        return (ef.Alert(kind=ALERTS[do]),)
    match do:
        case Do.COVER:
            return (ef.Cover(),)
        case Do.WARM:
            return (ef.WarmSpare(),)
        case Do.RESTART_CURTAIN:
            return (ef.RestartCurtain(),)
        case Do.DISARM_HOLD:
            return (ef.Disarm(timer=ef.Timer.HOLD),)
        case _:
            return _session_effects(do, _current(session))


def _session_effects(do: Do, current: ev.SessionId) -> tuple[ef.Effect, ...]:
    stop_timers = tuple(ef.Disarm(timer=timer) for timer in (ef.Timer.HOLD, ef.Timer.IDLE, ef.Timer.LONGEST))
    effects: dict[Do, tuple[ef.Effect, ...]] = {
        Do.UNCOVER: (ef.Uncover(session=current),),
        Do.BEGIN: tuple(ef.Arm(timer=timer, session=current) for timer in (ef.Timer.IDLE, ef.Timer.LONGEST)),
        Do.END: (ef.EndCapsule(session=current, logout=True), *stop_timers),
        Do.END_AT_ONCE: (ef.EndCapsule(session=current, logout=False), *stop_timers),
        Do.KILL: (ef.KillCapsule(session=current),),
        Do.RETRY: (ef.RetryWipe(session=current),),
        Do.RETRY_LATER: (ef.Arm(timer=ef.Timer.RETRY, session=current),),
        Do.ARM_HOLD: (ef.Arm(timer=ef.Timer.HOLD, session=current),),
    }
    return effects[do]


def _current(session: Session) -> ev.SessionId:
    if session.current is None:
        raise LookupError("a row that needs a session was taken without one: the table is wrong")
    return session.current
