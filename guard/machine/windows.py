"""Windows: a desktop's topmost windows, Job Objects, the Credential Manager, the print spooler, Event Log."""

from __future__ import annotations

import contextlib
import signal
import sys
from typing import TYPE_CHECKING

if sys.platform != "win32":
    raise ImportError("this is Windows' part")

from guard.browser.win32_names import forget_names
from guard.containers.job_object import JobObjects
from guard.errors import MachineError
from guard.ground import state_home
from guard.keeper.line import GuardsEnd
from guard.keeper.note import note
from guard.keyring.credential_manager import HeldStore
from guard.paths import journal_keyring
from guard.printing.spooler import SpoolerPrinter
from guard.printing.win32_spooler import WindowsSpooler
from guard.screens.stage import Stage
from guard.screens.win32 import Win32Shade, check_uncovered
from guard.screens.win32_bare import monitors, see_every_pixel
from guard.screens.win32_clipboard_history import keeps_nothing
from guard.screens.winsound_speaker import WinsoundSpeaker
from guard.supervision.nobody import Nobody
from guard.system.win32 import Win32Watch
from guard.words import Words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from signal import Signals

    from guard.browser.port import Geometry, HostNames
    from guard.clock import Clock
    from guard.containers.port import Sealer
    from guard.keyring.store import ClosableStore
    from guard.printing.port import Printer
    from guard.reports import Reports
    from guard.screens.port import Shade, Speaker
    from guard.supervision.port import Supervisor
    from guard.system.port import SystemWatch


class WindowsMachine:
    """Implements `guard.machine.port.Machine`."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Take the machine as this process's environment tells of it."""
        self._environment = dict(environment)
        self._line = GuardsEnd.take(self._environment)

    @property
    def environment(self) -> Mapping[str, str]:
        """See `Machine.environment`."""
        return self._environment

    def shade(self, clock: Clock, listener: Reports, *, hotkey: str) -> Shade:
        """See `Machine.shade`; without the policies no clipboard could ever be proven empty."""
        if not keeps_nothing():
            raise MachineError(
                "Windows keeps what is copied (clipboard history, or other PCs): an administrator lays "
                "companion.reg down (docs/windows-policy.md)"
            )
        return Win32Shade(clock, listener, hotkey=hotkey, history=keeps_nothing)

    def stage(self) -> Stage:
        """See `Machine.stage`: the desktop of this session, which every process of it is on."""
        return Stage()

    @contextlib.contextmanager
    def trial_stage(self) -> Iterator[tuple[Stage, Geometry]]:
        """See `Machine.trial_stage`."""
        check_uncovered()
        see_every_pixel()
        found = monitors()
        if not found:
            raise MachineError("this session has no screen: log in at the counter itself")
        yield Stage(), found[0]

    def sealer(self, mark: str, clock: Clock) -> Sealer:
        """See `Machine.sealer`."""
        return JobObjects(mark, state_home(self._environment) / "capsules", clock)

    def system(self, listener: Reports, clock: Clock) -> SystemWatch:
        """See `Machine.system`."""
        return Win32Watch(listener, clock, reason=Words.load().of("ending_holds_up"))

    def printer(self, name: str, clock: Clock, reports: Reports) -> Printer:  # noqa: ARG002 -- nothing is printed yet
        """See `Machine.printer`."""
        if name:
            raise MachineError(
                "[printing] printer cannot be used on Windows yet; leave it empty: no page prints then"
            )
        return SpoolerPrinter(WindowsSpooler(), clock)

    def speaker(self) -> Speaker:
        """See `Machine.speaker`."""
        return WinsoundSpeaker()

    def journal_store(self) -> ClosableStore:
        """See `Machine.journal_store`."""
        return HeldStore(self._environment, journal_keyring(self._environment))

    def forget_names(self) -> HostNames:
        """See `Machine.forget_names`."""
        return forget_names()

    def supervisor(self) -> Supervisor:
        """See `Machine.supervisor`: the keeper's service, or nobody."""
        return self._line or Nobody()

    def refused(self, sentence: str) -> None:
        """See `Machine.refused`: what the keeper starts has no stderr."""
        if self._line is not None:
            note("Guard", sentence, grave=True)

    def when_told_to_end(self, end: Callable[[], None]) -> None:
        """See `Machine.when_told_to_end`."""
        if self._line is not None:
            self._line.when_asked_to_end(end)

    def stop_signals(self) -> tuple[Signals, ...]:
        """See `Machine.stop_signals`."""
        return (signal.SIGTERM, signal.SIGINT, signal.SIGBREAK)
