"""A system bus of a test's own, and a logind on it that does what the test says."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import os
import select
import socket
import subprocess
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Self

from jeepney import (
    DBusAddress,
    HeaderFields,
    MessageType,
    new_error,
    new_method_return,
    new_signal,
)
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import open_dbus_connection

from tests.support.waiting import PATIENCE, until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

    from jeepney import Message

_BUS = """<busconfig><type>system</type><listen>unix:path={socket}</listen><policy context="default">
<allow user="*"/><allow own="*"/><allow send_destination="*"/><allow send_type="signal"/>{receive}
</policy></busconfig>
"""
NAME = "org.freedesktop.login1"
MANAGER = DBusAddress("/org/freedesktop/login1", interface=f"{NAME}.Manager")
OURS = "/org/freedesktop/login1/session/_31"
"""The session that every process is told to belong to."""
OTHER = "/org/freedesktop/login1/session/_32"


def session(path: str) -> DBusAddress:
    """Return the session of this path as a sender of signals."""
    return DBusAddress(path, interface=f"{NAME}.Session")


class SystemBus:
    """dbus-daemon listening on this socket, for as long as the block runs."""

    def __init__(self, path: Path, *, answers: bool = True) -> None:
        self._receive = '<allow receive_sender="*"/>' if answers else ""
        self.path = path
        self.address = f"unix:path={path}"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def start(self) -> None:
        config = self.path.with_name(f"{self.path.name}.conf")
        config.write_text(_BUS.format(socket=self.path, receive=self._receive), encoding="utf-8")
        self._process = subprocess.Popen(
            ["dbus-daemon", f"--config-file={config}", "--nofork", "--nopidfile", "--print-address=1"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdout
        assert self._process.stdout.readline(), "dbus-daemon does not start"

    def kill(self) -> None:
        if self._process:
            self._process.kill()
            self._process.communicate()
            self._process = None
            self.path.unlink(missing_ok=True)


class Client:
    """Somebody on the bus who can send signals."""

    def __init__(self, bus: SystemBus) -> None:
        self._connection = open_dbus_connection(bus.address, enable_fds=True)
        self._sending = threading.Lock()

    def close(self) -> None:
        self._connection.close()

    def send(self, message: Message) -> None:
        with self._sending:
            self._connection.send(message)

    def prepare_for_sleep(self, *, start: bool) -> None:
        self.send(new_signal(MANAGER, "PrepareForSleep", "b", (start,)))

    def prepare_for_shutdown(self) -> None:
        self.send(new_signal(MANAGER, "PrepareForShutdown", "b", (True,)))

    def lock(self, path: str = OURS) -> None:
        self.send(new_signal(session(path), "Lock"))

    def unlock(self) -> None:
        self.send(new_signal(session(OURS), "Unlock"))

    def remove_session(self, path: str = OURS) -> None:
        self.send(new_signal(MANAGER, "SessionRemoved", "so", ("1", path)))


class Stranger(Client):
    """Any other program on the bus; what it sends goes to this client, who need not have asked for it."""

    def __init__(self, bus: SystemBus, to: str) -> None:
        super().__init__(bus)
        self._to = to

    def send(self, message: Message) -> None:
        """Return when the bus has passed it on."""
        message.header.fields[HeaderFields.destination] = self._to
        super().send(message)
        self._connection.send_and_get_reply(message_bus.GetId(), timeout=PATIENCE)

    def claim_the_name(self) -> None:
        """Say that logind's name is ours now, as only the bus may."""
        bus = DBusAddress("/org/freedesktop/DBus", interface="org.freedesktop.DBus")
        changed = (NAME, "", self._connection.unique_name)
        self.send(new_signal(bus, "NameOwnerChanged", "sss", changed))


class Logind(Client):
    """Owns logind's name until it is closed, and answers in a thread of its own."""

    def __init__(
        self,
        bus: SystemBus,
        *,
        inhibits: bool | str = True,
        session_of_all: str | None = OURS,
        preparing: str = "",
    ) -> None:
        super().__init__(bus)
        self.preparing = preparing
        """``PreparingForSleep``, ``PreparingForShutdown`` or nothing."""
        self.state = "active"
        """Of everybody's session."""
        self.asked: list[tuple[str, ...]] = []
        """What each lock was asked for."""
        self.client = ""
        """Who has asked last."""
        self.answered: list[str] = []
        """The questions, in order."""
        self.inhibits = inhibits
        self.session_of_all = session_of_all
        self.session_on_display: str | None = None
        """Of whoever belongs to no session."""
        self._locks: list[tuple[str, int]] = []
        self._alive = threading.Event()
        self._alive.set()
        self._connection.send_and_get_reply(message_bus.RequestName(NAME), timeout=PATIENCE)
        self._thread = threading.Thread(target=self._answer, name="logind", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._alive.set()
        with suppress(OSError):
            self._connection.sock.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self.close()
        for _, lock in self._locks:
            os.close(lock)

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """Answer nothing until the block is left."""
        self._alive.clear()
        yield
        self._alive.set()

    def held(self, what: str = "sleep") -> list[bool]:
        """Tell of each lock that was given out for this whether somebody still holds it."""
        polled = select.poll()
        locks = [lock for kind, lock in list(self._locks) if kind == what]
        for lock in locks:
            polled.register(lock, 0)  # the end of the last holder is always told
        gone = {lock for lock, _ in polled.poll(0)}
        return [lock not in gone for lock in locks]

    def wait_greeted(self) -> None:
        """Wait until somebody has asked all that they want to know."""
        until(lambda: "GetSessionByPID" in self.answered, "nobody asked logind")

    def wait_held(self, held: list[bool], what: str = "sleep") -> None:
        """Wait until the locks given out are held or not, in this order."""
        until(lambda: self.held(what) == held, f"the locks did not become {held}")

    def suspend(self) -> None:
        """Announce a sleep, as logind does when somebody holds a delay lock."""
        self.preparing = "PreparingForSleep"
        self.prepare_for_sleep(start=True)

    def resume(self) -> None:
        """End it."""
        self.preparing = ""
        self.prepare_for_sleep(start=False)

    def _answer(self) -> None:
        with suppress(ConnectionError):
            while True:
                message = self._connection.receive()
                self._alive.wait()
                if message.header.message_type is MessageType.method_call:
                    self._reply(message)
                    self.client = message.header.fields[HeaderFields.sender]
                    self.answered.append(message.header.fields[HeaderFields.member])

    def _reply(self, call: Message) -> None:
        match call.header.fields[HeaderFields.member], call.body:
            case "Inhibit", body if self.inhibits is True:
                reading, writing = os.pipe()
                self.send(new_method_return(call, "h", (writing,)))
                os.close(writing)
                self.asked.append(body)
                self._locks.append((body[0], reading))
            case "Inhibit", _ if self.inhibits:
                self.send(new_error(call, str(self.inhibits), "s", ("no",)))
            case "Inhibit", body:
                self.asked.append(body)
            case "GetSessionByPID", _:
                self._tell_session(call, self.session_of_all)
            case "GetSession", ("auto",):
                self._tell_session(call, self.session_on_display)
            case "Get", (_, "InhibitDelayMaxUSec"):
                self.send(new_method_return(call, "v", (("t", 5_000_000),)))
            case "Get", (_, "State"):
                self.send(new_method_return(call, "v", (("s", self.state),)))
            case "Get", (_, name):
                self.send(new_method_return(call, "v", (("b", name == self.preparing),)))

    def _tell_session(self, call: Message, session: str | None) -> None:
        if session:
            self.send(new_method_return(call, "o", (session,)))
        else:
            self.send(new_error(call, f"{NAME}.NoSessionForPID", "s", ("none",)))
