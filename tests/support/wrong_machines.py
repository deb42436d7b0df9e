"""Machines that are wrong in one place each: what a check of the session is worth, it shows on these."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from guard.session import effects as ef
from guard.session import events as ev
from guard.session import machine
from guard.session.table import TABLE, Do, Row, Session, State, Then

Patch = Mapping[str, object]
"""Names in `guard.session.machine` and what stands there by mistake."""

_STRANGER: Final = ev.SessionId("stranger")
_ACTIVE, _HELD, _ENDING, _READY = State.ACTIVE, State.HELD, State.ENDING, State.READY


def row(state: State, event: type[ev.Event], *rows: Row) -> Patch:
    """Return the mistake that this pair of the table leads to these rows."""
    return {"TABLE": {**TABLE, state: {**TABLE[state], event: rows}}}


def _trust_every_id(_session: Session, _event: ev.Event) -> bool:
    return False


def _trust_every_spare(session: Session, event: ev.Event) -> bool:
    return isinstance(event, ev.SessionEvent) and event.session != session.current


def _as_it_was_posted(_session: Session, event: ev.Event) -> ev.Event:
    return event


def _end_someone(_current: ev.SessionId) -> tuple[ef.Effect, ...]:
    return (ef.EndCapsule(session=_STRANGER, logout=True),)


WRONG_MACHINES: Final[Mapping[str, Patch]] = {
    "the card alone brings a held session back": row(
        _HELD, ev.CardPresent, Row(_ACTIVE, (Do.RESUME, Do.UNCOVER))
    ),
    "staff resume without the card": row(_HELD, ev.StaffResume, Row(_ACTIVE, (Do.RESUME, Do.UNCOVER))),
    "a hold that is over brings the session back": row(_HELD, ev.HoldOver, Row(_ACTIVE, (Do.RESUME,))),
    "a late resume opens the next session": {"_is_late": _trust_every_id},
    "a used capsule is taken for a spare": {"_is_late": _trust_every_spare},
    "the loss of a spare that became the session is dropped": {"_by_whose_capsule": _as_it_was_posted},
    "a session begins while the last one is being wiped": row(
        _ENDING, ev.SpareWarm, Row(_ACTIVE, (Do.BEGIN, Do.UNCOVER))
    ),
    "removal is taken for proof": row(_ENDING, ev.CardAbsent, Row(Then.SETTLE)),
    "staff open a counter whose wipe failed": row(State.WIPE_FAILED, ev.StaffInService, Row(Then.SETTLE)),
    "a swapped card is overlooked": row(_ACTIVE, ev.CardChanged, Row(Then.STAY)),
    "the end comes without a cover": row(_ACTIVE, ev.CardAbsent, Row(_ENDING, (Do.END,))),
    "the cover waits for the end": row(_ACTIVE, ev.CardAbsent, Row(_ENDING, (Do.END, Do.COVER))),
    "an end is declared and nobody is asked for it": row(_ACTIVE, ev.IdleOver, Row(_ENDING, (Do.COVER,))),
    "an end is asked for again": row(_ENDING, ev.CoverLate, Row(Then.STAY, (Do.END_AT_ONCE,))),
    "a failed wipe is not tried again": row(
        _ENDING, ev.WipeFailed, Row(State.WIPE_FAILED, (Do.COVER, ef.AlertKind.WIPE_FAILED))
    ),
    "a receipt for a living session ends it uncovered": row(_ACTIVE, ev.WipeProven, Row(Then.SETTLE)),
    "a late cover kills nobody": row(_ENDING, ev.CoverLate, Row(Then.STAY, (ef.AlertKind.COVER_LATE,))),
    "a counter without a curtain stays ready": row(_READY, ev.CurtainLost, Row(Then.STAY)),
    "a counter that staff closed stays ready": row(_READY, ev.StaffOutOfService, Row(Then.STAY)),
    "a lost journal is no reason to end": row(_HELD, ev.JournalLost, Row(Then.STAY, (Do.COVER,))),
    "the wrong capsule is ended": {"_FOR_THE_SESSION": {**machine._FOR_THE_SESSION, Do.END: _end_someone}},
    "the spare is not replaced": row(_READY, ev.SpareLost, Row(Then.SETTLE)),
    "a spare is warmed while all goes down": row(
        State.OUT_OF_SERVICE, ev.SpareLost, Row(Then.SETTLE, (Do.WARM,))
    ),
}
