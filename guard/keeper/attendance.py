"""The keeper at work: waits for what happens, tells `guard.keeper.watch`, does what that orders."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final, Protocol, assert_never

if sys.platform != "win32":
    raise ImportError("this is Windows' part")

import pywintypes
import win32event

from guard.keeper.signs import GarbledError, Sign
from guard.keeper.watch import Act, Event, Limits, Looked, Start, State, step

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.clock import Clock
    from guard.keeper.launch import KeptGuard

_LOOK_SECONDS: Final = 5.0
"""Between two looks at who is logged on, should a message about it get lost."""
_EVENTS: Final = {Sign.READY: Event.READY, Sign.ALIVE: Event.ALIVE, Sign.STOPPING: Event.STOPPING}


class Surroundings(Protocol):
    """What the keeper has around it."""

    def session(self, served: int | None) -> int | None:
        """Return the session to serve now; ``served`` is the one served so far."""
        ...

    def start(self, session: int) -> KeptGuard:
        """Start a guard in it; raises pywintypes.error."""
        ...

    def note(self, sentence: str) -> None:
        """Write a sentence for the IT section into the log."""
        ...


class Attendance:
    """Keeps one guard until it is stopped."""

    def __init__(
        self, around: Surroundings, ending: Callable[[], None], clock: Clock, limits: Limits
    ) -> None:
        """``ending`` is called every second or so while the keeper ends."""
        self._around = around
        self._ending = ending
        self._clock = clock
        self._limits = limits
        self._state = State()
        self._guard: KeptGuard | None = None
        self._look_at = 0.0

    def run(self, stop: int, look: int) -> None:
        """Keep it until the event ``stop`` is set and the guard has ended; ``look``: somebody came or went.

        Both are handles of events that do not reset themselves: to wait for them takes nothing away.
        """
        while not self._state.over:
            self._tell_heard()
            self._tell_ended()
            if _taken(stop):
                self._tell(Event.STOP_ASKED)
            if _taken(look) or self._clock.monotonic() >= self._look_at:
                self._look_at = self._clock.monotonic() + _LOOK_SECONDS
                self._tell(Looked(self._around.session(self._state.served)))
            self._tell(Event.PASSED)
            if self._state.leaving:
                self._ending()
            if not self._state.over:
                self._wait(stop, look)

    def _wait(self, *handles: int) -> None:
        own = [] if self._guard is None else [self._guard.process, self._guard.event]
        until = self._look_at if self._state.until is None else min(self._look_at, self._state.until)
        patience = max(until - self._clock.monotonic(), 0.0)
        if self._state.leaving:
            patience = min(patience, 1.0)  # whoever stops the keeper wants to hear that it is at it
        # One ms more: to wake up before the time is to turn in circles until it has come.
        win32event.WaitForMultipleObjects([*handles, *own], False, int(patience * 1000) + 1)  # noqa: FBT003 -- pywin32's signature

    def _tell_heard(self) -> None:
        if self._guard is None:
            return
        try:
            for sign in self._guard.hear():
                self._tell(_EVENTS[sign])
        except GarbledError:
            self._around.note("the guard's line carried what no guard says; the guard is killed")
            self._tell(Event.GARBLED)

    def _tell_ended(self) -> None:
        if self._guard is None or (code := self._guard.ended()) is None:
            return
        self._tell_heard()  # its last words
        self._guard.close()
        self._guard = None
        self._around.note(f"the guard has ended, exit code {code}")
        self._tell(Event.ENDED)

    def _tell(self, event: Looked | Event) -> None:
        self._state, orders = step(self._state, event, self._clock.monotonic(), self._limits)
        for order in orders:
            match order:
                case Start(session=session):
                    self._start(session)
                case Act.ASK_TO_END:
                    self._living().ask_to_end()
                case Act.KILL:
                    self._around.note("the guard is killed: no sign of life, or no end, in time")
                    self._living().kill()
                case _:
                    assert_never(order)

    def _start(self, session: int) -> None:
        try:
            self._guard = self._around.start(session)
        except pywintypes.error as error:
            self._around.note(f"the guard cannot be started in session {session}: {error.strerror}")
            self._tell(Event.ENDED)
        else:
            self._around.note(f"the guard was started in session {session}, process {self._guard.pid}")

    def _living(self) -> KeptGuard:
        if self._guard is None:
            raise AssertionError("ordered for a guard that does not live")
        return self._guard


def _taken(event: int) -> bool:
    """Tell whether it is set, and reset it."""
    if win32event.WaitForSingleObject(event, 0) != win32event.WAIT_OBJECT_0:
        return False
    win32event.ResetEvent(event)
    return True
