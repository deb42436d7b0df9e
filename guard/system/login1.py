"""The Linux adapter: systemd-logind or elogind, ``org.freedesktop.login1`` on the system bus.

logind tells everybody that the PC will sleep or go down, and then waits for those who hold a *delay* lock, at
most for its ``InhibitDelayMaxSec`` (5 s, if nobody changed it). The lock is an open file: closing it lets go.
There is one for sleep and one for shutdown, because systemd 252 takes a lock for both for one on the lid
switch, which polkit refuses to an account that is not logged in.

One thread does nothing but read the bus. A question is sent, and its answer taken when it comes, so that a
logind that never answers delays no signal. Any program may send signals to whom it likes: they count only if
the bus says that they come from whoever owns logind's name.
"""

from __future__ import annotations

import logging
import os
import socket
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Final

if sys.platform == "win32":
    raise ImportError("this is Linux's part")

from jeepney import DBusAddress, HeaderFields, MatchRule, MessageType, new_method_call
from jeepney.bus import get_bus
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import DBusConnection, prep_socket

from guard.errors import MachineError
from guard.session.events import SystemChange
from guard.system.port import Lack

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from jeepney import Message
    from jeepney.fds import FileDescriptor

    from guard.clock import Clock
    from guard.system.port import SystemListener

BACKOFF_FIRST = 0.1
BACKOFF_LONGEST = 10.0
"""s before the bus is tried again; the longest bounds how late its return is noticed."""
CHECK = 1.0
"""s between two looks at what no signal may tell: the end of a sleep, and that our session is being closed.

logind says that a session was removed only when its last process is gone, and this one may be of it.
"""
AGAIN = 30.0
"""s until logind is asked once more for a lock that it refused, or for a session that it did not know."""
PATIENCE = 2.0
"""s for which the bus may take to let us in, and for ``guard doctor`` to answer."""
STOP_DEADLINE = 2.0

_NO_ANSWER: Final = "no answer"
_NAME: Final = "org.freedesktop.login1"
_PATH: Final = "/org/freedesktop/login1"
_MANAGER: Final = DBusAddress(_PATH, bus_name=_NAME, interface=f"{_NAME}.Manager")
_PROPERTIES: Final = "org.freedesktop.DBus.Properties"
_BUS: Final = "org.freedesktop.DBus"
_WHAT: Final = ("sleep", "shutdown")
_SLEEP: Final = "PreparingForSleep"
_SHUTDOWN: Final = "PreparingForShutdown"
_FORBIDDEN: Final = ("AccessDenied", "InteractiveAuthorizationRequired", "ServiceUnknown")
"""What logind says where polkit refuses, or is not there to be asked."""
_RESTART: Final = "systemctl restart systemd-logind"
_UNTOLD: Final = "so the guard is not told before the PC sleeps, locks, logs out or goes down"

_log = logging.getLogger(__name__)


class Login1Error(MachineError):
    """logind cannot be made use of on this PC, or only in part."""

    def __init__(self, lack: Lack) -> None:
        super().__init__(lack.sentence)
        self.mend = lack.mend


def _no_bus(error: Exception) -> Lack:
    return Lack(
        sentence=f"the system bus does not answer ({type(error).__name__}), {_UNTOLD}",
        mend="apt-get install dbus; systemctl enable --now dbus.socket",
    )


def _no_logind() -> Lack:
    return Lack(
        sentence=f"logind is not on the system bus, {_UNTOLD}",
        mend="systemctl start systemd-logind (without systemd: apt-get install elogind)",
    )


def _silent() -> Lack:
    return Lack(sentence=f"logind does not answer, {_UNTOLD}", mend=_RESTART)


def _session_over() -> Lack:
    return Lack(
        sentence="the guard's session of logind is over, so it is not told of a lock or logout",
        mend="start the guard again, from the counter's X11 session",
    )


def _no_session() -> Lack:
    return Lack(
        sentence="the guard belongs to no session of logind, so it is not told of its lock and logout",
        mend="start the guard from the counter's X11 session; apt-get install libpam-systemd",
    )


def _no_lock(why: str) -> Lack:
    return Lack(
        sentence=f"logind does not wait for the guard ({why}): the PC can go down before a wipe is proven",
        mend="apt-get install polkitd" if why in _FORBIDDEN else _RESTART,
    )


def examine(environment: Mapping[str, str]) -> str:
    """Return how long logind would wait; raises Login1Error with what is not as it should be."""
    try:
        with _connected(_address(environment)) as bus:
            return _examined(bus)
    except Exception as error:
        if isinstance(error, Login1Error):
            raise
        raise Login1Error(_no_bus(error)) from error


def _examined(bus: _Bus) -> str:
    if _failed(bus.send_and_get_reply(message_bus.GetNameOwner(_NAME))):
        raise Login1Error(_no_logind())
    try:
        return _terms(bus)
    except TimeoutError as error:
        raise Login1Error(_silent()) from error


def _terms(bus: _Bus) -> str:
    answer = bus.send_and_get_reply
    for what in _WHAT:
        lock = answer(_inhibit(what))
        if _failed(lock):
            raise Login1Error(_no_lock(_why(lock)))
        lock.body[0].close()
    if _failed(answer(_session_of_us())) and _failed(answer(_session_on_display())):
        raise Login1Error(_no_session())
    match answer(_property("InhibitDelayMaxUSec")).body:
        case ((_, int() as most),):
            return f"logind, which waits up to {most / 1_000_000:g} s"
        case _:
            return "logind"


class Login1Watch:
    """A `guard.system.port.SystemWatch` on the PC's logind."""

    def __init__(self, environment: Mapping[str, str], listener: SystemListener, clock: Clock) -> None:
        self._address = _address(environment)
        self._listener = listener
        self._clock = clock
        self._locks = {what: _DelayLock() for what in _WHAT}
        self._announced = False
        """A sleep is to come, and its end has not been told."""
        self._owed = set(_WHAT)
        """The locks that logind has neither given nor refused."""
        self._lacks: dict[str, Lack] = {}
        """What is not as it should be, by what it is about; said once, and gone when it is mended."""
        self._again_at = 0.0
        self._bus: _Bus | None = None
        self._owner = ""
        self._session = ""
        self._asked: dict[int, Callable[[Message], None]] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="system-watch", daemon=True)

    def start(self) -> None:
        """See `SystemWatch.start`; a watch is started once."""
        self._thread.start()

    def let_go(self) -> None:
        """See `SystemWatch.let_go`."""
        self._locks["sleep"].let_go(lambda: self._announced)

    def lacks(self) -> tuple[Lack, ...]:
        """See `SystemWatch.lacks`; a lock that has not come counts, for nobody waits until it has."""
        owed = [_no_lock(_NO_ANSWER) for _ in tuple(self._owed)]
        return tuple(dict.fromkeys([*self._lacks.copy().values(), *owed]))

    def close(self) -> None:
        """See `SystemWatch.close`; a thread that a bus keeps longer is left behind and tells nothing more."""
        self._stopping.set()
        if self._bus:
            with suppress(OSError):
                self._bus.sock.shutdown(socket.SHUT_RDWR)
        if self._thread.is_alive():
            self._thread.join(STOP_DEADLINE)
        for lock in self._locks.values():
            lock.hold(None)

    def _run(self) -> None:
        pause = BACKOFF_FIRST
        while not self._stopping.is_set():
            try:
                with _connected(self._address) as bus:
                    pause = BACKOFF_FIRST
                    self._serve(bus)
            except Exception as error:  # noqa: BLE001 -- whatever breaks is a loss and another try
                self._say("bus", _no_bus(error))
            self._stopping.wait(pause)
            pause = min(pause * 2, BACKOFF_LONGEST)

    def _serve(self, bus: _Bus) -> None:
        """Listen until told to stop; raises whatever ends the connection."""
        self._bus = bus
        self._asked.clear()
        self._match(MatchRule(type="signal", sender=_NAME, path=_PATH))
        self._match(MatchRule(type="signal", sender=_NAME, member="Lock"))
        changes = MatchRule(type="signal", sender=_BUS, member="NameOwnerChanged")
        changes.add_arg_condition(0, _NAME)
        self._match(changes)
        self._ask(
            message_bus.GetNameOwner(_NAME),
            lambda reply: self._greet("" if _failed(reply) else reply.body[0]),
        )
        due = self._clock.monotonic() + CHECK
        while not self._stopping.is_set():
            with suppress(TimeoutError):
                self._take(bus.receive(timeout=max(0.0, due - self._clock.monotonic())))
            if self._clock.monotonic() >= due:  # also where somebody sends signals all the time
                self._check()
                due = self._clock.monotonic() + CHECK

    # --- questions

    def _ask(self, question: Message, then: Callable[[Message], None]) -> None:
        if bus := self._bus:
            serial = next(bus.outgoing_serial)
            self._asked[serial] = then
            bus.send(question, serial=serial)

    def _match(self, rule: MatchRule) -> None:
        self._ask(message_bus.AddMatch(rule), lambda _reply: None)

    def _look(self, question: Message, then: Callable[[Message], None]) -> None:
        if then in self._asked.values():  # since the look before
            self._say("silence", _silent())
        else:
            self._ask(question, then)

    def _check(self) -> None:
        if self._announced:
            self._look(_property(_SLEEP), self._slept)
        if self._session:
            self._look(_property("State", self._session, "Session"), self._closes)
        if self._owner and self._clock.monotonic() >= self._again_at:
            self._ask_again()

    def _ask_again(self) -> None:
        self._again_at = self._clock.monotonic() + AGAIN
        for what in _WHAT:
            if what in self._owed:
                self._say(what, _no_lock(_NO_ANSWER))
            if what in self._lacks:
                self._inhibit(what)
        if "session" in self._lacks:
            self._ask(_session_of_us(), self._belongs)

    def _greet(self, owner: str) -> None:
        """Begin with this logind: what was missed meanwhile, what is to come, whose session is ours."""
        self._owner, self._session = owner, ""
        self._asked.clear()  # what the one before owes
        self._mended("bus")
        if not owner:
            self._say("logind", _no_logind())
            return
        for about in ("logind", "silence", "logout"):
            self._mended(about)
        self._again_at = self._clock.monotonic() + AGAIN
        self._ask(_property(_SLEEP), self._slept)
        self._ask(_property(_SHUTDOWN), self._went_down)
        for what in _WHAT:
            self._inhibit(what)
        self._ask(_session_of_us(), self._belongs)

    def _inhibit(self, what: str) -> None:
        self._owed.add(what)
        self._ask(_inhibit(what), lambda reply: self._held(what, reply))

    # --- answers

    def _held(self, what: str, reply: Message) -> None:
        self._owed.discard(what)
        if _failed(reply):
            self._say(what, _no_lock(_why(reply)))
        else:
            self._mended(what)
            self._locks[what].hold(reply.body[0])

    def _belongs(self, reply: Message) -> None:
        if _failed(reply):
            self._ask(_session_on_display(), self._has_display)
        else:
            self._has_display(reply)

    def _has_display(self, reply: Message) -> None:
        if _failed(reply):
            self._say("session", _no_session())
        else:
            self._mended("session")
            self._session = reply.body[0]

    def _slept(self, reply: Message) -> None:
        match reply.body:
            case ((_, bool() as coming),):
                self._sleep(coming=coming)

    def _went_down(self, reply: Message) -> None:
        match reply.body:
            case ((_, True),):
                self._tell(SystemChange.SHUTDOWN)

    def _closes(self, reply: Message) -> None:
        match reply.body:
            case ((_, "closing"),) if self._session:
                self._log_out()

    # --- signals

    def _take(self, message: Message) -> None:
        fields = message.header.fields
        if message.header.message_type is not MessageType.signal:  # the bus lets only who was asked answer
            if then := self._asked.pop(fields.get(HeaderFields.reply_serial, -1), None):
                self._mended("silence")
                then(message)
            return
        sender, path = fields.get(HeaderFields.sender), fields[HeaderFields.path]
        member = fields[HeaderFields.member]
        match member, message.body:
            case "NameOwnerChanged", (str(name), str(), str(owner)) if (sender, name) == (_BUS, _NAME):
                self._greet(owner)
            case _ if sender != self._owner:
                return
            case "PrepareForSleep", (bool() as coming,):
                self._sleep(coming=coming)
            case "PrepareForShutdown", (True,):
                self._tell(SystemChange.SHUTDOWN)
            case "Lock", () if path == self._session:
                self._tell(SystemChange.LOCK)
            case "SessionRemoved", (str(), str(gone)) if gone == self._session:
                self._log_out()

    def _sleep(self, *, coming: bool) -> None:
        if coming and not self._announced:
            self._announced = True
            self._tell(SystemChange.SUSPEND)
        elif self._announced and not coming:
            self._announced = False
            if not self._stopping.is_set():
                self._listener.system_awake()
            self._inhibit("sleep")

    def _log_out(self) -> None:
        self._session = ""
        self._say("logout", _session_over())
        self._tell(SystemChange.LOGOUT)

    def _tell(self, what: SystemChange) -> None:
        if not self._stopping.is_set():
            self._listener.system_changing(what)

    def _say(self, about: str, lack: Lack) -> None:
        """Say it once, until it is something else or was mended."""
        if lack not in self._lacks.values() and not self._stopping.is_set():
            _log.warning("%s; to mend it: %s", lack.sentence, lack.mend)
        self._lacks[about] = lack

    def _mended(self, about: str) -> None:
        self._lacks.pop(about, None)


class _Bus(DBusConnection):  # type: ignore[misc]  # jeepney ships no type information
    """A connection on which nothing is waited for without an end, the bus's first answer among it."""

    def receive(self, *, timeout: float | None = None) -> Message:
        """Return the next message; raises TimeoutError."""
        return super().receive(timeout=PATIENCE if timeout is None else timeout)


def _connected(address: str) -> _Bus:
    sock = prep_socket(get_bus(address), enable_fds=True, timeout=PATIENCE)
    try:
        return _Bus(sock, enable_fds=True)
    except BaseException:
        sock.close()
        raise


class _DelayLock:
    """logind's lock, or none; changed by the watch's thread and by the core's."""

    def __init__(self) -> None:
        self._guarded = threading.Lock()
        self._file: FileDescriptor | None = None

    def hold(self, file: FileDescriptor | None) -> None:
        """Hold this one, and let go of the one before."""
        with self._guarded:
            before, self._file = self._file, file
        if before:
            before.close()

    def let_go(self, still: Callable[[], bool]) -> None:
        """Let go of it if this still holds: the lock of the next sleep may have come meanwhile."""
        with self._guarded:
            if not still():
                return
            before, self._file = self._file, None
        if before:
            before.close()


def _address(environment: Mapping[str, str]) -> str:
    return environment.get("DBUS_SYSTEM_BUS_ADDRESS") or "unix:path=/run/dbus/system_bus_socket"


def _inhibit(what: str) -> Message:
    body = (what, "Madoguchi Guard", "a citizen's session is ended and wiped", "delay")
    return new_method_call(_MANAGER, "Inhibit", "ssss", body)


def _session_of_us() -> Message:
    return new_method_call(_MANAGER, "GetSessionByPID", "u", (os.getpid(),))


def _session_on_display() -> Message:
    """Ask for the account's graphical session: what a user's systemd starts belongs to none itself."""
    return new_method_call(_MANAGER, "GetSession", "s", ("auto",))


def _property(name: str, path: str = _PATH, interface: str = "Manager") -> Message:
    properties = DBusAddress(path, bus_name=_NAME, interface=_PROPERTIES)
    return new_method_call(properties, "Get", "ss", (f"{_NAME}.{interface}", name))


def _failed(reply: Message) -> bool:
    return reply.header.message_type is not MessageType.method_return


def _why(reply: Message) -> str:
    """Return the last part of an error's name, such as ``AccessDenied``."""
    return str(reply.header.fields.get(HeaderFields.error_name, "")).rpartition(".")[2]
