"""The core's hold on the forwarder's process; what talks to a network is not in the core."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Protocol

from guard.channel import Channel, ChannelClosedError
from guard.environment import kept
from guard.errors import BrokenPromiseError, MachineError
from guard.ground import start_bound
from guard.journal.forward.messages import Health, Report, read_report, write_poke, write_setup
from guard.journal.forward.trouble import Tracked

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guard.clock import Clock
    from guard.journal.forward.messages import Setup

_GOING_SECONDS: Final = 3.0
"""s in which it must have ended by itself; it takes up to 2 s for the last records."""


class ForwardingListener(Protocol):
    """Is told, from any thread, and must not block."""

    def forwarding_behind(self, target: str) -> None:
        """The target has been in trouble for `guard.journal.forward.trouble.TROUBLE_SECONDS`.

        Told once; anew only after it was fine in between.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetStatus:
    """How a target is, for people."""

    name: str
    position: int | None
    """Number of the last record that it confirmed; None while that is not known."""
    behind: int | None
    """How many durable records it has not confirmed."""
    health: Health
    sentence: str | None
    """What is wrong; None when it is fine."""


class Forwarder:
    """Keeps a forwarder's process running; one that ends is started again, after growing pauses."""

    def __init__(
        self, setup: Setup, environment: Mapping[str, str], listener: ForwardingListener, clock: Clock
    ) -> None:
        self._setup = setup
        self._environment = kept(environment)
        self._listener = listener
        self._clock = clock
        self._lock = threading.Lock()
        self._tracked = {name: Tracked(_nothing_yet(name)) for name in setup.targets()}
        self._through = 0
        self._channel: Channel | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="forwarder", daemon=True)

    def start(self) -> None:
        """Start it; without a target nothing is started."""
        if self._tracked:
            self._thread.start()

    def durable(self, through: int) -> None:
        """Say that all records through this number are durable; from any thread, never blocks."""
        with self._lock:
            self._through = through
            self._send(write_poke(through))
        self._look()

    def status(self) -> tuple[TargetStatus, ...]:
        """Return how each target is."""
        with self._lock:
            return tuple(_status(one.report, self._through) for one in self._tracked.values())

    def close(self) -> None:
        """Give it a moment for the last records, end it, and return when it is gone."""
        with self._lock:
            self._stopping.set()
            if self._channel:
                self._channel.close()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        timing = self._setup.timing
        pause = timing.first_pause
        while not self._stopping.is_set():
            delivered = False
            try:
                delivered, why = self._live()
            except MachineError as error:
                why = error.sentence
            except OSError as error:  # such as no file descriptor left
                why = f"no forwarder's process can be started: {error.strerror}"
            if delivered:
                pause = timing.first_pause
            if not self._stopping.is_set():
                self._lose(why)
                self._stopping.wait(pause)
            pause = min(pause * 2, timing.longest_pause)

    def _live(self) -> tuple[bool, str]:
        """Run the process once, to its end; return whether it delivered anything, and why it ended."""
        channel, theirs = Channel.pair()
        with contextlib.closing(channel):
            with theirs:
                process = self._started(theirs.fileno())
            with self._lock:
                self._channel = channel
                self._send(write_setup(self._setup))
                self._send(write_poke(self._through))
                if self._stopping.is_set():
                    channel.close()
            delivered, why = self._listened(channel)
            with self._lock:
                self._channel = None
        try:
            process.wait(_GOING_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        return delivered, why or f"the forwarder's process ended ({process.returncode}) and is started again"

    def _started(self, descriptor: int) -> subprocess.Popen[bytes]:
        # the thread that starts it lives as long as this process: the kernel goes by the thread
        forwarder = (sys.executable, "-P", "-m", "guard.journal.forward", str(descriptor))
        try:
            return start_bound(forwarder, self._environment, handed=(descriptor,))
        except OSError as error:
            raise MachineError(f"the forwarder cannot be started: {error.strerror}") from error

    def _listened(self, channel: Channel) -> tuple[bool, str | None]:
        """Take reports until the channel ends; return whether one was fine, and what was wrong with one."""
        delivered = False
        for message in channel.messages():
            try:
                report = read_report(message)
            except BrokenPromiseError as error:
                return delivered, error.sentence
            if report.target not in self._tracked:
                return delivered, "the forwarder reports on a target that it was not given"
            delivered |= report.health is Health.FINE
            self._hear(report)
        return delivered, None

    def _send(self, message: Mapping[str, object]) -> None:
        """Send it to the process that runs, if one does; one that does not take it is restarted."""
        if self._channel:
            try:
                self._channel.send(message)
            except ChannelClosedError:
                self._channel.close()

    def _lose(self, why: str) -> None:
        for tracked in self._tracked.values():
            self._hear(replace(tracked.report, health=Health.TROUBLE, sentence=why))

    def _hear(self, report: Report) -> None:
        with self._lock:
            self._tracked[report.target].hear(report)
        self._look()

    def _look(self) -> None:
        with self._lock:
            now = self._clock.monotonic()
            due = [name for name, one in self._tracked.items() if one.is_due(self._through, now)]
        for name in due:
            self._listener.forwarding_behind(name)


def _nothing_yet(target: str) -> Report:
    return Report(target=target, position=None, health=Health.FINE, sentence=None)


def _status(report: Report, through: int) -> TargetStatus:
    return TargetStatus(
        name=report.target,
        position=report.position,
        behind=None if report.position is None else max(0, through - report.position),
        health=report.health,
        sentence=report.sentence,
    )
