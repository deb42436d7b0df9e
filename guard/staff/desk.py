"""The staff's pad: from pressing a staff button to a deed that a PIN stands behind.

The pad is a small machine beside the session's table. It collects keys, asks the book, and offers what fits;
what it hands out is a `Deed`, and there is none without the book's YES to the question that is under way on
this very pad (answers carry its number; one that comes late, or twice, opens nothing). The pad is closed when
a session opens, and to resume names the session that was current when the PIN was entered: nothing that is
chosen here lands on the next citizen's.

All methods are for the core's thread. The digits live here as long as they are being typed and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil
from typing import TYPE_CHECKING, Final

from guard.inbox import DeskDue, PeopleFound, PinChecked
from guard.journal.alerts import Reason
from guard.screens.port import PICKS, Choice, DeskNote, DeskScene, DeskStep, Key
from guard.secret import Secret
from guard.session.effects import AlertKind
from guard.session.table import State
from guard.staff.people import NUMBER_MOST
from guard.staff.pins import CODE_DIGITS, PIN_LEAST, PIN_MOST
from guard.staff.port import EMERGENCY, Person, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from guard.clock import Clock
    from guard.inbox import Content
    from guard.session.events import SessionId, StaffId
    from guard.session.table import Session
    from guard.staff.port import StaffBook
    from guard.timers import Timers

TYPING_SECONDS: Final = 60.0
"""s without a press until the pad goes back to the cover."""
AUTHORITY_SECONDS: Final = 30.0
"""s without a step further for which a PIN that was right stands open on the pad."""
SETTLE_SECONDS: Final = 0.7
"""s for which a list that came up, or changed, takes no press: it was meant for what was there before."""

_DUE: Final = "desk"
_REASONS: Final = tuple(Reason)
_DIGITS: Final = frozenset(key for key in Key if key.value.isdigit())
_ORDINALS: Final = {pick: at for at, pick in enumerate(PICKS)} | {Key(str(n)): n - 1 for n in range(1, 9)}
"""Which entry of a list a key picks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What a member of staff chose, after their PIN was right."""

    choice: Choice
    staff: StaffId
    session: SessionId | None
    """The session that was current when the PIN was entered."""
    alert: AlertKind | None = None
    """With `Choice.ALERTS`: the alert that is acknowledged, for this reason."""
    reason: Reason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A PIN that was right."""

    staff: StaffId
    name: str
    session: SessionId | None


@dataclass(slots=True)
class _Pad:
    """One opening of the pad; a new one knows nothing of the last."""

    opening: int
    step: DeskStep = DeskStep.WHO
    people: tuple[Person, ...] = ()
    page: int = 0
    number: str = ""
    digits: str = field(default="", repr=False)
    note: DeskNote | None = DeskNote.LOADING
    wait_until: float | None = None
    session: SessionId | None = None
    question: int | None = None
    """The question to the book that is under way."""
    grant: Grant | None = None
    offered: tuple[Choice | AlertKind, ...] = ()
    """What the list on the pad is about, and since when (monotonic s)."""
    offered_at: float = 0.0


class Desk:
    """The pad, open or closed."""

    def __init__(
        self, book: StaffBook, post: Callable[[Content], None], timers: Timers, clock: Clock
    ) -> None:
        self._book = book
        self._post = post
        self._timers = timers
        self._clock = clock
        self._serial = 0
        self._pad: _Pad | None = None

    @property
    def is_open(self) -> bool:
        """Tell whether the pad is shown."""
        return self._pad is not None

    def open(self) -> None:
        """Show the pad, if it is not shown already, and ask the book who there is."""
        if self._pad:
            return
        self._serial += 1
        serial = self._serial
        self._pad = _Pad(opening=serial)
        self._stay(TYPING_SECONDS)
        self._book.people(lambda people: self._post(PeopleFound(serial=serial, people=people)))

    def close(self) -> None:
        """Forget everything that was typed or granted."""
        self._pad = None
        self._timers.disarm(_DUE)

    # --- what comes in

    def people_found(self, found: PeopleFound) -> None:
        """Take the book's list of names."""
        pad = self._pad
        if pad is None or found.serial != pad.opening:
            return
        pad.people = found.people or ()
        if pad.note is DeskNote.LOADING:
            pad.note = DeskNote.BROKEN if found.people is None else None if found.people else DeskNote.NOBODY

    def checked(self, checked: PinChecked) -> None:
        """Take the book's answer to the PIN that was entered."""
        pad, answer = self._pad, checked.answer
        if pad is None or checked.serial != pad.question:
            return
        pad.question = None
        if answer.verdict is Verdict.YES and answer.staff is not None:
            pad.step = DeskStep.CHOOSE
            pad.note = None
            pad.grant = Grant(staff=answer.staff, name=answer.name, session=pad.session)
            self._stay(AUTHORITY_SECONDS)
            return
        pad.step = DeskStep.CODE if pad.number == EMERGENCY else DeskStep.PIN
        pad.note = _NOTES[answer.verdict]
        pad.wait_until = self._clock.monotonic() + answer.wait_seconds

    def press(self, key: Key, session: Session, alerts: Sequence[AlertKind]) -> Deed | None:
        """Take one key; return what is to be done, if this was the last one that was needed."""
        pad = self._pad
        if pad is None:
            return None
        if pad.grant is None:
            self._stay(TYPING_SECONDS)
        before, deed = pad.step, None
        match pad.step:
            case DeskStep.WHO:
                self._press_who(pad, key)
            case DeskStep.PIN:
                self._press_digits(pad, key, session, least=PIN_LEAST, most=PIN_MOST)
            case DeskStep.CODE:
                self._press_digits(pad, key, session, least=CODE_DIGITS, most=CODE_DIGITS)
            case DeskStep.CHOOSE | DeskStep.REASON:
                deed = self._press_list(pad, key, session, alerts)
            case DeskStep.CHECKING:
                pass
        if self._pad and pad.grant and (deed or pad.step is not before):
            self._stay(AUTHORITY_SECONDS)
        return deed

    # --- what is shown

    def scene(self, session: Session, alerts: Sequence[AlertKind]) -> DeskScene | None:
        """Return what the curtain draws, None while the pad is closed."""
        pad = self._pad
        if pad is None:
            return None
        names = [person.name for person in _page(pad)]
        offered = self._offer(pad, session, alerts)
        return DeskScene(
            step=pad.step,
            names=tuple(names) if pad.step is DeskStep.WHO else (),
            more=pad.step is DeskStep.WHO and len(pad.people) > len(PICKS),
            who=_who(pad),
            digits=len(pad.digits),
            note=pad.note,
            wait=self._wait(pad),
            choices=tuple(each for each in offered if isinstance(each, Choice)),
            alert=next((each.value for each in offered if isinstance(each, AlertKind)), ""),
            reasons=tuple(_REASONS) if pad.step is DeskStep.REASON else (),
        )

    def _wait(self, pad: _Pad) -> int | None:
        left = 0.0 if pad.wait_until is None else pad.wait_until - self._clock.monotonic()
        return ceil(left) if left > 0 else None

    def _offer(
        self, pad: _Pad, session: Session, alerts: Sequence[AlertKind]
    ) -> tuple[Choice | AlertKind, ...]:
        """Return what the list is about (choices, or one alert), and keep since when it has been that."""
        offered: tuple[Choice | AlertKind, ...] = ()
        if pad.step is DeskStep.CHOOSE:
            offered = choices(session, pad.grant, alerts=bool(alerts))
        elif pad.step is DeskStep.REASON:
            offered = tuple(alerts[:1])
        if offered != pad.offered:
            pad.offered, pad.offered_at = offered, self._clock.monotonic()
        return offered

    # --- the steps

    def _press_who(self, pad: _Pad, key: Key) -> None:
        if key is Key.BACK:
            self.close()
        elif key is Key.MORE:
            pages = -(-len(pad.people) // len(PICKS))
            pad.page = (pad.page + 1) % max(1, pages)
        elif key is Key.EMERGENCY:
            pad.number, pad.step, pad.note = EMERGENCY, DeskStep.CODE, None
        elif key is Key.ERASE:
            pad.number = pad.number[:-1]
        elif key in _DIGITS:
            pad.number = (pad.number + key.value)[:NUMBER_MOST]
        elif key is Key.ENTER and pad.number:
            pad.step, pad.note = DeskStep.PIN, None
        elif key in PICKS and PICKS.index(key) < len(_page(pad)):
            pad.number = _page(pad)[PICKS.index(key)].number
            pad.step, pad.note = DeskStep.PIN, None

    def _press_digits(self, pad: _Pad, key: Key, session: Session, *, least: int, most: int) -> None:
        if key is Key.BACK:
            pad.step, pad.number, pad.digits, pad.note = DeskStep.WHO, "", "", None
        elif key is Key.ERASE:
            pad.digits = pad.digits[:-1]
        elif key in _DIGITS:
            pad.digits = (pad.digits + key.value)[:most]
            pad.note = None
        elif key is Key.ENTER and len(pad.digits) >= least:
            pin, pad.digits = Secret(pad.digits), ""
            pad.step, pad.note, pad.wait_until = DeskStep.CHECKING, None, None
            pad.session = session.current
            self._serial += 1
            pad.question = serial = self._serial
            self._book.verify(
                pad.number, pin, lambda answer: self._post(PinChecked(serial=serial, answer=answer))
            )

    def _press_list(self, pad: _Pad, key: Key, session: Session, alerts: Sequence[AlertKind]) -> Deed | None:
        offered = self._offer(pad, session, alerts)
        if key is Key.BACK and pad.step is DeskStep.CHOOSE:
            self.close()
        elif key is Key.BACK or not offered:
            pad.step = DeskStep.CHOOSE
        elif pad.grant and key in _ORDINALS and self._clock.monotonic() - pad.offered_at >= SETTLE_SECONDS:
            match offered[0]:
                case AlertKind() as alert:
                    return self._acknowledged(pad, pad.grant, alert, _ORDINALS[key], last=len(alerts) == 1)
                case Choice():
                    return self._chosen(pad, pad.grant, offered, _ORDINALS[key], session)
        return None

    def _chosen(
        self,
        pad: _Pad,
        grant: Grant,
        offered: Sequence[Choice | AlertKind],
        at: int,
        session: Session,
    ) -> Deed | None:
        choice = offered[at] if at < len(offered) else None
        if choice is Choice.RESUME and not session.card_back:
            pad.note = DeskNote.CARD_MISSING
        elif choice is Choice.ALERTS:
            pad.step, pad.note = DeskStep.REASON, None
        elif isinstance(choice, Choice):
            self.close()
            return Deed(choice=choice, staff=grant.staff, session=grant.session)
        return None

    @staticmethod
    def _acknowledged(pad: _Pad, grant: Grant, alert: AlertKind, at: int, *, last: bool) -> Deed | None:
        if at >= len(_REASONS):
            return None
        if last:
            pad.step = DeskStep.CHOOSE
        return Deed(
            choice=Choice.ALERTS,
            staff=grant.staff,
            session=grant.session,
            alert=alert,
            reason=_REASONS[at],
        )

    def _stay(self, seconds: float) -> None:
        self._timers.arm(_DUE, seconds, DeskDue())


def choices(session: Session, grant: Grant | None, *, alerts: bool) -> tuple[Choice, ...]:
    """Return what fits the counter's state; RESUME keeps its place whether or not the card is back.

    Alerts are closed in somebody's name, and the emergency code names nobody.
    """
    facts = session.facts
    found: tuple[Choice, ...] = ()
    if facts.stopping:
        pass
    elif session.state is State.HELD:
        same = grant is not None and grant.session == session.current
        found = (*((Choice.RESUME,) if same else ()), Choice.LOGOUT, Choice.CLOSE)
    elif facts.closed:
        found = (Choice.OPEN,)
    elif session.state is State.READY:
        found = (Choice.START, Choice.CLOSE)
    else:
        found = (Choice.CLOSE,)
    named = grant is not None and grant.staff != EMERGENCY
    return (*found, Choice.ALERTS) if alerts and named else found


_NOTES: Final = {
    Verdict.WRONG: DeskNote.WRONG,
    Verdict.WAIT: DeskNote.WAIT,
    Verdict.BROKEN: DeskNote.BROKEN,
    Verdict.YES: DeskNote.BROKEN,  # a yes about nobody is none
}


def _page(pad: _Pad) -> tuple[Person, ...]:
    start = pad.page * len(PICKS)
    return pad.people[start : start + len(PICKS)]


def _who(pad: _Pad) -> str:
    if pad.grant:
        return pad.grant.name
    if pad.number == EMERGENCY:
        return ""
    if pad.step is DeskStep.WHO:
        return pad.number
    return next((person.name for person in pad.people if person.number == pad.number), pad.number)
