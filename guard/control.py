"""How ``guard status`` and its like reach the running guard: one JSON line each way over a Unix socket.

Request ``{"v": 1, "cmd": …}``, answer ``{"v": 1, "ok": true, "answer": {…}}`` or ``{"v": 1, "ok": false,
"error": "one sentence"}``, then the server closes. Only the guard's own account and root may ask.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import selectors
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from guard.errors import BrokenPromiseError, ConfigError, GuardError, MachineError

if TYPE_CHECKING:
    from pathlib import Path

    from guard.clock import Clock

Answer = Mapping[str, object]
Handler = Callable[[Mapping[str, object]], "Answer | Future[Answer]"]
"""Gets the request, returns the answer, or the future of one that takes longer (which may hold a GuardError).

Quick, for it runs on the server's thread; may raise GuardError.
"""

VERSION: Final = 1
ANSWER_SECONDS: Final = 10.0
"""For which a client waits for the running guard, unless it asks for what takes longer."""
MAX_REQUEST: Final = 4096
"""Bytes; the longest command of this version, logout, has at most a few hundred."""
MAX_ANSWER: Final = 256 * 1024
_PATIENCE: Final = 2.0
"""Seconds a client has for its request and for taking the answer."""
_LONGER: Final = 30.0
"""Seconds for which a client may wait for the future of an answer."""
_CLIENTS: Final = 16
"""At once; further ones wait in the system's queue until one of these has been served or is dropped."""
_CREDENTIALS: Final = struct.Struct("3i")
"""struct ucred: pid, uid, gid (unix(7))."""

_STOP, _READY = b"x", b"r"
"""What the server's thread is woken for."""
_Done = TypeVar("_Done")

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Client:
    sock: socket.socket
    deadline: float
    received: bytes = b""
    to_send: bytes = field(default=b"")
    command: str = ""
    waits_for: Future[Answer] | None = None


class ControlServer:
    """Listens at ``path`` (0600; its folder must be private) and hands each command to its handler.

    One thread for all clients; none of them can block it, crash it or make it hold more than _CLIENTS times
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
        client = _Client(sock, self._clock.monotonic() + _PATIENCE)
        self._clients[sock.fileno()] = client
        self._selector.register(sock, selectors.EVENT_READ)
        if _peer_uid(sock) not in {0, os.getuid()}:
            self._answer(client, _refusal("only the guard's own account and root may ask"))
        if len(self._clients) >= _CLIENTS:
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
        if client.waits_for:
            if not data:  # gone; whatever it asked for goes on
                self._drop(client)
            return
        self._take(client, data)

    def _take(self, client: _Client, data: bytes) -> None:
        client.received += data
        line, newline, _ = client.received.partition(b"\n")
        if newline and len(line) <= MAX_REQUEST:
            handled = self._handle(client, line)
            if isinstance(handled, Future):
                self._wait(client, handled)
            else:
                self._answer(client, handled)
        elif len(client.received) > MAX_REQUEST:
            self._answer(client, _refusal(f"a request may have at most {MAX_REQUEST} bytes"))
        elif not data:
            self._drop(client)

    def _answer(self, client: _Client, answer: Mapping[str, object]) -> None:
        line = json.dumps(answer, ensure_ascii=False).encode() + b"\n"
        if len(line) > MAX_ANSWER:
            line = json.dumps(_refusal("the answer is too long; this is a defect, please report it")).encode()
        client.to_send = line
        self._selector.modify(client.sock, selectors.EVENT_WRITE)

    def _wait(self, client: _Client, future: Future[Answer]) -> None:
        client.received = b""  # it may hold a PIN
        client.waits_for = future
        client.deadline = self._clock.monotonic() + _LONGER
        future.add_done_callback(self._wake_up)

    def _wake_up(self, _done: Future[Answer]) -> None:
        with contextlib.suppress(OSError):  # closed meanwhile
            self._wake.send(_READY, socket.MSG_DONTWAIT)

    def _answer_waiting(self) -> None:
        for client in tuple(self._clients.values()):
            done = client.waits_for
            if done and done.done():
                client.waits_for = None
                client.deadline = self._clock.monotonic() + _PATIENCE
                self._answer(client, _attempt(client.command, partial(_outcome, done)))

    def _handle(self, client: _Client, line: bytes) -> Answer | Future[Answer]:
        try:
            request = json.loads(line)
        except (ValueError, RecursionError):
            request = None
        if not isinstance(request, dict):
            return _refusal("a request must be one line with a JSON object")
        if request.get("v") != VERSION:
            return _refusal(f"this guard speaks version {VERSION} of the control protocol only")
        name = request.get("cmd")
        if not isinstance(name, str) or name not in self._handlers:
            return _refusal(f"the command is unknown; allowed are {', '.join(sorted(self._handlers))}")
        handler, client.command = self._handlers[name], name

        def work() -> Answer | Future[Answer]:
            done = handler(request)
            return done if isinstance(done, Future) else _accepted(done)

        return _attempt(name, work)

    def _drop(self, client: _Client) -> None:
        if len(self._clients) >= _CLIENTS:
            self._selector.register(self._listener, selectors.EVENT_READ)
        self._selector.unregister(client.sock)
        del self._clients[client.sock.fileno()]
        client.sock.close()

    def _release(self) -> None:
        self._selector.close()
        for sock in (self._listener, self._wake, self._woken):
            sock.close()


class NotRunningError(ConfigError):
    """Nobody listens."""


class ControlClient:
    """Asks the guard that listens at ``path``."""

    def __init__(self, path: Path, timeout: float = ANSWER_SECONDS) -> None:
        """Wait at most ``timeout`` seconds for each step of the exchange."""
        self._path = path
        self._timeout = timeout

    def ask(self, command: str, **fields: str) -> Mapping[str, object]:
        """Return the answer; raises NotRunningError, ConfigError if refused, MachineError if it hangs."""
        request = json.dumps({**fields, "v": VERSION, "cmd": command}).encode() + b"\n"
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
                sock.settimeout(self._timeout)
                sock.connect(str(self._path))
                sock.sendall(request)
                line = _line(sock)
        except (FileNotFoundError, ConnectionRefusedError):
            raise NotRunningError("no guard is running for this account; start it with guard run.") from None
        except TimeoutError:
            raise MachineError(f"the guard did not answer within {self._timeout:.0f} s.") from None
        except OSError as error:
            raise MachineError(f"the guard at {self._path} cannot be asked: {error.strerror}.") from error
        return _opened(line)


def _line(sock: socket.socket) -> bytes:
    received = b""
    while len(received) <= MAX_ANSWER and b"\n" not in received:
        data = sock.recv(MAX_REQUEST)
        if not data:
            break
        received += data
    return received


def _opened(line: bytes) -> Mapping[str, object]:
    try:
        answer = json.loads(line)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict) or answer.get("v") != VERSION:
        raise BrokenPromiseError("the guard's answer is not understood; it may be of another version.")
    if answer.get("ok") is not True:
        raise ConfigError(str(answer.get("error")))
    found = answer.get("answer")
    if not isinstance(found, dict):
        raise BrokenPromiseError("the guard's answer is not understood; it may be of another version.")
    return found


def _attempt(name: str, work: Callable[[], _Done]) -> _Done | Answer:
    """Return what the work returns, or the refusal that its error is."""
    try:
        return work()
    except GuardError as error:
        return _refusal(error.sentence)
    except Exception as error:  # noqa: BLE001 -- a defect in one command must not end the control channel
        _log.error("the command %s failed: %s", name, type(error).__name__)
        return _refusal(f"the command {name} failed; this is a defect, please report it")


def _outcome(done: Future[Answer]) -> Answer:
    return _accepted(done.result())


def _accepted(answer: Answer) -> Answer:
    return {"v": VERSION, "ok": True, "answer": dict(answer)}


def _refusal(sentence: str) -> Mapping[str, object]:
    return {"v": VERSION, "ok": False, "error": sentence}


def _peer_uid(sock: socket.socket) -> int:
    raw = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    _, uid, _ = _CREDENTIALS.unpack(raw)
    return int(uid)
