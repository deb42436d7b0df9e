"""Staff at the counter: what the pad and ``guard logout`` bring about, and who has the keyboard meanwhile.

It stands between the staff's letters and the session's table: a deed becomes the staff event that the table
knows, and the record of who did it stands before its consequences in the journal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from guard import inbox as letters
from guard.screens.port import Choice
from guard.session import events as ev
from guard.session.effects import AlertKind
from guard.session.table import State
from guard.staff.desk import Deed, Desk
from guard.staff.port import EMERGENCY, Answer, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.clock import Clock
    from guard.journal.alerts import Alerts
    from guard.journal.port import Journal
    from guard.screens.port import DeskScene
    from guard.session.table import Session
    from guard.staff.port import StaffBook
    from guard.timers import Timers

KEYS_GRACE: Final = 2.0
"""s for which the keyboard stays ours when something other than staff closes the pad: the digits of a PIN
that are on their way must not reach a page."""

_GRACE: Final = "keys"
_CLOSING: Final = (ev.CurtainLost, ev.ClockJumped, ev.SystemChanging, ev.SystemAwake)
"""Nobody sees the pad any more, or nobody knows for how long a PIN has been standing open on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontDeskParts:
    """What staff's letters are carried out with."""

    book: StaffBook
    journal: Journal
    alerts: Alerts
    take_keys: Callable[[bool], None]
    post: Callable[[letters.Content], None]
    handle: Callable[[ev.Event, float], None]
    """Let the event happen now, posted at this monotonic s."""
    session: Callable[[], Session]


class FrontDesk:
    """On the core's thread only."""

    def __init__(self, parts: FrontDeskParts, timers: Timers, clock: Clock) -> None:
        self._parts = parts
        self._timers = timers
        self._clock = clock
        self._desk = Desk(parts.book, parts.post, timers, clock)
        self._keys_taken = False

    def open(self, letter: letters.StaffLetter, posted_at: float) -> None:  # noqa: C901 -- one flat case a letter
        """Do what a letter about staff says."""
        match letter:
            case letters.StaffCalled():
                self._called(posted_at)
            case letters.DeskPressed(key=key):
                if deed := self._desk.press(key, self._parts.session(), self._open_alerts()):
                    self._carry_out(deed)
            case letters.DeskDue():
                self._desk.close()
            case letters.PeopleFound() as found:
                if found.people is None:
                    self._parts.alerts.raise_alert(AlertKind.STAFF_BOOK_LOST, self._parts.session().current)
                self._desk.people_found(found)
            case letters.PinChecked(answer=answer) as checked:
                self._write_down(answer, door="pad")
                self._desk.checked(checked)
            case letters.LogoutChecked() as checked:
                self._logout(checked)
            case letters.AcknowledgeChecked(answer=answer) as checked:
                self._write_down(answer, door="control")
                if answer.verdict is Verdict.YES and answer.staff is not None:
                    self._parts.alerts.acknowledge(checked.alert, answer.staff, checked.reason)
            case _:
                pass  # `letters.KeysDue` only wakes us: what follows does the rest
        self._settle_keys()

    def notice(self, event: ev.Event) -> None:
        """After an event: put the pad away when the portal came up, nobody sees it, or time has jumped."""
        opened = self._parts.session().state is State.ACTIVE
        if self._desk.is_open and (opened or isinstance(event, _CLOSING)):
            self._desk.close()
            self._timers.arm(_GRACE, KEYS_GRACE, letters.KeysDue())
            self._settle_keys()

    def scene(self) -> DeskScene | None:
        """Return the pad as it is to be drawn; None while it is closed."""
        return self._desk.scene(self._parts.session(), self._open_alerts())

    def _logout(self, checked: letters.LogoutChecked) -> None:
        """End the session for which the PIN was entered, and no later one."""
        answer, current = checked.answer, self._parts.session().current
        self._write_down(answer, door="control")
        if answer.verdict is not Verdict.YES or answer.staff is None:
            return
        if checked.session == current:
            self._act(Choice.LOGOUT, ev.StaffEnd(staff=answer.staff), door="control")
        else:
            self._parts.journal.record("stale", current, event="staff_end")

    def _called(self, posted_at: float) -> None:
        """Cover, unless a held session is covered already (the shade sees to it), and show the pad."""
        if self._parts.session().state is not State.HELD:
            self._parts.handle(ev.CoverRequested(), posted_at)
        self._desk.open()

    def _open_alerts(self) -> tuple[AlertKind, ...]:
        return tuple(alert.kind for alert in self._parts.alerts.open())

    def _carry_out(self, deed: Deed) -> None:
        match deed.choice:
            case Choice.RESUME if deed.session is not None:
                event: ev.StaffEvent = ev.StaffResume(session=deed.session, staff=deed.staff)
            case Choice.LOGOUT:
                event = ev.StaffEnd(staff=deed.staff)
            case Choice.START:
                event = ev.StaffStart(staff=deed.staff)
            case Choice.CLOSE:
                event = ev.StaffOutOfService(staff=deed.staff)
            case Choice.OPEN:
                event = ev.StaffInService(staff=deed.staff)
            case _:
                if deed.alert and deed.reason:
                    self._parts.alerts.acknowledge(deed.alert, deed.staff, deed.reason)
                return
        self._act(deed.choice, event, door="pad")

    def _act(self, choice: Choice, event: ev.StaffEvent, *, door: str) -> None:
        current = self._parts.session().current
        self._parts.journal.record("staff", current, act=choice.value, staff=event.staff, door=door)
        self._parts.handle(event, self._clock.monotonic())

    def _write_down(self, answer: Answer, *, door: str) -> None:
        """Record a try (not one that was not looked at), and raise what it gives cause for."""
        if answer.verdict is Verdict.WAIT:
            return
        current, alerts = self._parts.session().current, self._parts.alerts
        self._parts.journal.record(
            "pin", current, verdict=answer.verdict.value, staff=answer.staff, door=door
        )
        if answer.locked:
            alerts.raise_alert(AlertKind.TOO_MANY_WRONG_PINS, current)
        if answer.verdict is Verdict.BROKEN:
            alerts.raise_alert(AlertKind.STAFF_BOOK_LOST, current)
        if answer.verdict is Verdict.YES and answer.staff == EMERGENCY:
            alerts.raise_alert(AlertKind.EMERGENCY_CODE_USED, current)

    def _settle_keys(self) -> None:
        """Take the keyboard while the pad is open, and a little longer where not staff closed it."""
        if self._desk.is_open:
            self._timers.disarm(_GRACE)
        wanted = self._desk.is_open or self._timers.armed(_GRACE)
        if wanted != self._keys_taken:
            self._keys_taken = wanted
            self._parts.take_keys(wanted)
