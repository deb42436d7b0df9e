"""One counter for many citizens, and what each of them does there."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import os
import secrets
import string
import threading
import time
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psutil
from Xlib import X
from Xlib.display import Display

from guard.clock import SystemClock
from guard.control import ControlClient, control_address
from guard.practice.hands import XTestHands
from tests.soak.growth import Sample, differences
from tests.soak.measure import Measure, everybody
from tests.soak.site import SoakSite, Told, colour, soak_site
from tests.soak.tail import Tail
from tests.support import leaks
from tests.support.counter import Counter, Record, running
from tests.support.pcsc import VirtualReader, build_driver
from tests.support.visitor import Visitor
from tests.support.xvfb import Xvfb

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

PATIENCE: Final = 300.0
"""s for which anything is waited for. On a busy PC several spares in a row may not get warm in their 30 s."""
GLANCE: Final = 0.01
KEYSTROKE: Final = 0.05
"""s between two presses of a key that was not heard."""
NUMBER: Final = "7"
PIN: Final = "739182"
PLACES: Final = (
    *("cookie", "session cookie", "localStorage", "sessionStorage", "IndexedDB", "Cache API"),
    *("service worker", "OPFS", "window name", "form"),
)
"""Where the page keeps what is typed."""
NOTHING: Final = {**dict.fromkeys(PLACES), "history": 1, "referrer": ""}
"""What the page finds of those before."""
STEADY: Final = 10
"""Looks in a row without a change after which it has settled; on a busy PC fewer can fall between two."""
LATE: Final = 1400.0
"""ms after which a logout that was not confirmed has had its deadline of 1.5 s, less what a Qt timer may be
early: 5 %."""
SETTLES: Final = 20.0
"""s for which a thread that is ending, or a process that is being reaped, may still be there in READY."""


@dataclass(frozen=True, slots=True)
class Citizen:
    """Who is at the counter now."""

    number: int
    """Of their page."""
    secret: str
    session: str


class StarvedError(Exception):
    """The guard gave a session up before anybody had seen its page."""


class SoakCounter:
    """A guard that runs, its reader, screen and portal."""

    def __init__(  # noqa: PLR0917 -- built in one place only
        self,
        one: Counter,
        reader: VirtualReader,
        site: SoakSite,
        hands: XTestHands,
        visitor: Visitor,
        client: Display,
        server: psutil.Process,
    ) -> None:
        self.one = one
        self.reader = reader
        self.site = site
        self.hands = hands
        self.visitor = visitor
        self.tail = Tail(one.journal_folder)
        self.prefix = "".join(secrets.choice(string.ascii_lowercase) for _ in range(16))
        """Begins every citizen's secret of this run."""
        self._control = ControlClient(
            control_address(Path(one.environment["XDG_RUNTIME_DIR"]) / "madoguchi-guard")
        )
        self._client = client
        self._measure = Measure(one, client, server)
        self._began = time.time()
        self._sessions: set[str] = set()
        self._clock = SystemClock()
        self._pause = threading.Event()

    # --- waiting

    def until(self, condition: Callable[[], bool], what: str, glance: float = GLANCE) -> None:
        """Wait until it holds; AssertionError names what did not happen."""
        end = self._clock.monotonic() + PATIENCE
        while not condition():
            assert self._clock.monotonic() < end, f"{what} did not happen"
            assert self.one.core is None or self.one.core.is_running(), "the daemon died"
            self._pause.wait(glance)

    def wait_record(self, wanted: Callable[[Record], bool], what: str) -> Record:
        """Wait for a record of this session's; return the first."""
        found: list[Record] = []

        def came() -> bool:
            found[:] = filter(wanted, self.tail.look())
            return bool(found)

        self.until(came, what)
        return found[0]

    def wait_state(self, state: str) -> Record:
        """Wait until the state has changed to this one since the citizen came."""
        return self.wait_record(
            lambda record: record["kind"] == "state" and record["after"] == state, f"state {state}"
        )

    def wait_ready(self) -> None:
        """Wait until the counter is READY again, and was so last."""

        def ready() -> bool:
            states = self.tail.of("state")
            return bool(states) and states[-1]["after"] == "READY"

        self.until(ready, "READY")

    def wait_receipt(self) -> None:
        """Wait until the citizen's session is proven gone, or its proof has failed."""
        self.wait_record(lambda record: record["kind"] == "receipt", "the receipt")

    def status(self) -> Mapping[str, object]:
        """Return what the guard says of itself."""
        return self._control.ask("status")

    # --- a citizen

    def come(self) -> Citizen:
        """Lay a card; the page is the citizen's own, finds nothing of anybody, and keeps their secret.

        Raises StarvedError when the guard has ended the session for its browser did not paint.
        """
        self.reader.insert()
        opened = self.wait_state("ACTIVE")
        session = str(opened["session"])
        assert session not in self._sessions, "a session was opened twice"
        self._sessions.add(session)
        said = self.heard("/visit", "F4")
        body = said.body
        assert isinstance(body, dict)
        number = int(body["number"])
        assert body["found"] == NOTHING, f"the page found {body['found']}"
        assert said.cookie is None, "the page has a cookie of somebody before"
        assert self.site.marked == [], f"a start page was asked for with a cookie: {self.site.marked}"
        self.until(lambda: self._still_sees(number), "the page of this citizen on the screen")
        secret = self.prefix + "".join(string.ascii_lowercase[number // 26**place % 26] for place in range(5))
        self.hands.write(secret)
        self.hands.press("Return")
        stored = self.heard("/stored").body
        assert stored == dict.fromkeys(PLACES, secret), f"the page did not keep its secret: {stored}"
        return Citizen(number, secret, session)

    def sees(self, number: int) -> bool:
        """Tell whether the middle of the portal is this page."""
        x, y = self.visitor.middle
        pixel = self._client.screen().root.get_image(x, y, 1, 1, X.ZPixmap, 0xFFFFFF)
        return bytes(pixel.data[:3]) == colour(number).to_bytes(3, "little")

    def _still_sees(self, number: int) -> bool:
        self._look_after()
        return self.sees(number)

    def take_card(self, citizen: Citizen) -> None:
        """Take the card; the page is out of sight as soon as the cover is said to be confirmed."""
        before = len(self.tail.of("covered"))
        self.reader.remove()
        self.until(lambda: len(self.tail.of("covered")) > before, "the confirmed cover")
        assert not self.sees(citizen.number), "the page is in sight although it is said to be covered"

    def capsule(self, session: str) -> list[psutil.Process]:
        """Return the processes of this session's container, and the one that holds it."""
        mark = f"/capsule-{session}"
        found: list[psutil.Process] = []
        for process in self.one.guard_processes():
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                if any(word.endswith(mark) for word in (*process.cmdline(), *process.environ().values())):
                    found.append(process)
        return found

    def cover_was_late(self) -> bool:
        """Tell whether a cover was not confirmed within its 100 ms."""
        return any(alert["alert"] == "cover_late" for alert in self.tail.of("alert"))

    def logout_was_late(self) -> bool:
        """Tell whether a portal, or a PC, took all of its time and had not confirmed the logout then."""
        return any(
            receipt["logout"] == "not_confirmed" and float(str(receipt["logout_ms"])) >= LATE
            for receipt in self.tail.of("receipt")
        )

    def check_gone(self, page: int | None, allowed: frozenset[str]) -> None:
        """In READY: covered, proven, told of nothing but what may be told of, and nothing left to see.

        What is written from now on counts as the next citizen's.
        """
        status = self.status()
        assert (status["state"], status["session"], status["covered"]) == ("READY", None, True), status
        assert page is None or not self.one.shows(colour(page)), "the page is still in sight"
        for opened in [record for record in self.tail.of("state") if record["after"] == "ACTIVE"]:
            self._check_proof(str(opened["session"]))
            survivors = self.capsule(str(opened["session"]))
            assert survivors == [], f"outlive the session: {survivors}"
        alerts = {str(record["alert"]) for record in self.tail.of("alert")}
        assert alerts <= allowed, f"alerts: {sorted(alerts - allowed)}"
        assert self.site.broke is None, f"the portal failed: {self.site.broke!r}"
        self.tail.records = []

    def _check_proof(self, session: str) -> None:
        mine = [record for record in self.tail.records if record["session"] == session]
        receipts = [record for record in mine if record["kind"] == "receipt"]
        crashed = any(record["kind"] == "start" for record in self.tail.records)
        if not receipts and crashed:  # the proof is that the start swept what the killed core had left
            assert [one["after"] for one in self.tail.of("start")] == ["crash"]
            return
        assert [one["good"] for one in receipts] == [True], f"receipts: {receipts}"
        assert any(record["kind"] == "covered" for record in mine), "no cover was confirmed"

    def heard(self, path: str, key: str = "") -> Told:
        """Wait for what the page tells, and press this key until then: the first presses can be lost."""
        found: list[Told] = []

        def heard() -> bool:
            found[:] = [told] if (told := self.site.take(path)) else []
            if not found:
                self._look_after()
                if key:
                    self.hands.press(key)
            return bool(found)

        self.until(heard, f"{path} of the page", KEYSTROKE if key else GLANCE)
        return found[0]

    def _look_after(self) -> None:
        if any(record["cause"] == "capsule_lost" for record in self.tail.of("state")):
            raise StarvedError

    # --- what is left

    def sample(self, session: int, base: Sample | None) -> Sample:
        """Return what there is now, once it is what there was at the beginning; AssertionError if never.

        Without ``base``: once it has stopped changing.
        """
        end = self._clock.monotonic() + SETTLES
        wanted, same = base, 0
        while True:
            found = self._measure.sample(session)
            odd = differences(wanted.counts, found.counts) if wanted else {}
            same = 0 if odd or wanted is None else same + 1
            if same >= (STEADY if base is None else 1):
                return found
            wanted = base or found
            assert self._clock.monotonic() < end, f"(at the beginning, now): {odd}"
            self._pause.wait(GLANCE)

    def starved(self) -> int:
        """Return how many sessions the guard gave up for their browser did not paint in time."""
        return self.one.log().count("the capsule did not paint when a citizen came")

    def check_left(self) -> None:
        """No file, no memory and no clipboard has anything of any citizen so far."""
        places = leaks.writable_places(self.one.journal_folder.parent)
        assert leaks.files_with(self.prefix, places, since=self._began) == [], "a file has a secret"
        assert leaks.clipboards(self.one.display) == {}, "a clipboard has something"
        holds = [process for process in everybody(self.one) if _remembers(process, self.prefix)]
        assert holds == [], f"a secret is in the memory of {holds}"

    def check_stopped(self) -> None:
        """Stop the guard: it ends in order, leaves nothing behind, and its journal is proven whole."""
        assert self.one.stop() == 0, "the guard did not end in order"
        self.one.core = None
        assert self.one.guard_processes() == [], "a process outlives the guard"
        proof = self.one.command("journal", "verify", "--config", str(self.one.config))
        assert proof.returncode == 0, f"guard journal verify: {proof.stdout}{proof.stderr}"


def _remembers(process: psutil.Process, secret: str) -> bool:
    try:
        return leaks.memory_with(secret, process.pid)
    except (ProcessLookupError, FileNotFoundError, PermissionError):
        return False  # gone, or the keyring service, which shuts its memory to everybody


@contextmanager
def soak_counter(folder: Path, kind: str) -> Iterator[SoakCounter]:
    """Run a guard with a reader, a screen and a portal of its own, and one member of staff, until READY."""
    with ExitStack() as stack:
        screen = stack.enter_context(Xvfb())
        reader = stack.enter_context(VirtualReader(folder / "pcsc", build_driver(folder)))
        site = stack.enter_context(soak_site())
        settings = f'[browser]\nkind = "{kind}"\n'
        one = Counter(folder, reader, screen.display, site.profile(folder), settings)
        temporary = folder / "tmp"
        temporary.mkdir()
        one.environment["TMPDIR"] = os.fspath(temporary)  # in /tmp it could not be told from others' files
        one.enroll(NUMBER, "見本 一郎", PIN)
        stack.enter_context(running(one))
        hands = stack.enter_context(XTestHands(screen.display, beyond_keyboard=""))
        visitor = stack.enter_context(Visitor(screen.display))
        client = stack.enter_context(closing(Display(screen.display)))
        soak = SoakCounter(one, reader, site, hands, visitor, client, screen.server)
        soak.wait_ready()
        soak.tail.records = []
        yield soak
