"""A capsule as the core holds it: a window process in a container, and what the two say to each other.

What runs inside differs by the kind of browser; that is a `Launch`, and nothing else here knows it.
"""

from __future__ import annotations

import sys
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from guard.browser.messages import (
    MOST_REFUSALS,
    MOST_WANTED,
    Begin,
    Begun,
    LoggedOut,
    LogOut,
    Lost,
    NotPrinted,
    Open,
    Paper,
    PaperTaken,
    Refused,
    Resize,
    Wanted,
    Warm,
    read_report,
    write_order,
)
from guard.browser.papers import Sheaf
from guard.browser.port import Logout
from guard.browser.site import Permit
from guard.channel import Channel, ChannelClosedError
from guard.containers.port import Sealing
from guard.errors import BrokenPromiseError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from guard.browser.messages import Order
    from guard.browser.network import Network
    from guard.browser.port import CapsuleListener, Geometry
    from guard.browser.site import LogoutRecipe, Site
    from guard.clock import Clock
    from guard.containers.port import Container, Sealer
    from guard.screens.stage import Stage
    from guard.session.events import SessionId
    from guard.settings.model import Language


BEGUN_WITHIN = 5.0
"""s from handing a capsule to a citizen until it has painted again; one that cannot is not alive.

On a PC that was busy with other things 1.5 s were missed.
"""
NICE = 5
"""What nice(1) adds: a page that keeps the PC busy must keep neither the shade nor the curtain waiting."""
MEMORY = 2 << 30
"""Bytes that a capsule may take; it needs about 370 MB (seed facts), and a page that wants more is a bomb."""

_NOTHING = Permit()


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """How one kind of browser's window process is started in its container."""

    module: str
    """Run as ``python -m module FD``, FD being the channel to the core."""
    environment: Mapping[str, str]
    private: Sequence[Path] = ()
    """See `Sealing.private`."""
    readable: Callable[[], Sequence[Path]] = tuple
    """See `Sealing.readable`; asked for each capsule, for an administrator may change what is there."""
    shown: Callable[[], Mapping[Path, Path]] = dict
    """See `Sealing.shown`; the same."""


class SealedCapsules:
    """The `CapsuleFactory` of every kind; ``area`` tells where the portal belongs now."""

    def __init__(  # noqa: PLR0913 -- everything a capsule is made of comes through here, once
        self,
        sealer: Sealer,
        clock: Clock,
        launch: Launch,
        *,
        site: Site,
        network: Network,
        area: Callable[[], Geometry],
        language: Language,
        stage: Stage,
        begun_within: float = BEGUN_WITHIN,
        survey: Callable[[Wanted], None] | None = None,
    ) -> None:
        """Capsules whose hosts ``survey`` hears, from any thread, are to try a profile, not for citizens."""
        self._sealer = sealer
        self._clock = clock
        self._launch = launch
        self._site = site
        self._network = network
        self._area = area
        self._language = language
        self._stage = stage
        self._begun_within = begun_within
        self._survey = survey

    def __call__(self, session: SessionId, listener: CapsuleListener) -> SealedCapsule:
        """Start one warming; raises MachineError when this PC cannot."""
        channel, theirs = Channel.pair()
        with theirs:
            opening = Open(
                session=session,
                site=self._site,
                area=self._area(),
                language=self._language,
                network=self._network,
                survey=self._survey is not None,
            )
            channel.send(write_order(opening))
            try:
                container = self._sealer.seal(self._sealing(session, theirs.fileno()))
            except BaseException:
                channel.close()
                raise
        return SealedCapsule(
            session,
            container,
            channel,
            listener=listener,
            recipe=self._site.logout,
            permit=self._site.permit,
            clock=self._clock,
            begun_within=self._begun_within,
            survey=self._survey,
        )

    def _sealing(self, session: SessionId, descriptor: int) -> Sealing:
        environment = {
            "LANG": "C.UTF-8",
            "DBUS_SESSION_BUS_ADDRESS": "disabled:",  # else a bus is started for each capsule
            "QT_ENABLE_HIGHDPI_SCALING": "0",  # areas are pixels of the display server
            **self._stage.environment,
            **self._launch.environment,
        }
        return Sealing(
            name=f"capsule-{session}",
            command=(sys.executable, "-P", "-m", self._launch.module, str(descriptor)),
            channel_fd=descriptor,
            environment=environment,
            network=True,
            dies_with_parent=True,
            memory=MEMORY,
            nice=NICE,
            readable=(
                *self._launch.readable(),
                *self._stage.readable,
                *(() if self._network.file is None else (self._network.file,)),
            ),
            private=self._launch.private,
            shown=self._launch.shown(),
            display=self._stage.display,
        )


class SealedCapsule:
    """The `Capsule` of `guard.browser.port`; callable from every thread."""

    def __init__(  # noqa: PLR0913 -- built in one place only
        self,
        session: SessionId,
        container: Container,
        channel: Channel,
        *,
        listener: CapsuleListener,
        recipe: LogoutRecipe | None,
        permit: Permit = _NOTHING,
        clock: Clock,
        begun_within: float = BEGUN_WITHIN,
        survey: Callable[[Wanted], None] | None = None,
    ) -> None:
        self._session = session
        self._container = container
        self._channel = channel
        self._listener = listener
        self._recipe = recipe
        self._sheaf = Sheaf(permit)
        self._clock = clock
        self._lock = threading.Lock()
        self._over = False
        self._begun_within = begun_within
        self._survey = survey
        self._begin_deadline: threading.Timer | None = None
        self._answered = threading.Event()
        self._confirmed = False
        threading.Thread(target=self._listen, name="capsule", daemon=True).start()

    @property
    def session(self) -> SessionId:
        """See `Capsule.session`."""
        return self._session

    def pids(self) -> tuple[int, ...]:
        """See `Capsule.pids`."""
        return self._container.pids()

    def begin(self) -> None:
        """See `Capsule.begin`; a capsule that does not paint soon after the first time is lost."""
        with self._lock:
            # Only the first time: a page that a resumed session left may be waiting for its citizen's answer.
            if self._begin_deadline is None and not self._over:
                why = "the capsule did not paint when a citizen came"
                self._begin_deadline = threading.Timer(self._begun_within, self._lose, args=(why,))
                self._begin_deadline.name = "capsule begins"
                self._begin_deadline.daemon = True
                self._begin_deadline.start()
        self._send(Begin(session=self._session))

    def resize(self, area: Geometry) -> None:
        """See `Capsule.resize`."""
        self._send(Resize(session=self._session, area=area))

    def not_printed(self) -> None:
        """See `Capsule.not_printed`."""
        self._send(NotPrinted(session=self._session))

    def logout(self) -> tuple[Logout, float]:
        """See `Capsule.logout`."""
        if self._recipe is None:
            return Logout.NO_RECIPE, 0.0
        if self._over:
            return Logout.NOT_TRIED, 0.0
        began = self._clock.monotonic()
        self._send(LogOut(session=self._session))
        self._answered.wait(self._recipe.deadline_ms / 1000)
        took = (self._clock.monotonic() - began) * 1000
        return (Logout.CONFIRMED if self._confirmed else Logout.NOT_CONFIRMED), took

    def kill(self) -> None:
        """See `Capsule.kill`."""
        self._stop()

    def prove_gone(self, timeout: float) -> tuple[int, bool, float, float]:
        """See `Capsule.prove_gone`."""
        began = self._clock.monotonic()
        self._stop()
        gone = self._container.wait(timeout)
        ended = self._clock.monotonic()
        remains = self._container.remains()
        looked = self._clock.monotonic()
        processes = remains.processes if gone else max(1, remains.processes)
        return processes, remains.storage, (ended - began) * 1000, (looked - ended) * 1000

    def _send(self, order: Order) -> None:
        try:
            self._channel.send(write_order(order))
        except ChannelClosedError as error:
            # The listener may act at once, so it is not called from inside the caller's call.
            threading.Thread(target=self._lose, args=(error.sentence,), daemon=True).start()

    def _listen(self) -> None:  # noqa: C901 -- one flat case a report
        why, refusals, wanted = "the capsule's process ended", 0, 0
        for message in self._channel.messages():
            try:
                report = read_report(message, self._session)
                if isinstance(report, Paper):
                    self._take(report)
            except BrokenPromiseError as error:
                why = error.sentence
                break
            match report:
                case Warm(window=window, lacks=lacks):
                    self._listener.warm(self._session, window, lacks)
                case Begun():
                    self._settle_begin()
                case Refused(what=what, host=host):
                    refusals += 1
                    if refusals > MOST_REFUSALS:
                        why = "the capsule reported more refusals than it may"
                        break
                    self._listener.refused(self._session, what, host)
                case Wanted():
                    wanted += 1
                    if self._survey is None or wanted > MOST_WANTED:
                        why = "the capsule told of more hosts than it may"
                        break
                    self._survey(report)
                case LoggedOut(confirmed=confirmed):
                    self._confirmed = confirmed
                    self._answered.set()
                case Lost(why=loss):
                    why = loss.value
                    break
        self._lose(why)

    def _take(self, paper: Paper) -> None:
        """Ask for the next part, or pass the whole on; raises BrokenPromiseError for what may not come."""
        pdf = self._sheaf.add(paper)
        self._send(PaperTaken(session=self._session))
        if pdf is not None:
            self._listener.paper(self._session, pdf)

    def _lose(self, why: str) -> None:
        if self._stop():
            self._listener.lost(self._session, why)

    def _stop(self) -> bool:
        """Kill it; tell whether it still counted as alive."""
        self._container.kill()
        with self._lock:
            was_alive, self._over = not self._over, True
        self._answered.set()
        self._settle_begin()
        self._channel.close()
        return was_alive

    def _settle_begin(self) -> None:
        with self._lock:
            if self._begin_deadline is not None:
                self._begin_deadline.cancel()
