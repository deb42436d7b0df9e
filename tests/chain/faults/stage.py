"""The counter that the faults are inflicted on, and everything around it that can fail."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import os
import re
import secrets
import string
import subprocess
import threading
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psutil

from guard.session.effects import AlertKind
from tests.support import leaks
from tests.support.certificates import Authority
from tests.support.citizens import Citizens
from tests.support.counter import Counter
from tests.support.ports import free_port
from tests.support.processes import ended
from tests.support.rsyslog import Rsyslog
from tests.support.site import PORTAL_COLOUR
from tests.support.visitor import Visitor
from tests.support.xvfb import Xvfb

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.counter import Record
    from tests.support.hostile import HostileSite
    from tests.support.pcsc import VirtualReader

STATES: Final = ("READY", "ACTIVE", "HELD", "ENDING")
STAFF: Final = ("7", "739182")
"""Number and PIN of a member of staff."""
_LIVE: Final = frozenset({"ACTIVE", "HELD"})
_SETTINGS: Final = '[session]\non_removal = "hold"\nhold_seconds = 600\nidle_seconds = 3600\n'
_LOGOUT_MS: Final = 4000
"""For which a page that never yields keeps a counter in ENDING: long enough for a fault on a busy PC, too."""
_PAGE: Final = Path(__file__).with_name("page.html")
_RELAY: Final = Path(__file__).with_name("relay.py")
_TRIES: Final = 5
"""Cards that are laid on a counter of which a part is slow before it counts as broken."""
_PATIENCE: Final = 180.0
"""s; two browsers that do not get warm in time cost a minute on a busy PC."""
_BUSY: Final = frozenset({AlertKind.COVER_LATE, AlertKind.CAPSULE_LOST, AlertKind.LOGOUT_NOT_CONFIRMED})
"""What staff may be told besides, where the PC is busy."""
_RUNNING_SECONDS, _STOPPED_SECONDS = 0.03, 0.05
"""Of each turn of what is slow."""


class LostError(Exception):
    """The guard has ended the session."""


class Stage(Citizens):
    """One counter; whoever is there when a fault happens is citizen A, and B comes next."""

    def __init__(self, folder: Path, reader: VirtualReader, site: HostileSite) -> None:
        self.server = Xvfb()
        self.server.__enter__()
        super().__init__(folder, reader, self.server.display, site, _SETTINGS)
        self.reader = reader
        self.relay_port = free_port()
        self.start_relay()
        authority = Authority(folder / "certificates")
        self.rsyslog = Rsyslog(folder / "rsyslog", authority, authority.identity("localhost"), disk=1 << 22)
        self.rsyslog.start()
        self._syslog = f'syslog = "localhost:{self.rsyslog.port}"\nsyslog_ca = "{authority.file}"\n'
        self._enrolled = False
        self.slow = False
        """A part is slow at present."""
        self.before = 0
        """Number of the newest record when the fault happened."""
        self.capsule: list[psutil.Process] = []
        """All processes of A's capsule, of the spare where nobody is there."""

    def furnish(self, folder: Path) -> Counter:
        """See `Citizens.furnish`; the portal is reached through the relay, and there is a syslog server."""
        profile = self.site.profile(folder)
        text = profile.read_text("utf-8").replace(f":{self.site.port}", f":{self.relay_port}")
        profile.write_text(f"{text}deadline_ms = {_LOGOUT_MS}\n", "utf-8")
        one = Counter(folder, self.reader, self.display, profile, self._settings)
        one.patience = _PATIENCE
        config = one.config.read_text("utf-8")
        one.config.write_text(config.replace("[reader]", f"{self._syslog}[reader]"), "utf-8")
        self._enrolled = False
        return one

    def end(self) -> None:
        """End everything; a guard that does not end goes with its display."""
        try:
            self.close()
        finally:
            self.relay.kill()
            self.relay.wait()
            self.rsyslog.kill()
            self.server.__exit__(None, None, None)

    # --- bringing the counter to a state

    def next_citizen(self) -> None:
        """See `Citizens.next_citizen`; what a failed test has upset goes with its display."""
        if not self.in_order:
            try:
                self.close()
            finally:
                self.server.__exit__(None, None, None)
                self.server = Xvfb()
                self.server.__enter__()
                self.display = self.server.display
        super().next_citizen()

    def bring_to(self, state: str) -> None:
        """Let citizen A leave marks on a page, and the counter be in this state then."""
        self.slow = False
        self.next_citizen()
        self.site.secret = "".join(secrets.choice(string.ascii_lowercase) for _ in range(24))
        self.site.page = _PAGE.read_text("utf-8")
        with Visitor(self.display) as visitor:
            self.press(visitor, "F8", "/deed")
            self.until(lambda: self.site.heard("/tell/load"), "the page")
            if state == "READY":
                self.serve_again()
                self.session = ""
            elif state == "HELD":
                self.take_card()
                self.one.wait_state("HELD", after=self.opened)
                self.covered()
            elif state == "ENDING":
                visitor.click(*visitor.middle)
                self.repeat(lambda: visitor.click(*visitor.middle), "/tell/touch")
                self.one.ask(cmd="end")
                self.one.wait_state("ENDING", after=self.opened)
                self.covered()
        self.capsule = self.inhabitants(f"capsule-{self.session}")
        self.before = self.one.now()
        assert self.state() == state
        assert self.capsule

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """See `Citizens.until`; raises LostError when the session is over before."""

        def lives() -> bool:
            if self.state() != "ACTIVE":
                raise LostError
            return condition()

        self.one.until(lives, what)

    def come(self) -> None:
        """See `Citizens.come`; where a part is slow, a session may end before it is used: then once more."""
        for _ in range(_TRIES if self.slow else 1):
            try:
                super().come()
            except LostError:
                self.serve_again()
                self.site.forget()
            else:
                return
        raise LostError

    def move_card(self) -> None:
        """Take the card if one lies there, lay it if none does."""
        if self.card_lies:
            self.take_card()
        else:
            self.lay_card()

    def ask_for_a_pin(self) -> None:
        """Open the pad, enter number and PIN; return when a process looks at it, or still at the names."""
        number, pin = STAFF
        if not self._enrolled:
            self.one.enroll(number, "staff", pin)
            self._enrolled = True
        self.one.open_pad()
        self.one.type_key(number)
        self.one.type_key("Return")
        for digit in pin:
            self.one.type_key(digit)
        self.one.until(
            lambda: not self.running("guard.staff.vault"), "the end of the one that read the names"
        )
        self.one.type_key("Return")
        self.wait_running("guard.staff.vault")

    def pin_answers(self) -> list[Record]:
        """Return the records of PINs that were looked at since the fault."""
        return [record for record in self._since() if record["kind"] == "pin"]

    # --- what has become of it

    def state(self) -> str:
        """Return the state that the newest record tells of."""
        return str([record for record in self.one.journal() if record["kind"] == "state"][-1]["after"])

    def comes_to(self, state: str, *, mute: bool) -> None:
        """Wait until the counter has been in this state since the fault, or is; ask it where it is mute."""

        def came() -> bool:
            if mute:
                answer = self.one.ask(cmd="status")["answer"]
                return isinstance(answer, dict) and answer["state"] == state
            passed = [record["after"] for record in self._since() if record["kind"] == "state"]
            return state in passed or (not passed and self.state() == state)

        self.one.until(came, f"state {state}")

    def covered(self, *, said: bool = False) -> None:
        """Nothing of the portal can be seen, and, if there is somebody to say so, the guard says it."""
        self.one.until(lambda: not self.one.shows(PORTAL_COLOUR), "the cover")
        if said:
            answer = self.one.ask(cmd="status")["answer"]
            assert isinstance(answer, dict)
            assert answer["covered"]

    def capsule_is_gone(self) -> None:
        """No process of A's capsule lives."""
        ended(self.capsule, _PATIENCE)

    def wiped(self) -> None:
        """The receipt of A is good, if there was anybody, and of whoever came while the fault lasted."""
        since = {str(record["session"]) for record in self._since() if record.get("after") == "ACTIVE"}
        for session in {self.session, *since} - {""}:
            receipt = self.one.wait_record(
                lambda record, one=session: (
                    (record["kind"], record["session"], record.get("good"))  # type: ignore[misc]
                    == ("receipt", one, True)
                ),
                "a good receipt",
            )
            assert (receipt["processes_left"], receipt["storage_left"]) == (0, False)

    def alerted(self, kinds: tuple[AlertKind, ...], besides: frozenset[AlertKind]) -> None:
        """Staff have been told of these, and of nothing else but what may come besides, or on a busy PC."""

        def told() -> set[object]:
            return {record.get("alert") for record in self._since() if record["kind"] == "alert"}

        self.one.until(lambda: set(kinds) <= told(), f"the alerts {kinds}")
        assert told() - _BUSY - besides == set(kinds) - _BUSY - besides

    def ended_only_when_asked(self) -> None:
        """No fault has ended the session of A."""
        ends = [
            record["cause"]
            for record in self._since()
            if (record["kind"], record.get("after"), record["session"]) == ("state", "ENDING", self.session)
        ]
        assert set(ends) <= {"end_requested"}

    def serve_again(self) -> None:
        """End what lives, take the card, and wait until the next citizen can come."""

        def over() -> bool:
            if self.state() in _LIVE:
                self.one.ask(cmd="end")
            return self.state() not in _LIVE

        self.one.until(over, "the end of the session")
        self.take_card()
        self.one.until(lambda: self.state() == "READY", "READY")
        assert not self.one.shows(PORTAL_COLOUR)

    def nothing_is_left(self, since: float) -> None:
        """Of A nothing is in any file or on any clipboard."""
        assert leaks.clipboards(self.display) == {}
        places = leaks.writable_places(self.one.journal_folder.parent)
        assert leaks.files_with(self.site.secret, places, since=since) == []

    def _since(self) -> list[Record]:
        return [record for record in self.one.journal() if int(str(record["seq"])) > self.before]

    # --- processes

    def wait_running(self, word: str) -> list[psutil.Process]:
        """Wait until there are such processes, and return them."""
        found: list[psutil.Process] = []

        def came() -> bool:
            found[:] = self.running(word)
            return bool(found)

        self.one.until(came, word)
        return found

    def running(self, word: str) -> list[psutil.Process]:
        """Return the core's living descendants that have this on their command line."""
        found: list[psutil.Process] = []
        assert self.one.core
        for process in self.one.core.children(recursive=True):
            with suppress(psutil.NoSuchProcess):  # a zombie counts as gone, too
                if any(word in part for part in process.cmdline()):
                    found.append(process)
        return found

    def inhabitants(self, container: str) -> list[psutil.Process]:
        """Return everything that lives in the containers whose name begins so; their inits come first."""
        mark = re.compile(rf"[a-z0-9-]+/{container}")
        found: list[psutil.Process] = []
        own = _namespace(os.getpid())
        for process in self.running(container):
            with suppress(psutil.NoSuchProcess, OSError):
                marked = any(mark.match(word) for word in process.cmdline())
                if marked and process.name() == "bwrap" and _namespace(process.pid) != own:
                    found += [process, *process.children(recursive=True)]
        return found

    # --- what is not the guard's

    def start_relay(self) -> None:
        """Open the way to the portal."""
        words = [sys.executable, os.fspath(_RELAY), str(self.relay_port), str(self.site.port)]
        self.relay = psutil.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        assert self.relay.stdout
        with self.relay.stdout as told:
            assert told.readline()

    def replace_display(self) -> None:
        """Have another X server, for the next start of the guard."""
        self.server.__exit__(None, None, None)
        self.server = Xvfb()
        self.server.__enter__()
        self.display = self.one.display = self.one.environment["DISPLAY"] = self.server.display

    def start_again(self) -> None:
        """Start the guard anew, and wait until it knows where it stands."""
        before = self.one.now()
        self.one.start()
        self.one.wait_record(lambda record: record["kind"] == "state", "its first state", after=before)


def _namespace(pid: int) -> int:
    return Path(f"/proc/{pid}/ns/pid").stat().st_ino


@contextmanager
def slowed(find: Callable[[], list[psutil.Process]]) -> Iterator[None]:
    """Let these processes, and those that join them, run for a part of the time only."""
    done = threading.Event()
    stopped: list[psutil.Process] = []

    def go_on() -> None:
        for process in stopped:
            with suppress(psutil.NoSuchProcess):
                process.resume()
        stopped.clear()

    def run() -> None:
        while not done.wait(_RUNNING_SECONDS):
            with suppress(psutil.NoSuchProcess):
                stopped.extend(find())
                for process in stopped:
                    process.suspend()
            done.wait(_STOPPED_SECONDS)
            go_on()

    thread = threading.Thread(target=run, name="slows down")
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
        go_on()


@contextmanager
def killed_each_time(find: Callable[[], list[psutil.Process]]) -> Iterator[None]:
    """Kill these processes, and whatever takes their place, until the block is left."""
    done = threading.Event()

    def run() -> None:
        while not done.wait(_RUNNING_SECONDS):
            with suppress(psutil.NoSuchProcess):
                kill(find())

    thread = threading.Thread(target=run, name="kills")
    kill(find())
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def kill(processes: list[psutil.Process]) -> None:
    """Kill them; the death of one may take others along."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()


@contextmanager
def stopped(processes: list[psutil.Process]) -> Iterator[None]:
    """Stop these processes, until the block is left."""
    for process in processes:
        process.suspend()
    try:
        yield
    finally:
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.resume()
