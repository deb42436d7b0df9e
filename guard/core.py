"""The loop: a letter comes in, the table says what follows, the parts are told.

The loop never waits for a part. Covering is the first effect of every row that covers and is handed to the
shade before anything else is looked at; what takes time (a browser, a logout, a wipe, a disk) runs in the
parts' own threads and answers with a letter. What must never be relied upon, a part that answers, is watched
by a deadline here: a cover that is not confirmed, a reader watch that falls silent, a clock that jumps.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from guard import inbox as letters
from guard.browser.port import Logout
from guard.browser.site import Wording
from guard.chimes import Chimes
from guard.covering import Covering
from guard.durability import Durability
from guard.front_desk import FrontDesk, FrontDeskParts
from guard.idle import Idle
from guard.portals import Portals
from guard.prints import Prints
from guard.screens.port import Scene, Screen, Sound, Warned
from guard.session import effects as ef
from guard.session import events as ev
from guard.session.machine import step
from guard.session.table import TIMER_EVENTS, Session, State
from guard.supervision.signs import Signs
from guard.timers import Timers

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from guard.browser.port import Geometry
    from guard.browser.site import Site
    from guard.clock import Clock
    from guard.journal.alerts import Alerts
    from guard.journal.port import Journal, Ticket
    from guard.printing.port import Printer
    from guard.readers.port import ReaderWatch
    from guard.screens.port import Curtain, Shade, Speaker
    from guard.session.policy import Policy
    from guard.staff.port import StaffBook
    from guard.supervision.port import Supervisor
    from guard.system.port import SystemWatch

PULSE = 0.25
"""s between two looks at clock and reader watch."""
SILENCE = 0.75
"""s beyond its own heartbeat after which the reader watch counts as silent (seed facts, "PC/SC")."""
CLOCK_DRIFT = timedelta(seconds=2)
"""How far wall time may part from monotonic time between two pulses before it counts as a jump."""
STALLED_AFTER = 5.0
"""s for which a disk may take to sync a record; after that the journal counts as lost."""
CURTAIN_PAUSE = 5.0
"""s that a curtain must have lived to be started again at once; a broken one must not keep the PC busy."""
CURTAIN_PULSE = 1.0
"""s between two signs of life that the curtain is given; without them it covers by itself."""
CURTAIN_CHECK = 60.0
"""s between two signs of life that the curtain is asked for."""
RETRY_WIPE = 1.0
"""s until a failed wipe is tried again; twice as long each time, up to `RETRY_WIPE_MOST`."""
RETRY_WIPE_MOST = 30.0

_LIVING = (State.ACTIVE, State.HELD, State.ENDING, State.WIPE_FAILED)
_CURTAIN_PAUSE = "curtain"
_WARNING = "warning"


class Capsules(Protocol):
    """The living capsules, as far as the core commands them; `guard.browser.pool`."""

    def warm_up(self) -> None:
        """Make sure that a spare of every portal is being warmed; returns at once."""
        ...

    def adopted(self, session: ev.SessionId) -> None:
        """Learn that this spare will be its portal's next."""
        ...

    def begin(self, session: ev.SessionId) -> int | None:
        """Hand this spare to a citizen; return its window, or None when it is gone already."""
        ...

    def resize(self, area: Geometry) -> None:
        """Tell every capsule its new place."""
        ...

    def not_printed(self, session: ev.SessionId) -> None:
        """Have this session's citizen told that a PDF was not printed."""
        ...


class Endings(Protocol):
    """Ends of sessions; `guard.browser.ending`."""

    def end(self, session: ev.SessionId, *, logout: bool) -> None:
        """Log out if asked to, kill, delete, verify; returns at once, answered by `letters.Ended`."""
        ...

    def kill(self, session: ev.SessionId) -> None:
        """Cut a logout under way short and kill; returns at once."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Everything the core commands."""

    system: SystemWatch
    reader: ReaderWatch
    shade: Shade
    curtain: Curtain
    speaker: Speaker
    capsules: Capsules
    ending: Endings
    printer: Printer
    journal: Journal
    forward: Callable[[int], None]
    """Learn that records through this number are durable; returns at once."""
    alerts: Alerts
    book: StaffBook
    supervisor: Supervisor


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What ``guard status`` may know of the session."""

    session: Session
    since: datetime


@dataclass(frozen=True, slots=True, eq=False)
class _Uncovering:
    """A window that comes up once the record of it is on the disk."""

    window: int


class Core:
    """Runs one counter until it is told to stop or loses its display, with one of the ``sites`` at a time."""

    def __init__(
        self, parts: Parts, policy: Policy, sites: tuple[Site, ...], inbox: letters.Inbox, clock: Clock
    ) -> None:
        self._parts = parts
        self._policy = policy
        self._inbox = inbox
        self._clock = clock
        self._timers = Timers(clock)
        self._covering = Covering(parts.shade, self._timers)
        self._chimes = Chimes(parts.speaker, self._timers)
        self._idle = Idle(parts.shade.ask_input, policy, self._timers, clock)
        self._portals = Portals(sites, self._timers)
        self._prints = Prints(parts.printer, parts.capsules, parts.journal)
        self._front_desk = FrontDesk(
            FrontDeskParts(
                book=parts.book,
                journal=parts.journal,
                alerts=parts.alerts,
                take_keys=lambda on: parts.shade.take_keys(on=on),
                post=inbox.post,
                handle=self._handle,
                session=lambda: self._session,
            ),
            self._timers,
            clock,
        )
        self._session = Session()
        self._since = clock.utc()
        self._cause = ""
        self._scene: Scene | None = None
        self._clocks = self._read_clocks()
        self._silent = False
        self._durability = Durability()
        self._uncovering: _Uncovering | None = None
        self._journal_works = True
        """It has not said that it cannot be written; a disk that hangs says nothing."""
        self._retry_in = RETRY_WIPE
        self._curtain_started_at = clock.monotonic() - CURTAIN_PAUSE
        self._curtain_checked_at = clock.monotonic()
        self._pulsed_at = clock.monotonic()
        self._signs = Signs(parts.supervisor, clock)

    def run(self) -> None:
        """Serve until the session is over and the guard is stopping, or the display is gone."""
        self._start_curtain()
        self._parts.capsules.warm_up()
        self._present()
        while not self.over():
            self.turn(self._timers.sleep(self._signs.patience(PULSE)))

    def turn(self, patience: float) -> bool:
        """Go round once, waiting at most ``patience`` s for a letter; tell whether there was one."""
        letter = self._inbox.next(patience)
        if letter:
            self._open(letter)
        # A loop that is slow itself must not find a deadline passed before an answer that waits for it.
        for waiting in self._inbox.waiting():
            self._open(waiting)
        for due in self._timers.take_due():
            self._open(letters.Letter(posted_at=self._clock.monotonic(), content=due))
        self._watch_reader()
        self._watch_clock()
        self._watch_journal()
        self._watch_curtain()
        self._let_sleep()
        self._give_sign()
        return letter is not None

    def over(self) -> bool:
        """Tell whether nothing is left to serve: stopping or blind, and every session proven gone."""
        facts = self._session.facts
        return (facts.stopping or not facts.display) and self._session.state not in _LIVING

    def snapshot(self) -> Snapshot:
        """Return the present state; callable from every thread."""
        return Snapshot(session=self._session, since=self._since)

    # --- letters

    def _open(self, letter: letters.Letter) -> None:  # noqa: C901, PLR0912 -- one flat case a letter
        match letter.content:
            case ev.Event() as event:
                self._happened(event, letter.posted_at)
            case letters.CoverAnswered() as answer:
                took = (answer.confirmed_at - answer.asked_at) * 1000
                self._covering.confirmed(answer.asked_at, answer.confirmed_at)
                self._handle(ev.CoverConfirmed(), letter.posted_at)
                self._parts.journal.record("covered", self._session.current, cover_ms=round(took, 3))
            case letters.CurtainAppeared() as windows:
                self._parts.shade.adopt_curtain(windows.curtain, windows.strip)
                self._handle(ev.CurtainUp(), letter.posted_at)
            case letters.PortalLetter() as about:
                self._open_about_portals(about, letter.posted_at)
            case letters.AreasMoved() as areas:
                self._parts.capsules.resize(areas.portal)
                self._parts.curtain.resize((areas.portal, areas.strip, areas.curtain))
            case letters.Refused() as refused:
                self._parts.journal.record("refused", refused.session, what=refused.what, host=refused.host)
            case letters.Durable(ticket=ticket, seq=seq):
                self._parts.forward(seq)
                self._durable(ticket, letter.posted_at)
            case letters.AlertDue(kind=kind):
                self._parts.alerts.raise_alert(kind, self._session.current)
                self._present()
            case letters.CurtainDue():
                self._start_curtain()
            case letters.SoundDue(sound=sound):
                self._chimes.due(sound)
            case letters.PrintLetter() as about:
                self._prints.open(about, self._session)
                self._present()
            case letters.Ended() as ended:
                self._ended(ended, letter.posted_at)
            case letters.InputSeen(age=age):
                self._idle.seen(age)
                self._present()
            case letters.IdleDue():
                if over := self._idle.due():
                    self._handle(over, letter.posted_at)
                self._present()
            case letters.WarningDue():
                self._present()
            case letters.StaffLetter() as staff:
                self._front_desk.open(staff, letter.posted_at)
                self._present()
        self._follow_the_choice(letter.posted_at)

    def _happened(self, event: ev.Event, posted_at: float) -> None:
        match event:
            case ev.JournalLost() | ev.JournalBack():
                self._journal_changed(event, posted_at)
            case ev.SystemAwake():
                self._watch_clock()  # while the sleep is still expected
                self._parts.reader.refresh()
                self._handle(event, posted_at)
            case _:
                self._handle(event, posted_at)

    def _open_about_portals(self, letter: letters.PortalLetter, posted_at: float) -> None:
        match letter:
            case letters.SpareAppeared() as spare:
                self._spare_appeared(spare, posted_at)
            case letters.SpareGone(site=site, session=session):
                if not self._session.of_a_citizen(session):
                    self._portals.lost(site, session)
                self._handle(ev.SpareLost(session=session), posted_at)
            case letters.PortalPressed(key=key):
                if self._session.state is State.READY and not self._pad_is_open():
                    self._portals.choose(key)
            case letters.PortalDue():
                self._portals.due(hidden=self._pad_is_open())

    def _spare_appeared(self, spare: letters.SpareAppeared, posted_at: float) -> None:
        self._parts.shade.adopt_capsule(spare.window)
        if self._session.of_a_citizen(spare.session):
            self._handle(ev.SpareWarm(session=spare.session), posted_at)  # which is stale, and written down
            return
        self._portals.appeared(spare.site, spare.session)
        self._parts.capsules.adopted(spare.session)
        self._present()

    def _follow_the_choice(self, posted_at: float) -> None:
        """Let the table know the spare of the portal that is marked, and no other one."""
        known, wanted = self._session.facts.spare, self._portals.spare
        if wanted and wanted != known:
            self._handle(ev.SpareWarm(session=wanted), posted_at)
        elif known and not wanted:
            self._handle(ev.SpareLost(session=known), posted_at)

    def _ended(self, ended: letters.Ended, posted_at: float) -> None:
        receipt = ended.receipt
        fields = {
            name: round(value, 3) if isinstance(value, float) else value
            for name, value in asdict(receipt).items()
            if name != "session"
        }
        ticket = self._parts.journal.record("receipt", receipt.session, good=receipt.good, **fields)
        first_try = receipt.session == self._session.current and self._session.state is State.ENDING
        if first_try and receipt.logout in {Logout.NOT_CONFIRMED, Logout.NOT_TRIED}:
            self._parts.alerts.raise_alert(ef.AlertKind.LOGOUT_NOT_CONFIRMED, receipt.session)
        if not receipt.good:
            self._handle(ev.WipeFailed(session=receipt.session), posted_at)
            return
        proven = ev.WipeProven(session=receipt.session)
        self._when_durable(ticket, lambda: self._handle(proven, posted_at))

    def _when_durable(self, ticket: Ticket, deed: Callable[[], None]) -> None:
        """Let this happen once its record is on the disk; at once where none can be written.

        Then the counter is out of service, or about to be, and no such deed opens it.
        """
        self._durability.after(ticket, deed)
        if not self._session.facts.journal:
            self._durability.release()

    def _durable(self, ticket: Ticket, posted_at: float) -> None:
        self._durability.durable(ticket)
        if self._journal_works and self._durability.settled() and not self._session.facts.journal:
            self._handle(ev.JournalBack(), posted_at)

    def _journal_changed(self, event: ev.JournalLost | ev.JournalBack, posted_at: float) -> None:
        """Lose it once, however often it is told; have it back once nothing is owed to it any more."""
        self._journal_works = isinstance(event, ev.JournalBack)
        lost = not self._session.facts.journal
        if lost == self._journal_works and (lost is False or self._durability.settled()):
            self._handle(event, posted_at)

    # --- the table

    def _handle(self, event: ev.Event, posted_at: float) -> None:
        before = self._session
        outcome = step(before, event, self._policy)
        self._session = outcome.session
        for effect in outcome.effects:
            self._perform(effect)
        if outcome.session.state is not before.state:
            self._since = self._clock.utc()
            self._cause = _why_closed(outcome.session) or _NAMES[type(event)]
        self._write_down(before, event, posted_at, stale=outcome.stale)
        self._front_desk.notice(event)
        self._present()
        if outcome.session.state is not before.state:
            self._chimes.entered(outcome.session.state)
        if isinstance(event, ev.JournalLost):
            self._durability.release()

    def _perform(self, effect: ef.Effect) -> None:  # noqa: C901 -- one flat case an effect
        parts = self._parts
        match effect:
            case ef.Cover():
                self._uncovering = None
                self._covering.cover()
            case ef.Uncover(session=session):
                self._portals.began(session)
                self._prints.began(session)
                window = parts.capsules.begin(session)
                if window is None:
                    self._inbox.post(ev.CapsuleLost(session=session))
                else:
                    self._uncovering = _Uncovering(window)
            case ef.EndCapsule(session=session, logout=logout):
                self._retry_in = RETRY_WIPE
                parts.ending.end(session, logout=logout)
            case ef.KillCapsule(session=session):
                parts.ending.kill(session)
            case ef.RetryWipe(session=session):
                parts.ending.end(session, logout=False)
            case ef.WarmSpare():
                parts.capsules.warm_up()
            case ef.RestartCurtain():
                parts.shade.forget_curtain()
                self._restart_curtain()
            case ef.Arm(timer=timer, session=session):
                self._arm(timer, session)
            case ef.Disarm(timer=timer):
                self._disarm(timer)
            case ef.Alert(kind=kind):
                parts.alerts.raise_alert(kind, self._session.current)

    def _uncover(self, asked: _Uncovering) -> None:
        """Uncover what the table asked for, unless it has asked for a cover since."""
        if self._uncovering is asked:
            self._uncovering = None
            self._covering.uncover(asked.window)

    def _start_curtain(self) -> None:
        self._curtain_started_at = self._clock.monotonic()
        self._parts.curtain.start(self._parts.shade.areas())

    def _restart_curtain(self) -> None:
        """Start it at once, or a little later when it fell right after its last start."""
        age = self._clock.monotonic() - self._curtain_started_at
        if age >= CURTAIN_PAUSE:
            self._start_curtain()
        else:
            self._timers.arm(_CURTAIN_PAUSE, CURTAIN_PAUSE - age, letters.CurtainDue())

    def _arm(self, timer: ef.Timer, session: ev.SessionId) -> None:
        seconds: dict[ef.Timer, float] = {
            ef.Timer.HOLD: self._policy.hold_seconds,
            ef.Timer.LONGEST: self._policy.longest_minutes * 60,
            ef.Timer.RETRY: self._retry_in,
        }
        if timer is ef.Timer.RETRY:
            self._retry_in = min(2 * self._retry_in, RETRY_WIPE_MOST)
        if timer is ef.Timer.IDLE:
            self._idle.begin(session)
            return
        self._timers.arm(timer, seconds[timer], TIMER_EVENTS[timer](session=session))
        if timer is ef.Timer.LONGEST:
            calm = seconds[timer] - self._policy.idle_warning_seconds
            self._timers.arm(_WARNING, calm, letters.WarningDue())

    def _disarm(self, timer: ef.Timer) -> None:
        if timer is ef.Timer.IDLE:
            self._idle.stop()
            return
        self._timers.disarm(timer)
        if timer is ef.Timer.LONGEST:
            self._timers.disarm(_WARNING)

    def _present(self) -> None:
        """Let the curtain show what belongs to the state; it counts down by itself."""
        session, shown = self._session, self._scene
        warned, left = self._warning()
        if session.state is State.HELD:
            left = self._timers.left(ef.Timer.HOLD)
        site = self._portals.site_of(session.current)
        scene = Scene(
            screen=Screen(session.state),
            cause=self._cause,
            alerts=len(self._parts.alerts.open()),
            seconds_left=None if left is None else max(0, round(left)),
            warned=warned,
            card_back=session.state is State.HELD and session.card_back,
            desk=self._front_desk.scene(),
            printed=self._prints.reminds(session.state),
            portals=self._portals.buttons() if session.state is State.READY else (),
            chosen=self._portals.chosen if session.state is State.READY else "",
            strip=site.strip if site else Wording(),
        )
        if shown is None or _timeless(shown) != _timeless(scene):
            self._scene = scene
            self._parts.curtain.show(scene)
            if warned and not (shown and shown.warned):
                self._parts.speaker.play(Sound.TIME)

    def _pad_is_open(self) -> bool:
        return self._scene is not None and self._scene.desk is not None

    def _warning(self) -> tuple[Warned | None, float | None]:
        """Return why the session ends soon, and in how many seconds; nothing while it does not."""
        if self._session.state is not State.ACTIVE:
            return None, None
        idle, longest = self._idle.seconds_left(), self._timers.left(ef.Timer.LONGEST)
        near = longest is not None and longest <= self._policy.idle_warning_seconds
        if idle is not None and not (near and longest is not None and longest < idle):
            return Warned.IDLE, idle
        return (Warned.LONGEST, longest) if near else (None, None)

    def _write_down(self, before: Session, event: ev.Event, posted_at: float, *, stale: bool) -> None:
        after = self._session
        journal, current = self._parts.journal, after.current or before.current
        match event:
            case ev.CardPresent() | ev.CardAbsent() | ev.CardChanged():
                journal.record("reader", current, event=_NAMES[type(event)], counter=event.counter)
            case ev.ReaderLost():
                journal.record("reader", current, event=event.why.value, counter=None)
            case ev.SystemChanging():
                journal.record("system", current, event=event.what.value)
            case ev.SystemAwake():
                journal.record("system", current, event="awake")
        if stale:
            journal.record("stale", before.current, event=_NAMES[type(event)])
        elif after.state is not before.state:
            ticket = journal.record(
                "state",
                current,
                before=before.state.value,
                after=after.state.value,
                cause=_NAMES[type(event)],
                counter=getattr(event, "counter", None),
                handled_ms=round((self._clock.monotonic() - posted_at) * 1000, 3),
                site=site.key if (site := self._portals.site_of(current)) else None,
            )
            if uncovering := self._uncovering:
                self._when_durable(ticket, lambda: self._uncover(uncovering))

    # --- what must not be relied upon

    def _watch_reader(self) -> None:
        reader = self._parts.reader
        age = self._clock.monotonic() - reader.last_sign()
        silent = age > reader.heartbeat() + SILENCE
        if silent and not self._silent:
            reader.refresh()
            self._handle(ev.ReaderLost(why=ev.ReaderLoss.SILENT), self._clock.monotonic())
        self._silent = silent

    def _watch_clock(self) -> None:
        """Take every jump for a clock that was set, but for a sleep that was announced and set none."""
        before, self._clocks = self._clocks, self._read_clocks()
        monotonic, boot, utc = (now - then for now, then in zip(self._clocks, before, strict=True))
        slept = boot - monotonic > CLOCK_DRIFT
        if slept or abs(utc - monotonic) > CLOCK_DRIFT:
            self._parts.journal.record(
                "clock", self._session.current, jump_s=round((utc - monotonic).total_seconds(), 3)
            )
            if not (self._session.facts.asleep and abs(utc - boot) <= CLOCK_DRIFT):
                self._handle(ev.ClockJumped(), self._clock.monotonic())

    def _let_sleep(self) -> None:
        """Keep the PC awake until a citizen's session is proven gone and nothing of it is in sight."""
        session = self._session
        if session.facts.asleep and session.state not in _LIVING and self._covering.proven():
            self._parts.system.let_go()

    def _watch_journal(self) -> None:
        """Take a disk that hangs for one that is lost; the journal itself says so only of one that fails."""
        since, now = self._parts.journal.waits_since(), self._clock.monotonic()
        if since is not None and now - since > STALLED_AFTER and self._session.facts.journal:
            self._handle(ev.JournalLost(), now)

    def _watch_curtain(self) -> None:
        """Each shows the other that it lives: a frozen core is covered, a frozen curtain is replaced."""
        now = self._clock.monotonic()
        if now - self._pulsed_at >= CURTAIN_PULSE:
            self._pulsed_at = now
            self._parts.curtain.pulse()
        if now - self._curtain_checked_at >= CURTAIN_CHECK:
            self._curtain_checked_at = now
            self._parts.curtain.check()

    def _give_sign(self) -> None:
        """Tell whoever supervises the guard that this loop turns, and nobody else's thread."""
        facts = self._session.facts
        self._signs.turned(
            safe=facts.swept and self._parts.shade.covered(), stopping=facts.stopping or not facts.display
        )

    def _read_clocks(self) -> tuple[timedelta, timedelta, timedelta]:
        clock = self._clock
        wall = timedelta(seconds=clock.utc().timestamp())
        return timedelta(seconds=clock.monotonic()), timedelta(seconds=clock.boot()), wall


def _why_closed(session: Session) -> str:
    """Return what keeps the counter out of service, for the staff line; empty in every other state."""
    facts = session.facts
    if session.state is not State.OUT_OF_SERVICE:
        return ""
    if facts.stopping:
        return _NAMES[ev.SystemChanging]
    if facts.closed:
        return _NAMES[ev.StaffOutOfService]
    return _NAMES[ev.JournalLost if not facts.journal else ev.ReaderLost]


def _timeless(scene: Scene) -> Scene:
    """Return the scene without its countdowns' present values, which the curtain knows by itself."""
    desk = scene.desk and replace(scene.desk, wait=None if scene.desk.wait is None else 0)
    return replace(scene, seconds_left=None if scene.seconds_left is None else 0, desk=desk)


def _snake_case(name: str) -> str:
    """``CardAbsent`` -> ``card_absent``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


_NAMES = {event: _snake_case(event.__name__) for event in ev.EVENTS}
"""The events by the names that the journal and the screens' texts know them by."""
