"""The core's hold on the curtain process."""

from __future__ import annotations

import contextlib
import secrets
import sys
import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from guard.channel import Channel, ChannelClosedError
from guard.containers.port import Sealing
from guard.errors import BrokenPromiseError, MachineError
from guard.screens.messages import (
    Alive,
    EndPressed,
    KeyPressed,
    LanguagePressed,
    Open,
    Painted,
    PortalPressed,
    Pressed,
    Resize,
    Show,
    StaffPressed,
    Up,
    read_report,
    write_order,
)
from guard.screens.port import Scene, Screen

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.clock import Clock
    from guard.containers.port import Container, Sealer
    from guard.screens.messages import Areas, Order, Report
    from guard.screens.port import CurtainListener
    from guard.screens.stage import Stage
    from guard.settings.model import Language

_WAITING = frozenset({Screen.STARTING, Screen.READY})
"""Nobody's session is open: a language that is chosen here is the next citizen's, also while what they have
chosen to open is prepared."""
_GONE_TIMEOUT = 10.0
_ENDS_WITHIN = 0.1
"""s for which a curtain that has hung up may take to be gone; otherwise it lives."""
"""Seconds in which a killed curtain must be gone; measured are about 0.1 s (design facts: 62-103 ms)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CurtainSetup:
    """What the operator chose and what this PC is like."""

    stage: Stage
    language: Language
    module: str = "guard.screens.curtain_window"
    """Run as ``python -m module FD``, FD being the channel to the core, like `Launch.module`."""
    up_seconds: float = 30.0
    """From the start to both windows painted; measured cold: 1-2 s on an idle PC."""
    painted_seconds: float = 5.0
    """From a scene to its picture; measured: below 0.1 s, and beyond 2 s on a PC busy with other things."""


class CurtainProcess:
    """The `Curtain` of `guard.screens.port`, run in a container of its own that outlives the core."""

    def __init__(self, sealer: Sealer, listener: CurtainListener, clock: Clock, setup: CurtainSetup) -> None:
        self._sealer = sealer
        self._listener = listener
        self._clock = clock
        self._setup = setup
        self._language = setup.language
        self._lock = threading.RLock()
        self._scene = Scene(screen=Screen.STARTING)
        self._shown_at = clock.monotonic()
        self._life: _Life | None = None

    @property
    def language(self) -> Language:
        """The language that is shown now: the citizen's, but on the staff's pad the operator's."""
        with self._lock:
            return self._setup.language if self._scene.desk else self._language

    def start(self, areas: Areas) -> None:
        """See `Curtain.start`."""
        with self._lock:
            old = self._life
            self._life = life = _Life(self._sealer, self._listener, self._setup, self._speak)
            life.send(Open(areas=areas))
            life.show(self._scene_now(), self.language)
        sealing = self._sealing(life.descriptor)
        threading.Thread(target=_replace, args=(old, life, sealing), name="curtain", daemon=True).start()

    def show(self, scene: Scene) -> None:
        """See `Curtain.show`."""
        with self._lock:
            if scene.screen in _WAITING and self._scene.screen not in _WAITING:
                self._language = self._setup.language
            self._scene = scene
            self._shown_at = self._clock.monotonic()
            if self._life:
                self._life.show(scene, self.language)

    def pulse(self) -> None:
        """See `Curtain.pulse`."""
        with self._lock:
            if self._life:
                self._life.send(Alive())

    def check(self) -> None:
        """See `Curtain.check`."""
        with self._lock:
            if self._life:
                self._life.show(self._scene_now(), self.language)

    def resize(self, areas: Areas) -> None:
        """See `Curtain.resize`."""
        with self._lock:
            if self._life:
                self._life.send(Resize(areas=areas))

    def pids(self) -> tuple[int, ...]:
        """See `Curtain.pids`."""
        with self._lock:
            return self._life.pids() if self._life else ()

    def close(self) -> None:
        """See `Curtain.close`; raises MachineError when it does not go."""
        with self._lock:
            life, self._life = self._life, None
        if life:
            life.end()

    def _speak(self, language: Language) -> None:
        """Draw the same scene in the language that the citizen chose."""
        with self._lock:
            self._language = language
            if self._life:
                self._life.show(self._scene_now(), self.language)

    def _scene_now(self) -> Scene:
        """Return the scene with its countdowns where they stand by now."""
        gone = int(self._clock.monotonic() - self._shown_at)
        desk = self._scene.desk
        return replace(
            self._scene,
            seconds_left=_after(self._scene.seconds_left, gone),
            desk=desk and replace(desk, wait=_after(desk.wait, gone)),
        )

    def _sealing(self, descriptor: int) -> Sealing:
        setup = self._setup
        return Sealing(
            name=f"curtain-{secrets.token_hex(16)}",
            command=(sys.executable, "-m", setup.module, str(descriptor)),
            channel_fd=descriptor,
            environment={
                "LANG": "C.UTF-8",
                "PYWEBVIEW_LOG": "CRITICAL",  # pages call it with the keys of a PIN; not a word about that
                "QT_API": "pyside6",
                "QT_ENABLE_HIGHDPI_SCALING": "0",  # areas are pixels of the display server
                **setup.stage.environment,
            },
            network=False,
            dies_with_parent=False,
            readable=setup.stage.readable,
            display=setup.stage.display,
        )


def _after(seconds: int | None, gone: int) -> int | None:
    return None if seconds is None else max(0, seconds - gone)


def _replace(old: _Life | None, new: _Life, sealing: Sealing) -> None:
    if old:
        with contextlib.suppress(MachineError):  # the new curtain is needed all the more
            old.end()
    new.run(sealing)


class _Life:
    """One run of the process, from its start until it is lost or ended."""

    def __init__(
        self,
        sealer: Sealer,
        listener: CurtainListener,
        setup: CurtainSetup,
        speak: Callable[[Language], None],
    ) -> None:
        self._sealer = sealer
        self._listener = listener
        self._setup = setup
        self._speak = speak
        self._channel, self._theirs = Channel.pair()
        self.descriptor = self._theirs.fileno()
        self._lock = threading.Lock()
        self._container: Container | None = None
        self._seq = 0
        self._painted = 0
        self._screen: Screen | None = None
        """What is to be seen; None: the staff's pad, whatever lies beneath it."""
        self._screen_since = 0
        """Number of the first scene in a row that shows it."""
        self._up = False
        self._over = False
        self._deadline: threading.Timer | None = None
        self._finished = threading.Event()

    def run(self, sealing: Sealing) -> None:
        """Start it and listen until it is gone; this thread keeps the container's books."""
        try:
            self._live(sealing)
        finally:
            self._finished.set()

    def _live(self, sealing: Sealing) -> None:
        with self._theirs:
            if self._over:
                return
            try:
                self._container = self._sealer.seal(sealing)
            except MachineError as error:
                self._lose(error.sentence)
                return
        why = ""
        for message in self._channel.messages():
            try:
                self._hear(read_report(message))
            except BrokenPromiseError as error:
                why = error.sentence
                break
        self._lose(why or self._how_it_ended(self._container))
        self._container.kill()
        self._container.wait(_GONE_TIMEOUT)
        self._container.remains()  # lets go of the namespaces, which are held open for this look

    @staticmethod
    def _how_it_ended(container: Container) -> str:
        if container.wait(_ENDS_WITHIN):
            return "the curtain's process ended"
        return "the curtain hung up, as it does when it does not hear of the core"

    def send(self, order: Order) -> None:
        """Send it; a curtain that cannot take it is lost. Never blocks."""
        try:
            self._channel.send(write_order(order))
        except ChannelClosedError as error:
            # The listener may ask for a restart at once, so it is not called from inside the caller's call.
            threading.Thread(target=self._lose, args=(error.sentence,), daemon=True).start()

    def show(self, scene: Scene, language: Language) -> None:
        """Send the scene, and give it its time to be painted."""
        with self._lock:
            self._seq += 1
            seq = self._seq
            screen = None if scene.desk else scene.screen
            if screen != self._screen:
                self._screen, self._screen_since = screen, seq
            if self._deadline is None and not self._over:
                self._give_time()
        self.send(Show(seq=seq, scene=scene, language=language))

    def pids(self) -> tuple[int, ...]:
        """Return the ids of its processes."""
        return self._container.pids() if self._container else ()

    def end(self) -> None:
        """Kill it and return when it is gone; nothing more is reported. Raises MachineError if it stays."""
        self._stop()
        if not self._finished.wait(2 * _GONE_TIMEOUT) or self.pids():
            raise MachineError("the curtain's processes do not end although they were killed")

    def _hear(self, report: Report) -> None:
        match report:
            case Up(curtain=curtain, strip=strip):
                if self._up:
                    raise BrokenPromiseError("the curtain came up twice")
                self._up = True
                self._listener.curtain_up(curtain, strip)
            case Painted(seq=seq):
                self._seen(seq)
            case Pressed():
                if report.seq > self._seq:
                    raise BrokenPromiseError("the curtain says that somebody pressed what it was not shown")
                # Or they saw another screen than whoever sees this one; to call staff only covers.
                if report.seq >= self._screen_since or isinstance(report, StaffPressed):
                    self._press(report)

    def _press(self, pressed: Pressed) -> None:
        match pressed:
            case EndPressed():
                self._listener.end_pressed()
            case StaffPressed():
                self._listener.staff_pressed()
            case LanguagePressed(language=language):
                self._speak(language)
            case KeyPressed(key=key):
                self._listener.key_pressed(key)
            case PortalPressed(key=portal):
                self._listener.portal_pressed(portal)

    def _seen(self, seq: int) -> None:
        with self._lock:
            if not self._up or not self._painted < seq <= self._seq:
                raise BrokenPromiseError("the curtain says that it painted what it was not shown")
            self._painted = seq
            self._clear_deadline()
            if seq < self._seq and not self._over:
                self._give_time()

    def _give_time(self) -> None:
        seconds = self._setup.painted_seconds if self._up else self._setup.up_seconds
        why = "the curtain did not paint a scene in time"
        self._deadline = threading.Timer(seconds, self._lose, args=(why,))
        self._deadline.daemon = True
        self._deadline.start()

    def _clear_deadline(self) -> None:
        if self._deadline:
            self._deadline.cancel()
        self._deadline = None

    def _lose(self, why: str) -> None:
        if self._stop():
            self._listener.curtain_lost(why)

    def _stop(self) -> bool:
        """Kill it; tell whether it was still counted as alive."""
        with self._lock:
            was_alive, self._over = not self._over, True
            self._clear_deadline()
        if self._container:
            self._container.kill()
        self._channel.close()
        return was_alive
