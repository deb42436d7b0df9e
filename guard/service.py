"""The composition root: builds the parts, hands them to the core, takes everything down again.

The order of the start is the order of the promises: what could refuse to start is asked first, then the
screen is covered, then leftovers are swept, and only then does anything of the guard's own come up. The end
runs the same list backwards, however far the start has come.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import secrets
import signal
import sys
from concurrent.futures import Future
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING

import guard
from guard.browser.embedded import EmbeddedCapsules, XDisplay
from guard.browser.ending import Ending
from guard.browser.pool import CapsulePool
from guard.clock import SystemClock
from guard.containers.bubblewrap import Bubblewrap
from guard.control import ControlServer, Handler
from guard.core import Core, Parts
from guard.errors import ConfigError, MachineError
from guard.inbox import Inbox, LogoutChecked
from guard.journal.alerts import Alerts
from guard.journal.jsonl import JsonLinesJournal
from guard.paths import SingleInstance, control_socket, runtime_folder
from guard.practice.portal import PracticePortal
from guard.readers.pcsc import PcscWatch
from guard.readers.scard import PyscardScard
from guard.reports import Reports
from guard.screens.curtain import CurtainProcess, CurtainSetup
from guard.screens.speaker import AplaySpeaker, NoSpeaker
from guard.screens.x11 import X11Shade
from guard.secret import Secret, forbid_core_dumps
from guard.session import events as ev
from guard.session.effects import AlertKind
from guard.session.table import State
from guard.staff.port import Answer, Verdict
from guard.staff.vault_client import Vault, VaultBook

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from guard.session.table import Session
    from guard.settings.model import Settings

SWITCH_INTERVAL = 0.0005
"""s a Python thread may run on while another waits; the default of 5 ms would be the cover's worst delay."""

_TYPED_MOST = 64
"""Characters of a number or a PIN; the longest that exists has 16, and blanks may stand between."""

_LIVE = (State.ACTIVE, State.HELD)
_CUT_SHORT = (*_LIVE, State.ENDING)


def run(settings: Settings) -> int:
    """Serve the counter in the foreground; return the exit code.

    Raises ConfigError or MachineError with one sentence when it cannot start; nothing is left behind then.
    """
    logging.basicConfig(format="%(asctime)s %(name)s: %(message)s", level=logging.INFO, stream=sys.stderr)
    sys.setswitchinterval(SWITCH_INTERVAL)
    forbid_core_dumps()  # a PIN passes through on its way to the process that checks it
    with contextlib.ExitStack() as stack:
        core = _build(settings, dict(os.environ), stack)
        core.run()
        blind = not core.snapshot().session.facts.display
    if blind:
        raise MachineError(
            "the display was lost: the session is wiped; start the guard on a working X server"
        )
    return 0


def _build(settings: Settings, environment: Mapping[str, str], stack: contextlib.ExitStack) -> Core:
    clock = SystemClock()
    inbox = Inbox(clock)
    reports = Reports(inbox)

    runtime = runtime_folder(environment)
    stack.enter_context(SingleInstance(runtime))
    journal = JsonLinesJournal(
        settings.journal.directory,
        clock,
        lost=lambda: inbox.post(ev.JournalLost()),
        back=lambda: inbox.post(ev.JournalBack()),
    )
    stack.callback(journal.close)
    sealer = Bubblewrap(container_mark(runtime))
    stack.callback(sealer.close)
    if why := sealer.why_not():
        raise MachineError(why)
    reader = PcscWatch(
        scard=PyscardScard(),
        post=inbox.post,
        clock=clock,
        part=settings.reader.name,
        watch=settings.reader.watch,
    )
    reader.start()
    stack.callback(reader.stop)
    if settings.site.practice:
        stack.enter_context(_practice_portal(settings.site.start))

    shade = X11Shade(environment, clock, reports, hotkey=settings.staff.hotkey)
    shade.start()
    stack.callback(shade.close)
    swept = sealer.sweep()
    inbox.post(ev.LeftoversSwept())

    display = environment["DISPLAY"]
    cookie = environment.get("XAUTHORITY")
    authority = Path(cookie) if cookie else None
    curtain = CurtainProcess(
        sealer,
        reports,
        clock,
        CurtainSetup(
            display=display,
            language=settings.screens.language,
            environment={"XAUTHORITY": cookie} if cookie else {},
            readable=(authority,) if authority else (),
        ),
    )
    stack.callback(curtain.close)
    factory = EmbeddedCapsules(
        sealer,
        clock,
        site=settings.site,
        area=lambda: shade.areas()[0],
        language=settings.screens.language,
        display=XDisplay(name=display, authority=authority),
    )
    capsules = CapsulePool(factory, _new_session, settings.browser.warm, clock, reports)
    stack.callback(capsules.close)

    speaker = AplaySpeaker(environment) if settings.screens.sound else NoSpeaker()
    stack.callback(speaker.close)

    book = VaultBook(Vault(environment), clock)
    stack.callback(book.close)

    alerts = Alerts(journal, clock)
    if journal.last_state in _CUT_SHORT:  # the last run was killed in a session, which nobody logged out
        alerts.raise_alert(AlertKind.LOGOUT_NOT_CONFIRMED, None)
    parts = Parts(
        reader=reader,
        shade=shade,
        curtain=curtain,
        speaker=speaker,
        capsules=capsules,
        ending=Ending(
            capsules,
            shade.clear_clipboard,
            clock,
            reports.ended,
            downloads=settings.site.permit.downloads,
        ),
        journal=journal,
        alerts=alerts,
        book=book,
    )
    core = Core(parts, settings.session, inbox, clock)
    control = ControlServer(
        control_socket(runtime), _Handlers(core, parts, capsules, inbox, settings).table(), clock
    )
    control.start()
    stack.callback(control.close)
    stack.enter_context(_stop_signals(inbox))
    journal.record("start", version=guard.__version__, policy=settings.session.on_removal.value, swept=swept)
    stack.callback(journal.record, "stop")
    return core


def _why_no(answer: Answer) -> str:
    """Return what a member of staff at a terminal gets to read; the same whether number or PIN is wrong."""
    wait = f" The next try is looked at in {ceil(answer.wait_seconds)} s." if answer.wait_seconds else ""
    match answer.verdict:
        case Verdict.WAIT:
            return f"too soon after a wrong PIN: nothing was checked.{wait}"
        case Verdict.WRONG:
            return (
                "the number or the PIN is wrong, or this PIN is locked, disabled or expired "
                f"(see guard staff list).{wait}"
            )
        case _:
            return "no PIN can be checked now; see guard doctor."


def container_mark(runtime: Path) -> str:
    """Return what the containers of this runtime folder's guard are known by, in this run and later ones."""
    return hashlib.sha256(os.fsencode(runtime)).hexdigest()[:16]


def _new_session() -> ev.SessionId:
    return ev.SessionId(secrets.token_hex(16))


@contextlib.contextmanager
def _practice_portal(start: str) -> Iterator[None]:
    portal = PracticePortal()
    portal.start(start)
    try:
        yield
    finally:
        portal.stop()


@contextlib.contextmanager
def _stop_signals(inbox: Inbox) -> Iterator[None]:
    """Let SIGTERM, SIGINT and SIGHUP end the session in order, then the guard."""

    def stop(_number: int, _frame: object) -> None:
        inbox.post(ev.SystemChanging(what=ev.SystemChange.SHUTDOWN))

    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Handlers:
    """What ``guard status`` and its like get told; runs on the control server's thread."""

    def __init__(
        self, core: Core, parts: Parts, capsules: CapsulePool, inbox: Inbox, settings: Settings
    ) -> None:
        self._capsules = capsules
        self._core = core
        self._parts = parts
        self._inbox = inbox
        self._settings = settings

    def table(self) -> dict[str, Handler]:
        return {"status": self._status, "end": self._end, "cover": self._cover, "logout": self._logout}

    def _status(self, _request: Mapping[str, object]) -> Mapping[str, object]:
        snapshot = self._core.snapshot()
        session, reader = snapshot.session, self._parts.reader.status()
        return {
            "state": session.state.value,
            "session": session.current,
            "since": snapshot.since.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "reader": {"name": reader.name, "state": reader.state, "counter": reader.counter},
            "capsule": {"pids": self._capsules.pids(), "warm": session.facts.spare is not None},
            "covered": self._parts.shade.covered(),
            "alerts_open": len(self._parts.alerts.open()),
            "alerts": [
                {"kind": alert.kind.value, "count": alert.count} for alert in self._parts.alerts.open()
            ],
            "version": guard.__version__,
            "policy": self._settings.session.on_removal.value,
        }

    def _end(self, _request: Mapping[str, object]) -> Mapping[str, object]:
        session = self._live_session()
        self._inbox.post(ev.EndRequested(by=ev.EndedBy.CONTROL))
        return {"state": session.state.value}

    def _logout(self, request: Mapping[str, object]) -> Future[Mapping[str, object]]:
        session = self._live_session()
        staff, pin = request.get("staff"), request.get("pin")
        if not all(isinstance(each, str) and len(each) <= _TYPED_MOST for each in (staff, pin)):
            raise ConfigError(
                f"guard logout takes a staff number and a PIN, each a text of at most {_TYPED_MOST}"
            )
        future: Future[Mapping[str, object]] = Future()

        def checked(answer: Answer) -> None:
            self._inbox.post(LogoutChecked(session=session.current, answer=answer))
            if answer.verdict is Verdict.YES:
                future.set_result({"state": session.state.value})
            else:
                future.set_exception(ConfigError(_why_no(answer)))

        self._parts.book.verify(str(staff), Secret(str(pin)), checked)
        return future

    def _live_session(self) -> Session:
        session = self._core.snapshot().session
        if session.state not in _LIVE:
            raise ConfigError(
                f"no session is open (the counter is {session.state.value}): there is nothing to end"
            )
        return session

    def _cover(self, _request: Mapping[str, object]) -> Mapping[str, object]:
        self._inbox.post(ev.CoverRequested())
        return {"state": self._core.snapshot().session.state.value}
