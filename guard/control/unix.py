"""The control channel on Linux: a Unix socket that only the guard's own account and root may use."""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import struct
import sys
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if sys.platform == "win32":
    raise ImportError("this is Linux' part")

from guard.control.protocol import (
    ANSWER_SECONDS,
    CLIENTS,
    LONGER,
    MAX_ANSWER,
    MAX_REQUEST,
    PATIENCE,
    Exchange,
    cannot_ask,
    no_answer,
    nobody_listens,
    opened,
    request_line,
)
from guard.errors import MachineError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from concurrent.futures import Future
    from pathlib import Path

    from guard.clock import Clock
    from guard.control.protocol import Answer, Handler

_CREDENTIALS: Final = struct.Struct("3i")
"""struct ucred: pid, uid, gid (unix(7))."""

_STOP, _READY = b"x", b"r"
"""What the server's thread is woken for."""


def control_address(runtime: Path) -> Path:
    """Return where the running guard of this runtime folder listens."""
    return runtime / "control.sock"


@dataclass(slots=True)
class _Client:
    sock: socket.socket
    deadline: float
    exchange: Exchange
    to_send: bytes = b""


class ControlServer:
    """Listens at ``path`` (0600; its folder must be private) and hands each command to its handler.

    One thread for all clients; none of them can block it, crash it or make it hold more than CLIENTS times
    MAX_REQUEST bytes.
    """

    def __init__(self, path: Path, handlers: Mapping[str, Handler], clock: Clock) -> None:
        self._path = path
        self._handlers = handlers
        self._clock = clock
        self._clients = dict[int, _Client]()
        self._selector = selectors.DefaultSelector()
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        self._wake, self._woken = socket.socketpair()
        self._thread = threading.Thread(target=self._serve, name="control", daemon=True)

    def start(self) -> None:
        """Listen; a socket file left by an earlier guard is replaced (hold `SingleInstance` first).

        Raises MachineError when the socket cannot be made.
        """
        try:
            self._path.unlink(missing_ok=True)
            self._listener.bind(str(self._path))
            self._path.chmod(0o600)
            self._listener.listen()
        except OSError as error:
            self._release()
            reason = error.strerror or error
            raise MachineError(f"the control socket {self._path} cannot be made: {reason}.") from error
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._thread.start()

    def close(self) -> None:
        """Stop listening and drop all clients; returns when the thread has ended."""
        self._wake.send(_STOP)
        self._thread.join()
        with contextlib.suppress(FileNotFoundError):
            self._path.unlink()

    def _serve(self) -> None:
        while self._step():
            pass
        for client in tuple(self._clients.values()):
            self._drop(client)
        self._release()

    def _step(self) -> bool:
        """Do what is due; tell whether to go on."""
        deadlines = [client.deadline for client in self._clients.values()]
        timeout = max(0.0, min(deadlines) - self._clock.monotonic()) if deadlines else None
        for key, _ in self._selector.select(timeout):
            if key.fileobj is self._woken:
                if _STOP in self._woken.recv(MAX_REQUEST):
                    return False
                self._answer_waiting()
                continue
            if key.fileobj is self._listener:
                self._accept()
            elif key.fd in self._clients:
                self._move(self._clients[key.fd])
        now = self._clock.monotonic()
        for client in tuple(self._clients.values()):
            if client.deadline <= now:
                self._drop(client)
        return True

    def _accept(self) -> None:
        try:
            sock, _ = self._listener.accept()
        except OSError:  # gone again, or out of descriptors: the next turn tries again
            return
        sock.settimeout(0)
        client = _Client(sock, self._clock.monotonic() + PATIENCE, Exchange(self._handlers))
        self._clients[sock.fileno()] = client
        self._selector.register(sock, selectors.EVENT_READ)
        if _peer_uid(sock) not in {0, os.getuid()}:
            client.exchange.refuse("only the guard's own account and root may ask")
            self._answer(client)
        if len(self._clients) >= CLIENTS:
            self._selector.unregister(self._listener)

    def _move(self, client: _Client) -> None:
        try:
            if client.to_send:
                client.to_send = client.to_send[client.sock.send(client.to_send, socket.MSG_NOSIGNAL) :]
                if not client.to_send:
                    self._drop(client)
                return
            data = client.sock.recv(MAX_REQUEST)
        except BlockingIOError:
            return
        except OSError:
            self._drop(client)
            return
        if not data:  # gone; whatever it asked for goes on
            self._drop(client)
        elif not client.exchange.waits_for:
            self._take(client, data)

    def _take(self, client: _Client, data: bytes) -> None:
        client.exchange.take(data)
        if client.exchange.waits_for:
            client.deadline = self._clock.monotonic() + LONGER
            client.exchange.waits_for.add_done_callback(self._wake_up)
        elif client.exchange.answer:
            self._answer(client)

    def _answer(self, client: _Client) -> None:
        client.to_send = client.exchange.answer
        self._selector.modify(client.sock, selectors.EVENT_WRITE)

    def _wake_up(self, _done: Future[Answer]) -> None:
        with contextlib.suppress(OSError):  # closed meanwhile
            self._wake.send(_READY, socket.MSG_DONTWAIT)

    def _answer_waiting(self) -> None:
        for client in tuple(self._clients.values()):
            if client.exchange.settle():
                client.deadline = self._clock.monotonic() + PATIENCE
                self._answer(client)

    def _drop(self, client: _Client) -> None:
        if len(self._clients) >= CLIENTS:
            self._selector.register(self._listener, selectors.EVENT_READ)
        self._selector.unregister(client.sock)
        del self._clients[client.sock.fileno()]
        client.sock.close()

    def _release(self) -> None:
        self._selector.close()
        for sock in (self._listener, self._wake, self._woken):
            sock.close()


class ControlClient:
    """Asks the guard that listens at ``path``."""

    def __init__(self, path: Path, timeout: float = ANSWER_SECONDS) -> None:
        """Wait at most ``timeout`` seconds for each step of the exchange."""
        self._path = path
        self._timeout = timeout

    def ask(self, command: str, **fields: str) -> Answer:
        """Return the answer; raises NotRunningError, ConfigError if refused, MachineError if it hangs."""
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
                sock.settimeout(self._timeout)
                sock.connect(str(self._path))
                sock.sendall(request_line(command, fields))
                line = _line(sock)
        except (FileNotFoundError, ConnectionRefusedError):
            raise nobody_listens() from None
        except TimeoutError:
            raise no_answer(self._timeout) from None
        except OSError as error:
            raise cannot_ask(self._path, str(error.strerror)) from error
        return opened(line)


def _line(sock: socket.socket) -> bytes:
    received = b""
    while len(received) <= MAX_ANSWER and b"\n" not in received:
        data = sock.recv(MAX_REQUEST)
        if not data:
            break
        received += data
    return received


def _peer_uid(sock: socket.socket) -> int:
    raw = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    _, uid, _ = _CREDENTIALS.unpack(raw)
    return int(uid)
