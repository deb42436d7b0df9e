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
from guard.keyring.credential_manager import HeldStore
from guard.paths import journal_keyring
from guard.printing.spooler import SpoolerPrinter
from guard.printing.win32_spooler import WindowsSpooler
from guard.screens.stage import Stage
from guard.screens.win32 import Win32Shade
from guard.screens.win32_fit import check_fit
from guard.screens.win32_monitors import monitors
from guard.screens.winsound_speaker import WinsoundSpeaker
from guard.system.win32 import Win32Watch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from signal import Signals

    from guard.browser.port import Geometry, HostNames
    from guard.clock import Clock
    from guard.containers.port import Sealer
    from guard.keyring.store import ClosableStore
    from guard.printing.port import Printer
    from guard.reports import Reports
    from guard.screens.port import Shade, Speaker
    from guard.system.port import SystemWatch


class WindowsMachine:
    """Implements `guard.machine.port.Machine`."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Take the machine as this process's environment tells of it."""
        self._environment = dict(environment)

    @property
    def environment(self) -> Mapping[str, str]:
        """See `Machine.environment`."""
        return self._environment

    def shade(self, clock: Clock, listener: Reports, *, hotkey: str) -> Shade:
        """See `Machine.shade`."""
        return Win32Shade(clock, listener, hotkey=hotkey)

    def stage(self) -> Stage:
        """See `Machine.stage`: the desktop of this session, which every process of it is on."""
        return Stage()

    @contextlib.contextmanager
    def trial_stage(self) -> Iterator[tuple[Stage, Geometry]]:
        """See `Machine.trial_stage`."""
        check_fit()
        yield Stage(), monitors()[0]

    def sealer(self, mark: str, clock: Clock) -> Sealer:
        """See `Machine.sealer`."""
        return JobObjects(mark, state_home(self._environment) / "capsules", clock)

    def system(self, listener: Reports, clock: Clock) -> SystemWatch:
        """See `Machine.system`."""
        return Win32Watch(listener, clock)

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

    def stop_signals(self) -> tuple[Signals, ...]:
        """See `Machine.stop_signals`."""
        return (signal.SIGTERM, signal.SIGINT, signal.SIGBREAK)
