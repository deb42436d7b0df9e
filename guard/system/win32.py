"""The Windows adapter: the messages that a top-level window gets before the PC is taken away.

Windows does not ask how long it may take. Before a sleep it waits about 2 s for the answer to
PBT_APMSUSPEND ("System Sleep Criteria", "PBT_APMSUSPEND event"), at the end of a logon 5 s for the answer to
WM_ENDSESSION before it counts a program as hung ("WM_ENDSESSION message", "Shutting Down"). So the window's
thread answers these two messages only when the core is done, or the time is over. The core is told of an end
already when Windows asks (WM_QUERYENDSESSION), which is answered at once: an end that somebody then calls off
costs a start of the guard, and no more.

The window is never shown, but a top-level one: message-only windows get no broadcasts.
"""

from __future__ import annotations

import ctypes
import logging
import secrets
import sys
import threading
from ctypes import wintypes
from typing import TYPE_CHECKING, Final

if sys.platform != "win32":
    raise ImportError("this is Windows' part")

from guard.errors import MachineError
from guard.screens.win32_bare import WindowClass, destroy
from guard.session.events import SystemChange
from guard.system.messages import END_SESSION, POWER_BROADCAST, QUERY_END_SESSION, Told, understand
from guard.system.port import Lack
from guard.system.win32_api import kernel, user, wts

if TYPE_CHECKING:
    from guard.clock import Clock
    from guard.system.port import SystemListener

SLEEP_WAITS: Final = 2.0
"""s that Windows waits before it sleeps (PBT_APMSUSPEND event)."""
END_WAITS: Final = 5.0
"""s that Windows waits at the end of a logon, before it counts us as hung (WM_ENDSESSION message)."""
AGAIN: Final = 30.0
"""s until Windows is asked once more for what it refused: its session service may start later than we do."""
STOP_DEADLINE: Final = 2.0
_TURN_MS: Final = 250
"""ms between two looks at whether we are to stop."""
_FIRST: Final = 0x3FF
"""SetProcessShutdownParameters: the highest level for applications, told of the end before all others."""
_THIS_SESSION: Final = 0
_TO_WINDOW: Final = 0
_ALL_INPUT, _INPUT_AVAILABLE = 0x04FF, 0x0004
_REMOVE: Final = 1

_log = logging.getLogger(__name__)


class Win32SystemError(MachineError):
    """Windows cannot be made use of on this PC, or only in part."""

    def __init__(self, lack: Lack) -> None:
        super().__init__(lack.sentence)
        self.mend = lack.mend


def _no_window(why: str) -> Lack:
    return Lack(
        sentence=f"{why}, so the guard is not told before the PC sleeps, locks, logs out or goes down",
        mend="start the guard from the counter's own logon",
    )


def _no_sessions(code: int) -> Lack:
    return Lack(
        sentence=f"Windows does not tell the guard of a lock or of another user (error {code})",
        mend="start the service TermService (Remote Desktop Services)",
    )


def _no_power(code: int) -> Lack:
    return Lack(
        sentence=f"Windows does not tell the guard of a sleep in standby (error {code})",
        mend="start the service Power",
    )


def examine() -> str:
    """Return how long Windows would wait; raises Win32SystemError with what is not as it should be."""
    try:
        kind = WindowClass(f"MadoguchiGuardDoctor-{secrets.token_hex(4)}", user.DefWindowProcW)
        window = kind.hidden()
    except MachineError as error:
        raise Win32SystemError(_no_window(error.sentence)) from error
    ears = _Ears(window)
    lacks = ears.open()
    ears.close()
    destroy(window)
    kind.close()
    for lack in lacks:
        raise Win32SystemError(lack)
    return f"Windows, which waits up to {SLEEP_WAITS:g} s before it sleeps and {END_WAITS:g} s before it ends"


class _Ears:
    """What one window has asked Windows to be told."""

    def __init__(self, window: int) -> None:
        self._window = window
        self._sessions = False
        self._power: int | None = None

    def open(self) -> tuple[Lack, ...]:
        """Ask for what has not been granted yet; return what is refused."""
        lacks = []
        if not self._sessions:
            self._sessions = bool(wts.WTSRegisterSessionNotification(self._window, _THIS_SESSION))
            if not self._sessions:
                lacks.append(_no_sessions(ctypes.get_last_error()))
        if not self._power:
            self._power = user.RegisterSuspendResumeNotification(self._window, _TO_WINDOW)
            if not self._power:
                lacks.append(_no_power(ctypes.get_last_error()))
        return tuple(lacks)

    def close(self) -> None:
        if self._sessions:
            wts.WTSUnRegisterSessionNotification(self._window)
        if self._power:
            user.UnregisterSuspendResumeNotification(self._power)


class Win32Watch:
    """A `guard.system.port.SystemWatch` on Windows' messages."""

    def __init__(self, listener: SystemListener, clock: Clock, *, reason: str) -> None:
        """``reason`` is what Windows shows while it waits for us (ShutdownBlockReasonCreate)."""
        self._listener = listener
        self._clock = clock
        self._reason = reason
        self._lacks: tuple[Lack, ...] = ()
        self._announced = False
        """A sleep is to come, and its end has not been told."""
        self._may_sleep = threading.Event()
        self._stopping = threading.Event()
        self._window = 0
        self._again_at = 0.0
        self._thread = threading.Thread(target=self._run, name="system-watch", daemon=True)

    def start(self) -> None:
        """See `SystemWatch.start`; a watch is started once."""
        self._thread.start()

    def let_go(self) -> None:
        """See `SystemWatch.let_go`."""
        if self._announced:
            self._may_sleep.set()

    def lacks(self) -> tuple[Lack, ...]:
        """See `SystemWatch.lacks`."""
        return self._lacks

    def close(self) -> None:
        """See `SystemWatch.close`: an end of the logon that waits for us goes on."""
        self._stopping.set()
        self._may_sleep.set()
        if self._thread.is_alive():
            self._thread.join(STOP_DEADLINE)

    def _run(self) -> None:
        try:
            kind = WindowClass(f"MadoguchiGuardWatch-{secrets.token_hex(4)}", self._procedure)
            self._window = kind.hidden()
        except MachineError as error:
            self._say((_no_window(error.sentence),))
            return
        kernel.SetProcessShutdownParameters(_FIRST, 0)
        ears = _Ears(self._window)
        try:
            while not self._stopping.is_set():
                self._turn(ears)
        finally:
            ears.close()
            destroy(self._window)
            kind.close()

    def _turn(self, ears: _Ears) -> None:
        if self._clock.monotonic() >= self._again_at:
            self._again_at = self._clock.monotonic() + AGAIN
            self._say(ears.open())
        message = wintypes.MSG()
        while user.PeekMessageW(ctypes.byref(message), None, 0, 0, _REMOVE):
            user.DispatchMessageW(ctypes.byref(message))
        user.MsgWaitForMultipleObjectsEx(0, None, _TURN_MS, _ALL_INPUT, _INPUT_AVAILABLE)

    def _procedure(self, window: int, message: int, wide: int, long: int) -> int:
        told = understand(message, wide, long)
        if isinstance(told, SystemChange):
            self._changes(told, window)
        elif told is Told.AWAKE:
            self._awake()
        elif told is Told.GOES:
            self._stopping.wait(END_WAITS)  # the core ends the guard, and with it this watch
        elif told is Told.STAYS:
            user.ShutdownBlockReasonDestroy(window)
        match message:
            case _ if message in {QUERY_END_SESSION, POWER_BROADCAST}:
                return 1
            case _ if message == END_SESSION:
                return 0
            case _:
                return int(user.DefWindowProcW(window, message, wide, long))

    def _changes(self, what: SystemChange, window: int) -> None:
        if what is SystemChange.SUSPEND:
            self._sleep()
        else:
            if what in {SystemChange.LOGOUT, SystemChange.SHUTDOWN}:
                user.ShutdownBlockReasonCreate(window, self._reason)
            self._tell(what)

    def _sleep(self) -> None:
        """Tell it once: both the broadcast and what we registered for come."""
        if self._announced:
            return
        self._may_sleep.clear()
        self._announced = True
        if not self._stopping.is_set():
            self._tell(SystemChange.SUSPEND)
            self._may_sleep.wait(SLEEP_WAITS)

    def _awake(self) -> None:
        if self._announced:
            self._announced = False
            if not self._stopping.is_set():
                self._listener.system_awake()

    def _tell(self, what: SystemChange) -> None:
        if not self._stopping.is_set():
            self._listener.system_changing(what)

    def _say(self, lacks: tuple[Lack, ...]) -> None:
        """Say what is new, once."""
        for lack in lacks:
            if lack not in self._lacks:
                _log.warning("%s; to mend it: %s", lack.sentence, lack.mend)
        self._lacks = lacks
