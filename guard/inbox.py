"""The core's inbox: events for the table, and reports that tell the core what goes with them."""

from __future__ import annotations

import queue
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from guard.session.events import Event

if TYPE_CHECKING:
    from guard.browser.port import Geometry, Receipt
    from guard.clock import Clock
    from guard.journal.alerts import Reason
    from guard.journal.port import Ticket
    from guard.screens.port import Key, Sound
    from guard.session.effects import AlertKind
    from guard.session.events import SessionId
    from guard.staff.port import Answer, Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Base of what the parts tell the core besides events."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CurtainAppeared(Report):
    """The curtain's windows are painted."""

    curtain: int
    strip: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalLetter(Report):
    """Base of what has to do with portals and their spares."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpareAppeared(PortalLetter):
    """A spare capsule of this portal is painted in this window."""

    session: SessionId
    site: str
    window: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SpareGone(PortalLetter):
    """A spare capsule of this portal died, or could not be made."""

    session: SessionId
    site: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalPressed(PortalLetter):
    """Somebody pressed the button of this portal on the idle screen, or says so."""

    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalDue(PortalLetter):
    """A portal has been chosen for long enough, or has been marked for long enough to be opened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverAnswered(Report):
    """The display server has covered; monotonic seconds of the request and of its answer."""

    asked_at: float
    confirmed_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AreasMoved(Report):
    """Monitors changed: where portal, strip and curtain belong now."""

    portal: Geometry
    strip: Geometry
    curtain: Geometry


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused(Report):
    """A capsule refused its page something."""

    session: SessionId
    what: str
    host: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintLetter(Report):
    """Base of what has to do with printing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperCame(PrintLetter):
    """A capsule's citizen wants this printed."""

    session: SessionId
    pdf: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintAnswered(PrintLetter):
    """The print service has taken a PDF of so many bytes, or has not."""

    session: SessionId
    queued: bool
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended(Report):
    """The receipt of a session."""

    receipt: Receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class Durable(Report):
    """All records through this ticket are on the disk, the last one as number ``seq``."""

    ticket: Ticket
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertDue(Report):
    """Something is wrong that no session ends for, but that staff must look at."""

    kind: AlertKind


@dataclass(frozen=True, slots=True, kw_only=True)
class CurtainDue(Report):
    """A curtain that fell too often has waited long enough to be started again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundDue(Report):
    """It is time for this sound."""

    sound: Sound


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffLetter(Report):
    """Base of what has to do with staff."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffCalled(StaffLetter):
    """A staff button or the hotkey was pressed: cover, and show the pad."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskPressed(StaffLetter):
    """A key of the pad."""

    key: Key


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskDue(StaffLetter):
    """Nobody has pressed anything on the pad for too long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysDue(StaffLetter):
    """The keyboard may go back to the page: a PIN that was being typed has surely ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleFound(StaffLetter):
    """The staff whom the pad may offer, for the opening of this number; None: the book cannot be read."""

    serial: int
    people: tuple[Person, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PinChecked(StaffLetter):
    """What the book says about the PIN that was entered on the pad, to the question of this number."""

    serial: int
    answer: Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutChecked(StaffLetter):
    """What the book says about the PIN that came with ``guard logout``, and the session it was meant for."""

    session: SessionId | None
    answer: Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class AcknowledgeChecked(StaffLetter):
    """What the book says about the PIN that came with ``guard alerts acknowledge``."""

    alert: AlertKind
    reason: Reason
    answer: Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class InputSeen(Report):
    """Somebody last used the PC so many seconds ago."""

    age: float


@dataclass(frozen=True, slots=True, kw_only=True)
class IdleDue(Report):
    """It is time to see whether anybody is still there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningDue(Report):
    """The longest duration is nearly over."""


Content = Event | Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One thing in the inbox, and when it was posted (monotonic s)."""

    posted_at: float
    content: Content


class Inbox:
    """A queue that every thread, and a signal handler, may post to without waiting."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._queue: queue.SimpleQueue[Letter] = queue.SimpleQueue()

    def post(self, content: Content) -> None:
        """Add to the end; never blocks, never raises."""
        self._queue.put(Letter(posted_at=self._clock.monotonic(), content=content))

    def next(self, timeout: float) -> Letter | None:
        """Return the oldest letter, or None when none came within ``timeout`` s."""
        try:
            return self._queue.get(timeout=max(0.0, timeout))
        except queue.Empty:
            return None

    def waiting(self) -> list[Letter]:
        """Return the letters that have come by now, oldest first."""
        return [self._queue.get() for _ in range(self._queue.qsize())]
