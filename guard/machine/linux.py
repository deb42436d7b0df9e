"""Linux: X11, bubblewrap, systemd-logind, CUPS, ALSA, and a keyring of its own."""

from __future__ import annotations

import contextlib
import signal
import sys
from contextlib import closing
from typing import TYPE_CHECKING

if sys.platform == "win32":
    raise ImportError("this is Linux's part")

from guard.browser.port import Geometry, HostNames
from guard.containers.bubblewrap import Bubblewrap
from guard.keyring.kept import KeptStore
from guard.paths import journal_keyring
from guard.practice.display import display_or_own
from guard.printing.cups import CupsPrinter, Errands, FormerPrinter
from guard.screens.speaker import AplaySpeaker
from guard.screens.x11 import X11Shade
from guard.screens.x11_fit import connect
from guard.screens.x11_stage import x11_stage
from guard.supervision.systemd import supervisor_of
from guard.system.login1 import Login1Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from signal import Signals

    from guard.clock import Clock
    from guard.containers.port import Sealer
    from guard.keyring.store import ClosableStore
    from guard.printing.port import Printer
    from guard.reports import Reports
    from guard.screens.port import Shade, Speaker
    from guard.screens.stage import Stage
    from guard.supervision.port import Supervisor
    from guard.system.port import SystemWatch


class LinuxMachine:
    """Implements `guard.machine.port.Machine`."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Take the machine as this process's environment tells of it."""
        self._environment = dict(environment)
        self._supervisor = supervisor_of(self._environment)

    @property
    def environment(self) -> Mapping[str, str]:
        """See `Machine.environment`."""
        return self._environment

    def shade(self, clock: Clock, listener: Reports, *, hotkey: str) -> Shade:
        """See `Machine.shade`."""
        return X11Shade(self._environment, clock, listener, hotkey=hotkey)

    def stage(self) -> Stage:
        """See `Machine.stage`."""
        return x11_stage(self._environment)

    @contextlib.contextmanager
    def trial_stage(self) -> Iterator[tuple[Stage, Geometry]]:
        """See `Machine.trial_stage`: the display given, or one of our own where none is."""
        given = self._environment.get("DISPLAY")
        with display_or_own(given) as name:
            stage = x11_stage(self._environment if given else {"DISPLAY": name})
            with closing(connect({"DISPLAY": name})) as client:
                screen = client.screen()
                area = Geometry(x=0, y=0, width=screen.width_in_pixels, height=screen.height_in_pixels)
            yield stage, area

    def sealer(self, mark: str, clock: Clock) -> Sealer:
        """See `Machine.sealer`."""
        return Bubblewrap(mark, clock)

    def system(self, listener: Reports, clock: Clock) -> SystemWatch:
        """See `Machine.system`."""
        return Login1Watch(self._environment, listener, clock)

    def printer(self, name: str, clock: Clock, reports: Reports) -> Printer:
        """See `Machine.printer`."""
        errands = Errands(self._environment)
        return CupsPrinter(name, errands, clock, reports) if name else FormerPrinter(errands)

    def speaker(self) -> Speaker:
        """See `Machine.speaker`."""
        return AplaySpeaker(self._environment)

    def journal_store(self) -> ClosableStore:
        """See `Machine.journal_store`."""
        return KeptStore(self._environment, journal_keyring(self._environment))

    def forget_names(self) -> HostNames:
        """See `Machine.forget_names`: glibc keeps none; systemd-resolved and nscd obey root alone."""
        return HostNames.OUT_OF_REACH

    def supervisor(self) -> Supervisor:
        """See `Machine.supervisor`: systemd, or nobody."""
        return self._supervisor

    def refused(self, sentence: str) -> None:
        """See `Machine.refused`: systemd has stderr in its journal."""

    def when_told_to_end(self, end: Callable[[], None]) -> None:
        """See `Machine.when_told_to_end`: systemd sends a signal."""

    def stop_signals(self) -> tuple[Signals, ...]:
        """See `Machine.stop_signals`."""
        return (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
