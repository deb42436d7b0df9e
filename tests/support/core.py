"""The core on stand-ins for its parts, turned letter by letter."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from guard import inbox as letters
from guard.browser.port import Geometry, HostNames, Logout, Receipt
from guard.browser.site import Site, Wording
from guard.core import Core, Parts
from guard.journal.alerts import Alerts
from guard.journal.port import Ticket
from guard.readers.port import ReaderStatus
from guard.screens.port import DeskScene, DeskStep, Key, Scene, Sound
from guard.session import events as ev
from guard.session.table import State
from guard.staff.desk import SETTLE_SECONDS
from guard.staff.port import Answer, Person, Verdict
from tests.support.clock import TurnedClock

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.journal.port import Field
    from guard.printing.port import PrintOutcome
    from guard.secret import Secret
    from guard.session.policy import Policy
    from guard.system.port import Lack

AREA = Geometry(x=0, y=0, width=1280, height=800)
A, B, C = ev.SessionId("a"), ev.SessionId("b"), ev.SessionId("c")
WINDOWS = {A: 1, B: 2, C: 3}


def site(key: str, *, button: Wording = Wording(), strip: Wording = Wording()) -> Site:  # noqa: B008 -- frozen
    """Return a portal."""
    return Site(
        key=key,
        name=f"Portal {key}",
        start="https://portal.test/",
        allow=("portal.test",),
        button=button,
        strip=strip,
    )


ONE_SITE = (site("one"),)


@dataclass
class Calls:
    """What the core asked its parts for, in order."""

    made: list[str] = field(default_factory=list)

    def take(self) -> list[str]:
        taken = list(self.made)
        self.made.clear()
        return taken


class Reader:
    def __init__(self, clock: TurnedClock, calls: Calls) -> None:
        self.alive = True
        self._clock = clock
        self._calls = calls
        self._sign = clock.monotonic()

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def refresh(self) -> None:
        self._calls.made.append("refresh")

    def heartbeat(self) -> float:
        return 0.5

    def last_sign(self) -> float:
        if self.alive:
            self._sign = self._clock.monotonic()
        return self._sign

    def status(self) -> ReaderStatus:
        return ReaderStatus(name="r", state="absent", counter=0)


class Shade:
    def __init__(self, clock: TurnedClock, calls: Calls) -> None:
        self._clock = clock
        self._calls = calls
        self.keys_taken = False
        self.questions = 0
        self.confirmed = True

    def start(self) -> None: ...

    def close(self) -> None: ...

    def take_keys(self, *, on: bool) -> None:
        self.keys_taken = on

    def ask_input(self) -> None:
        self.questions += 1

    def areas(self) -> tuple[Geometry, Geometry, Geometry]:
        return AREA, AREA, AREA

    def cover(self) -> float:
        self._calls.made.append("cover")
        return self._clock.monotonic()

    def uncover(self, portal: int) -> None:
        self._calls.made.append(f"uncover {portal}")

    def adopt_curtain(self, curtain: int, strip: int) -> None:
        self._calls.made.append(f"adopt curtain {curtain} {strip}")

    def forget_curtain(self) -> None:
        self._calls.made.append("forget curtain")

    def adopt_capsule(self, window: int) -> None:
        self._calls.made.append(f"adopt capsule {window}")

    def covered(self) -> bool:
        return self.confirmed

    def clear_clipboard(self, timeout: float) -> bool:
        return timeout > 0


class Curtain:
    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self.scenes: list[Scene] = []
        self.pulses = 0

    def start(self, areas: tuple[Geometry, Geometry, Geometry]) -> None:
        assert areas
        self._calls.made.append("start curtain")

    def show(self, scene: Scene) -> None:
        self.scenes.append(scene)

    def pulse(self) -> None:
        self.pulses += 1

    def check(self) -> None:
        self._calls.made.append("check curtain")

    def resize(self, areas: tuple[Geometry, Geometry, Geometry]) -> None:
        assert areas
        self._calls.made.append("resize curtain")

    def pids(self) -> tuple[int, ...]:
        return ()

    def close(self) -> None: ...


class Speaker:
    def __init__(self) -> None:
        self.played: list[Sound] = []

    def play(self, sound: Sound) -> None:
        self.played.append(sound)

    def close(self) -> None: ...


class Capsules:
    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self.windows = dict(WINDOWS)

    def warm_up(self) -> None:
        self._calls.made.append("warm up")

    def adopted(self, session: ev.SessionId) -> None:
        self._calls.made.append(f"adopted {session}")

    def begin(self, session: ev.SessionId) -> int | None:
        return self.windows.get(session)

    def resize(self, area: Geometry) -> None:
        self._calls.made.append(f"resize capsules {area.width}")

    def not_printed(self, session: ev.SessionId) -> None:
        self._calls.made.append(f"not printed {session}")


class Ending:
    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def end(self, session: ev.SessionId, *, logout: bool) -> None:
        self._calls.made.append(f"end {session}" + (" with logout" if logout else ""))

    def kill(self, session: ev.SessionId) -> None:
        self._calls.made.append(f"kill {session}")


class System:
    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def start(self) -> None: ...

    def let_go(self) -> None:
        self._calls.made.append("let go")

    def lacks(self) -> tuple[Lack, ...]:
        return ()

    def close(self) -> None: ...


class Supervisor:
    """Keeps what it is told apart from what the core asks of its parts."""

    every: float | None = 5.0

    def __init__(self) -> None:
        self.told: list[str] = []

    def ready(self) -> None:
        self.told.append("ready")

    def alive(self) -> None:
        self.told.append("alive")

    def stopping(self) -> None:
        self.told.append("stopping")


class Printer:
    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def print(self, session: ev.SessionId, pdf: bytes) -> None:
        self._calls.made.append(f"print {len(pdf)} of {session}")

    def cancel(self, session: ev.SessionId, timeout: float) -> PrintOutcome:
        raise NotImplementedError

    def sweep(self, swept: Callable[[], None]) -> None:
        raise NotImplementedError

    def close(self) -> None: ...


class Journal:
    """Every record is on the disk at once, unless the disk is told to hang."""

    def __init__(self, post: Callable[[letters.Durable], None], clock: TurnedClock) -> None:
        self.records: list[tuple[str, dict[str, Field]]] = []
        self.hangs = False
        self._post = post
        self._clock = clock
        self._since: float | None = None

    def record(self, kind: str, session: ev.SessionId | None = None, **fields: Field) -> Ticket:
        self.records.append((kind, {"session": session, **fields}))
        ticket = Ticket(len(self.records))
        if not self.hangs:
            self.sync()
        elif self._since is None:
            self._since = self._clock.monotonic()
        return ticket

    def waits_since(self) -> float | None:
        return self._since

    def sync(self) -> None:
        """Let everything be on the disk."""
        self.hangs = False
        self._since = None
        self._post(letters.Durable(ticket=Ticket(len(self.records)), seq=len(self.records)))

    def close(self) -> None: ...

    def kinds(self) -> list[str]:
        return [kind for kind, _ in self.records]


NUMBER, NAME, PIN = ev.StaffId("7"), "見本 一郎", "739182"
COLLEAGUE = ev.StaffId("12")


class Book:
    """A staff book that answers when it is told to."""

    def __init__(self) -> None:
        self.known: tuple[Person, ...] | None = (
            Person(number=NUMBER, name=NAME),
            Person(number=COLLEAGUE, name="練習 花"),
        )
        self.asked: list[tuple[str, str]] = []
        self.waiting: list[Callable[[Answer], None]] = []

    def people(self, then: Callable[[tuple[Person, ...] | None], None]) -> None:
        then(self.known)

    def verify(self, number: str, pin: Secret, then: Callable[[Answer], None]) -> None:
        self.asked.append((number, pin.reveal()))
        self.waiting.append(then)

    def close(self) -> None: ...

    def say(self, answer: Answer) -> None:
        """Answer the oldest question."""
        self.waiting.pop(0)(answer)


YES = Answer(verdict=Verdict.YES, staff=NUMBER, name=NAME)
NO = Answer(verdict=Verdict.WRONG, staff=NUMBER, wait_seconds=2.0)


class Lab:
    """The core and everything around it."""

    def __init__(self, policy: Policy, sites: tuple[Site, ...] = ONE_SITE) -> None:
        self.clock = TurnedClock()
        self.calls = Calls()
        self.reader = Reader(self.clock, self.calls)
        self.curtain = Curtain(self.calls)
        self.speaker = Speaker()
        self.capsules = Capsules(self.calls)
        self.inbox = letters.Inbox(self.clock)
        self.journal = Journal(self.inbox.post, self.clock)
        self.alerts = Alerts(self.journal, self.clock, ())
        self.book = Book()
        self.printer = Printer(self.calls)
        self.shade = Shade(self.clock, self.calls)
        self.supervisor = Supervisor()
        self.forwarded: list[int] = []
        parts = Parts(
            system=System(self.calls),
            reader=self.reader,
            shade=self.shade,
            curtain=self.curtain,
            speaker=self.speaker,
            capsules=self.capsules,
            ending=Ending(self.calls),
            printer=self.printer,
            journal=self.journal,
            forward=self.forwarded.append,
            alerts=self.alerts,
            book=self.book,
            supervisor=self.supervisor,
        )
        self.core = Core(parts, policy, sites, self.inbox, self.clock)

    def say(self, *contents: ev.Event | letters.Report) -> list[str]:
        """Post, let the core read everything, and return what it asked for."""
        for content in contents:
            self.inbox.post(content)
        self.turn(0)
        return self.calls.take()

    def turn(self, seconds: float) -> None:
        """Turn the clock, then let the loop go round until it has nothing to do."""
        self.clock.turn(seconds)
        self.core.turn(0)
        while self.core.turn(0):
            pass

    def is_in(self, state: State) -> bool:
        return self.core.snapshot().session.state is state

    @property
    def pad(self) -> DeskScene | None:
        """The pad as it is shown."""
        return self.curtain.scenes[-1].desk

    def press(self, *keys: Key | str) -> list[str]:
        return self.say(*(letters.DeskPressed(key=Key(key)) for key in keys))

    def call_staff(self) -> list[str]:
        now = self.clock.monotonic()
        return self.say(letters.StaffCalled(), letters.CoverAnswered(asked_at=now, confirmed_at=now))

    def enter_pin(self, pin: str = PIN) -> None:
        """Choose the first name and enter a PIN; the book has yet to answer."""
        self.press(Key.PICK1, *pin, Key.ENTER)
        assert self.pad
        assert self.pad.step is DeskStep.CHECKING

    def grant(self) -> None:
        """Call staff, and let their PIN be right."""
        self.call_staff()
        self.enter_pin()
        self.book.say(YES)
        self.turn(0)
        assert self.pad
        assert self.pad.step is DeskStep.CHOOSE
        self.turn(SETTLE_SECONDS)

    def pass_time(self, seconds: int, *, used: bool = False) -> None:
        """Let time pass second by second, with somebody at the keyboard or nobody."""
        for _ in range(seconds):
            if used:
                self.say(letters.InputSeen(age=0.0))
            self.turn(1)

    def make_ready(self, session: ev.SessionId = A) -> None:
        self.say(
            ev.LeftoversSwept(),
            ev.CardAbsent(counter=0),
            letters.CurtainAppeared(curtain=10, strip=11),
            spare(session),
        )
        assert self.is_in(State.READY)

    def open_session(self) -> None:
        self.make_ready()
        self.say(ev.CardPresent(counter=1))
        assert self.is_in(State.ACTIVE)

    def hold_session(self) -> None:
        self.open_session()
        self.say(ev.CardAbsent(counter=2), letters.CoverAnswered(asked_at=1000.0, confirmed_at=1000.0))
        assert self.is_in(State.HELD)

    def leave_card(self) -> None:
        self.open_session()
        self.say(ev.EndRequested(by=ev.EndedBy.CITIZEN), receipt(A))
        assert self.is_in(State.TAKE_CARD)


def spare(session: ev.SessionId, portal: str = "one") -> letters.SpareAppeared:
    return letters.SpareAppeared(session=session, site=portal, window=WINDOWS[session])


def receipt(session: ev.SessionId, *, good: bool = True, logout: Logout = Logout.CONFIRMED) -> letters.Ended:
    return letters.Ended(
        receipt=Receipt(
            session=session,
            logout=logout,
            processes_left=0 if good else 1,
            storage_left=False,
            clipboard_empty=True,
            print_jobs="none possible",
            downloads="none possible",
            host_names=HostNames.OUT_OF_REACH,
            logout_ms=1.0,
            kill_ms=1.0,
            verify_ms=1.0,
            clipboard_ms=1.0,
            prints_ms=1.0,
        )
    )
