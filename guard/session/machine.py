"""One step of the session: frozen event in, new session and effects out. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from guard.session import effects as ef
from guard.session import events as ev
from guard.session.table import FREE, TABLE, Do, Session, State, Then, holds, learn, settle

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from guard.session.policy import Policy


@dataclass(frozen=True, slots=True)
class Step:
    """The outcome of one event."""

    session: Session
    effects: tuple[ef.Effect, ...] = ()
    stale: bool = False
    """The event belonged to another session and changed nothing."""


def step(session: Session, event: ev.Event, policy: Policy) -> Step:
    """Return what follows from the event; never raises for any event of `EVENTS` in any reachable state."""
    event = _by_whose_capsule(session, event)
    if _is_late(session, event):
        return Step(session, stale=True)
    after = replace(session, facts=learn(session.facts, event))
    row = next(row for row in TABLE[session.state][type(event)] if holds(row.when, after, policy))
    if Do.BEGIN in row.do or Do.BEGIN_WITHOUT_CARD in row.do:
        spare = after.facts.spare
        after = replace(
            after, current=spare, carded=Do.BEGIN in row.do, facts=replace(after.facts, spare=None)
        )
    effects = tuple(effect for do in row.do for effect in effects_of(do, after.current))
    state = _target(row.target, after)
    if state in FREE and after.current is not None:
        after = replace(after, current=None, carded=True, used=after.used | {after.current})
    return Step(replace(after, state=state), effects)


def _by_whose_capsule(session: Session, event: ev.Event) -> ev.Event:
    """Read the death of a capsule by whose it is now: the spare may have become the session meanwhile."""
    match event:
        case ev.SpareLost(session=lost) if lost == session.current:
            return ev.CapsuleLost(session=lost)
        case ev.CapsuleLost(session=lost) if lost != session.current:
            return ev.SpareLost(session=lost)
        case _:
            return event


def _is_late(session: Session, event: ev.Event) -> bool:
    match event:
        case ev.SessionEvent():
            return event.session != session.current
        case ev.SpareWarm() | ev.SpareLost():
            return session.of_a_citizen(event.session)
        case _:
            return False


def _target(target: State | Then, after: Session) -> State:
    match target:
        case State():
            return target
        case Then.STAY:
            return after.state
        case Then.SETTLE:
            return settle(after.facts)


_FOR_THE_COUNTER: Final[Mapping[Do, ef.Effect]] = {
    Do.COVER: ef.Cover(),
    Do.WARM: ef.WarmSpare(),
    Do.RESTART_CURTAIN: ef.RestartCurtain(),
}
_STOP_TIMERS: Final = tuple(
    ef.Disarm(timer=timer) for timer in (ef.Timer.HOLD, ef.Timer.IDLE, ef.Timer.LONGEST)
)
_FOR_THE_SESSION: Final[Mapping[Do, Callable[[ev.SessionId], tuple[ef.Effect, ...]]]] = {
    Do.UNCOVER: lambda current: (ef.Uncover(session=current),),
    Do.BEGIN: lambda current: _arm(current, ef.Timer.IDLE, ef.Timer.LONGEST),
    Do.BEGIN_WITHOUT_CARD: lambda current: _arm(current, ef.Timer.IDLE, ef.Timer.LONGEST),
    Do.HOLD: lambda current: (ef.Disarm(timer=ef.Timer.IDLE), *_arm(current, ef.Timer.HOLD)),
    Do.RESUME: lambda current: (ef.Disarm(timer=ef.Timer.HOLD), *_arm(current, ef.Timer.IDLE)),
    Do.END: lambda current: (ef.EndCapsule(session=current, logout=True), *_STOP_TIMERS),
    Do.END_AT_ONCE: lambda current: (ef.EndCapsule(session=current, logout=False), *_STOP_TIMERS),
    Do.KILL: lambda current: (ef.KillCapsule(session=current),),
    Do.RETRY: lambda current: (ef.RetryWipe(session=current),),
    Do.RETRY_LATER: lambda current: _arm(current, ef.Timer.RETRY),
}


def _arm(current: ev.SessionId, *timers: ef.Timer) -> tuple[ef.Effect, ...]:
    return tuple(ef.Arm(timer=timer, session=current) for timer in timers)


def effects_of(do: Do | ef.AlertKind, current: ev.SessionId | None) -> tuple[ef.Effect, ...]:
    """Return what a word of the table asks for; raises LookupError when it needs a session and has none."""
    if isinstance(do, ef.AlertKind):
        return (ef.Alert(kind=do),)
    if do in _FOR_THE_COUNTER:
        return (_FOR_THE_COUNTER[do],)
    if current is None:
        raise LookupError(f"a row asks for {do.name} where no session is: the table is wrong")
    return _FOR_THE_SESSION[do](current)
