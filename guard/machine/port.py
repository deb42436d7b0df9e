"""The port: every part of the guard that is made otherwise on another system."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager
    from signal import Signals

    from guard.browser.port import Geometry, HostNames
    from guard.clock import Clock
    from guard.containers.port import Sealer
    from guard.keyring.store import ClosableStore
    from guard.printing.port import Printer
    from guard.reports import Reports
    from guard.screens.port import Shade, Speaker
    from guard.screens.stage import Stage
    from guard.supervision.port import Supervisor
    from guard.system.port import SystemWatch


class Machine(Protocol):
    """Makes the adapters of one system; what is made belongs to whoever asked for it.

    Each method raises MachineError with one sentence when this PC cannot do what it needs.
    """

    @property
    def environment(self) -> Mapping[str, str]:
        """What this process was started with, but for what its supervisor says to it alone."""
        ...

    def shade(self, clock: Clock, listener: Reports, *, hotkey: str) -> Shade:
        """Return what covers the screen."""
        ...

    def stage(self) -> Stage:
        """Return the screen that is covered, for windows that are to be shown there."""
        ...

    def trial_stage(self) -> AbstractContextManager[tuple[Stage, Geometry]]:
        """Lend a screen that no guard covers, with its size, for trying a portal."""
        ...

    def sealer(self, mark: str, clock: Clock) -> Sealer:
        """Return what seals processes; ``mark`` tells those of several guards apart."""
        ...

    def system(self, listener: Reports, clock: Clock) -> SystemWatch:
        """Return what tells before the PC sleeps, locks, logs out or goes down."""
        ...

    def printer(self, name: str, clock: Clock, reports: Reports) -> Printer:
        """Return the printer of this name; of an empty name, what only ends the jobs of earlier runs."""
        ...

    def speaker(self) -> Speaker:
        """Return the loudspeaker."""
        ...

    def journal_store(self) -> ClosableStore:
        """Return the keyring that keeps the journal's mark."""
        ...

    def forget_names(self) -> HostNames:
        """Empty the system's cache of host names and tell what became of it; raises nothing."""
        ...

    def supervisor(self) -> Supervisor:
        """Return who starts the guard again when it dies."""
        ...

    def refused(self, sentence: str) -> None:
        """Say why the guard does not run, where the supervisor's people look; stderr is told anyway."""
        ...

    def when_told_to_end(self, end: Callable[[], None]) -> None:
        """Have it called, from another thread, when the supervisor wants the guard to end in order."""
        ...

    def stop_signals(self) -> tuple[Signals, ...]:
        """Return the signals that end the guard in order."""
        ...
