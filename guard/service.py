"""The composition root: builds the parts, hands them to the core, takes everything down again.

The order of the start is the order of the promises: what could refuse to start is asked first, then the
screen is covered, then leftovers are swept, and only then does anything of the guard's own come up. The end
runs the same list backwards, however far the start has come.
"""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import signal
import sys
from functools import partial
from typing import TYPE_CHECKING

from guard.browser.capsule import SealedCapsules
from guard.browser.ending import Ending
from guard.browser.kinds import launch_of
from guard.browser.pool import CapsulePool
from guard.clock import SystemClock
from guard.control import ControlServer, control_address
from guard.core import Core, Parts
from guard.errors import GuardError, MachineError
from guard.failing_threads import failing_threads_end_the_guard
from guard.ground import forbid_core_dumps, runtime_folder, share_one_heap, state_home
from guard.handlers import Handlers
from guard.inbox import Inbox
from guard.installed import DiskLook, Running
from guard.journal.alerts import Alerts
from guard.journal.anchor import Anchor
from guard.journal.forward.messages import Setup
from guard.journal.forward.platform_log import PLACE
from guard.journal.forward.process import Forwarder
from guard.journal.reading import Reading
from guard.journal.sealed import SealedJournal
from guard.machine import ThisMachine
from guard.paths import SingleInstance, container_mark
from guard.practice.portal import PracticePortal
from guard.readers.pcsc import PcscWatch
from guard.readers.scard import PyscardScard
from guard.reports import Reports
from guard.screens.curtain import CurtainProcess, CurtainSetup
from guard.screens.speaker import NoSpeaker
from guard.session import events as ev
from guard.session.effects import AlertKind
from guard.session.table import State
from guard.staff.vault_client import Vault, VaultBook

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from guard.clock import Clock
    from guard.journal.standing import Standing
    from guard.machine.port import Machine
    from guard.settings.model import JournalSettings, Settings

SWITCH_INTERVAL = 0.0005
"""s a Python thread may run on while another waits; the default of 5 ms would be the cover's worst delay."""

_CUT_SHORT = (State.ACTIVE, State.HELD, State.ENDING)
_log = logging.getLogger(__name__)


def run(read_settings: Callable[[], Settings]) -> int:
    """Serve the counter in the foreground; return the exit code.

    The settings are read once to run with, and again to tell whether the disk has others by now. Raises
    ConfigError or MachineError with one sentence when it cannot start; nothing is left behind then.
    """
    machine = ThisMachine(os.environ)
    try:
        return _serve(read_settings, machine)
    except GuardError as error:
        machine.refused(error.sentence)
        raise


def _serve(read_settings: Callable[[], Settings], machine: Machine) -> int:
    settings = read_settings()
    logging.basicConfig(format="%(asctime)s %(name)s: %(message)s", level=logging.INFO, stream=sys.stderr)
    sys.setswitchinterval(SWITCH_INTERVAL)
    forbid_core_dumps()  # a PIN passes through on its way to the process that checks it
    share_one_heap()
    with contextlib.ExitStack() as stack:
        core = _build(settings, read_settings, machine, stack)
        with failing_threads_end_the_guard():
            core.run()
        blind = not core.snapshot().session.facts.display
    if blind:
        raise MachineError("the display was lost: the session is wiped; start the guard on a working screen")
    return 0


def _build(
    settings: Settings,
    read_settings: Callable[[], Settings],
    machine: Machine,
    stack: contextlib.ExitStack,
) -> Core:
    running = Running.beginning(settings)
    clock = SystemClock()
    inbox = Inbox(clock)
    reports = Reports(inbox)

    runtime = runtime_folder(machine.environment)
    stack.enter_context(SingleInstance(runtime))
    sealer = machine.sealer(container_mark(runtime), clock)
    stack.callback(sealer.close)
    if why := sealer.why_not():
        raise MachineError(why)
    launch = launch_of(settings.browser.kind)
    system = machine.system(reports, clock)
    stack.callback(system.close)  # the PC goes down when the last record has been written, not before
    anchor, journal, forwarder = _evidence(settings.journal, machine, reports, clock, stack)
    reader = PcscWatch(
        scard=PyscardScard(),
        post=inbox.post,
        clock=clock,
        part=settings.reader.name,
        watch=settings.reader.watch,
    )
    reader.start()
    stack.callback(reader.stop)
    for start in (site.start for site in settings.sites if site.practice):
        stack.enter_context(_practice_portal(start))

    shade = machine.shade(clock, reports, hotkey=settings.staff.hotkey)
    shade.start()
    stack.callback(shade.close)
    system.start()  # where the guard refuses to start, its one sentence is all that it says
    swept = sealer.sweep()
    prints = any(site.permit.printing for site in settings.sites)
    printer = machine.printer(settings.printing.printer if prints else "", clock, reports)
    stack.callback(printer.close)
    printer.sweep(reports.leftovers_swept)

    stage = machine.stage()
    curtain = CurtainProcess(
        sealer, reports, clock, CurtainSetup(stage=stage, language=settings.screens.language)
    )
    stack.callback(curtain.close)
    factories = {
        site.key: SealedCapsules(
            sealer,
            clock,
            launch,
            site=site,
            network=settings.network,
            area=lambda: shade.areas()[0],
            language=settings.screens.language,
            stage=stage,
        )
        for site in settings.sites
    }
    capsules = CapsulePool(factories, _new_session, settings.browser.warm, clock, reports)
    stack.callback(capsules.close)

    speaker = machine.speaker() if settings.screens.sound else NoSpeaker()
    stack.callback(speaker.close)

    book = VaultBook(Vault(machine.environment), clock)
    stack.callback(book.close)

    alerts = Alerts(journal, clock, journal.found.alerts)
    if journal.found.state in _CUT_SHORT:  # the last run was killed in a session, which nobody logged out
        alerts.raise_alert(AlertKind.LOGOUT_NOT_CONFIRMED, None)
    parts = Parts(
        system=system,
        reader=reader,
        shade=shade,
        curtain=curtain,
        speaker=speaker,
        capsules=capsules,
        ending=Ending(
            capsules,
            shade.clear_clipboard,
            printer,
            clock,
            reports.ended,
            downloads=any(site.permit.downloads for site in settings.sites),
            forget_names=machine.forget_names,
        ),
        printer=printer,
        journal=journal,
        forward=forwarder.durable,
        alerts=alerts,
        book=book,
        supervisor=machine.supervisor(),
    )
    core = Core(parts, settings.session, settings.sites, inbox, clock)
    handlers = Handlers(
        forwarder=forwarder,
        core=core,
        parts=parts,
        capsules=capsules,
        inbox=inbox,
        anchor=anchor,
        settings=settings,
        disk=DiskLook(running, read_settings),
    )
    control = ControlServer(control_address(runtime), handlers.table(), clock)
    control.start()
    stack.callback(control.close)
    _let_end(inbox, machine, stack)
    _record_start(journal, settings, running, swept)
    stack.push(partial(_record_stop, journal))
    return core


def _evidence(
    settings: JournalSettings,
    machine: Machine,
    reports: Reports,
    clock: Clock,
    stack: contextlib.ExitStack,
) -> tuple[Anchor, SealedJournal, Forwarder]:
    """Open the journal, and forward what it holds; its last records are forwarded after it has closed."""
    store = machine.journal_store()
    stack.callback(store.close)
    anchor = Anchor(store)
    setup = Setup(
        journal=settings.directory,
        folder=state_home(machine.environment) / "forward",
        platform_log=PLACE if settings.platform_log else None,
        syslog=settings.syslog,
    )
    forwarder = Forwarder(setup, machine.environment, reports, clock)
    journal = SealedJournal(settings.directory, anchor, clock, reports, settings.retention_days)
    stack.callback(forwarder.close)
    stack.callback(lambda: forwarder.durable(journal.seq))
    stack.callback(journal.close)
    forwarder.start()
    forwarder.durable(journal.seq)
    return anchor, journal, forwarder


def _record_start(journal: SealedJournal, settings: Settings, running: Running, swept: int) -> None:
    """Record what starts, and say it in the log beside what the run before was."""
    before = Reading(settings.journal.directory).last("start")
    _log.info(running.announcement(before.record.fields if before else None))
    journal.record(
        "start",
        version=running.version,
        code_hash=running.code_hash,
        policy=settings.session.on_removal.value,
        policy_hash=running.policy_hash,
        after=_how_it_ended(journal.found),
        swept=swept,
    )


def _record_stop(journal: SealedJournal, kind: type[BaseException] | None, *_: object) -> None:
    """Record an orderly stop; a guard that falls over an error has crashed."""
    if kind is None:
        journal.record("stop")


def _how_it_ended(found: Standing) -> str:
    """Return how the run before this one ended."""
    if found.seq == 0:
        return "first"
    return "crash" if found.running else "stop"


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


def _let_end(inbox: Inbox, machine: Machine, stack: contextlib.ExitStack) -> None:
    """Let the operator and the supervisor end the session in order, then the guard."""

    def end() -> None:
        inbox.post(ev.SystemChanging(what=ev.SystemChange.STOP))

    stack.enter_context(_stop_signals(end, machine.stop_signals()))
    machine.when_told_to_end(end)


@contextlib.contextmanager
def _stop_signals(end: Callable[[], None], numbers: Sequence[signal.Signals]) -> Iterator[None]:
    def stop(_number: int, _frame: object) -> None:
        end()

    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
