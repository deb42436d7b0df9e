"""The control channel on Windows: a named pipe that only the guard's own account and administrators may use.

All instances of the pipe are made at the start and kept to the end: the name is never free in between, and
nobody else can stand beside them (`guard.control.pipe_rights`).
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
import threading
import time
from enum import Enum, auto
from pathlib import PureWindowsPath
from typing import TYPE_CHECKING, Final

if sys.platform != "win32":
    raise ImportError("this is Windows' part")

import pywintypes
import win32api
import win32con
import win32event
import win32file
import win32pipe
import win32security
import win32ts
import winerror

from guard.control.pipe_rights import ASK, OPEN_FLAGS, is_served_by_us, pipe_attributes
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
from guard.ground.windows.handles import closing_handle
from guard.ground.windows.rights import own_sid

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from concurrent.futures import Future
    from pathlib import Path

    import _win32typing

    from guard.clock import Clock
    from guard.control.protocol import Answer, Handler

_BUFFER: Final = 64 * 1024
"""Bytes that the system is advised to hold for each direction."""
_MS: Final = 1000
_PAUSE: Final = 0.05
"""s until an instance that could not listen tries again."""
_ANY: Final = 0
"""bWaitAll of WaitForMultipleObjects."""
_AT_ONCE: Final = 0
_IN_THE_END: Final = 1
"""bWait of GetOverlappedResult."""


def control_address(runtime: Path) -> Path:
    """Return the name under which the running guard of this account, session and runtime folder listens."""
    sid = win32security.ConvertSidToStringSid(own_sid())
    session_of: Callable[[int], int] = win32ts.ProcessIdToSessionId
    session = session_of(win32api.GetCurrentProcessId())
    whose = f"{sid}\n{session}\n{os.path.normcase(runtime)}"
    name = f"madoguchi-guard-{hashlib.sha256(whose.encode()).hexdigest()[:32]}"
    return type(runtime)(PureWindowsPath(rf"\\.\pipe\{name}"))


class _Phase(Enum):
    """What an instance of the pipe waits for."""

    CLIENT = auto()
    REQUEST = auto()
    ANSWER = auto()
    """A command that takes longer; meanwhile it reads, to notice that the client has gone."""
    TAKEN = auto()
    """That the answer is written."""
    PARTING = auto()
    """That the client hangs up: what it has not read would be lost if the server did first."""


class _Instance:
    """One end of the pipe, with at most one client and at most one operation under way."""

    def __init__(
        self,
        pipe: int,
        handlers: Mapping[str, Handler],
        clock: Clock,
        wake_up: Callable[[Future[Answer]], None],
    ) -> None:
        self._pipe = pipe
        self._wake_up = wake_up
        self._handlers = handlers
        self._clock = clock
        self._buffer = win32file.AllocateReadBuffer(MAX_REQUEST)
        self._under_way: _win32typing.PyOVERLAPPED | None = None
        self.event = _event()
        self.exchange = Exchange(handlers)
        self.phase = _Phase.CLIENT
        self.deadline: float | None = None

    def beside(self) -> int:
        """Return how many other instances the pipe has (GetNamedPipeHandleState), whoever made them.

        Nothing else is asked: what it says of collecting is refused at a server's end.
        """
        return int(win32pipe.GetNamedPipeHandleState(self._pipe)[1]) - 1

    def listen(self) -> None:
        """Be there for the next client."""
        self.phase, self.deadline, self.exchange = _Phase.CLIENT, None, Exchange(self._handlers)
        try:
            self._connect()
        except pywintypes.error:  # one came and went before we looked, or the system has too little
            self.deadline = self._clock.monotonic() + _PAUSE

    def move(self) -> None:
        """Go on, as the operation under way has ended."""
        win32event.ResetEvent(self.event)
        operation, self._under_way = self._under_way, None
        try:
            count = win32file.GetOverlappedResult(self._pipe, operation, _AT_ONCE) if operation else 0
            self._go_on(count)
        except pywintypes.error:  # the client is gone; whatever it asked for goes on
            self.hang_up()

    def hang_up(self) -> None:
        """Drop the client and listen anew."""
        self._cancel()
        with contextlib.suppress(pywintypes.error):  # there may be none any more
            win32pipe.DisconnectNamedPipe(self._pipe)
        self.listen()

    def answer_waiting(self) -> None:
        """Send the answer that was waited for, if it is there."""
        if self.phase is _Phase.ANSWER and self.exchange.settle():
            self._cancel()
            try:
                self._write()
            except pywintypes.error:
                self.hang_up()

    def close(self) -> None:
        """Be there no more."""
        self._cancel()
        win32file.CloseHandle(self._pipe)
        win32file.CloseHandle(self.event)

    def _go_on(self, count: int) -> None:
        match self.phase:
            case _Phase.CLIENT:
                self.phase, self.deadline = _Phase.REQUEST, self._clock.monotonic() + PATIENCE
                self._read()
            case _Phase.REQUEST:
                self.exchange.take(bytes(self._buffer[:count]))
                self._buffer[:count] = bytes(count)  # it may hold a PIN
                self._respond()
            case _Phase.TAKEN:
                self.phase = _Phase.PARTING
                self._read()
            case _Phase.ANSWER | _Phase.PARTING:
                self._read()

    def _respond(self) -> None:
        if self.exchange.answer:
            self._write()
            return
        if self.exchange.waits_for:
            self.phase, self.deadline = _Phase.ANSWER, self._clock.monotonic() + LONGER
            self.exchange.waits_for.add_done_callback(self._wake_up)
        self._read()

    def _connect(self) -> None:
        operation = self._operation()
        if win32pipe.ConnectNamedPipe(self._pipe, operation) == winerror.ERROR_PIPE_CONNECTED:
            win32event.SetEvent(self.event)
        else:
            self._under_way = operation

    def _read(self) -> None:
        operation = self._operation()
        win32file.ReadFile(self._pipe, self._buffer, operation)
        self._under_way = operation

    def _write(self) -> None:
        self.phase, self.deadline = _Phase.TAKEN, self._clock.monotonic() + PATIENCE
        operation = self._operation()
        win32file.WriteFile(self._pipe, self.exchange.answer, operation)
        self._under_way = operation

    def _operation(self) -> _win32typing.PyOVERLAPPED:
        operation = pywintypes.OVERLAPPED()
        operation.hEvent = self.event
        return operation

    def _cancel(self) -> None:
        """End the operation under way, if one was begun; the system uses its memory until it has ended."""
        if self._under_way is not None:
            with contextlib.suppress(pywintypes.error):
                win32file.CancelIo(self._pipe)
                win32file.GetOverlappedResult(self._pipe, self._under_way, _IN_THE_END)
        self._under_way = None
        win32event.ResetEvent(self.event)


class ControlServer:
    """Listens at ``path``, a pipe's name, and hands each command to its handler.

    One thread for all clients; none of them can block it, crash it or make it hold more than CLIENTS times
    MAX_REQUEST bytes.
    """

    def __init__(self, path: Path, handlers: Mapping[str, Handler], clock: Clock) -> None:
        self._path = path
        self._handlers = handlers
        self._clock = clock
        self._instances: list[_Instance] = []
        self._stop = _event()
        self._ready = _event()
        self._thread = threading.Thread(target=self._serve, name="control", daemon=True)

    def start(self) -> None:
        """Listen; raises MachineError when the pipe cannot be made, as when somebody else has its name."""
        try:
            attributes = pipe_attributes()
            for number in range(CLIENTS):
                self._instances.append(self._instance(attributes, first=number == 0))
                if self._instances[-1].beside() != number:
                    raise self._is_taken()
        except MachineError:
            self._release()
            raise
        except pywintypes.error as error:
            self._release()
            if error.winerror in {winerror.ERROR_ACCESS_DENIED, winerror.ERROR_PIPE_BUSY}:
                raise self._is_taken() from error
            reason = error.strerror
            raise MachineError(f"the control pipe {self._path} cannot be made: {reason}.") from error
        self._thread.start()

    def _is_taken(self) -> MachineError:
        return MachineError(
            f"another program holds the name of the control pipe {self._path}; log off all accounts and"
            " log in anew, and tell the IT section if it stays so."
        )

    def close(self) -> None:
        """Stop listening and drop all clients; returns when the thread has ended."""
        win32event.SetEvent(self._stop)
        self._thread.join()

    def _instance(self, attributes: _win32typing.PySECURITY_ATTRIBUTES, *, first: bool) -> _Instance:
        pipe = win32pipe.CreateNamedPipe(
            str(self._path),
            win32pipe.PIPE_ACCESS_DUPLEX
            | win32con.FILE_FLAG_OVERLAPPED
            | (win32pipe.FILE_FLAG_FIRST_PIPE_INSTANCE if first else 0),
            win32pipe.PIPE_TYPE_BYTE | win32pipe.PIPE_WAIT | win32pipe.PIPE_REJECT_REMOTE_CLIENTS,
            CLIENTS,
            _BUFFER,
            _BUFFER,
            0,
            attributes,
        )
        return _Instance(pipe, self._handlers, self._clock, self._wake_up)

    def _serve(self) -> None:
        # here and not in `start`: the system cancels a thread's operations when the thread ends
        for instance in self._instances:
            instance.listen()
        while self._step():
            pass
        self._release()

    def _step(self) -> bool:
        """Do what is due; tell whether to go on."""
        win32event.WaitForMultipleObjects(
            [self._stop, self._ready, *(instance.event for instance in self._instances)],
            _ANY,
            self._time_left(),
        )
        if _is_set(self._stop):
            return False
        if _is_set(self._ready):
            win32event.ResetEvent(self._ready)
            for instance in self._instances:
                instance.answer_waiting()
        for instance in self._instances:
            if _is_set(instance.event):
                instance.move()
            if instance.deadline is not None and instance.deadline <= self._clock.monotonic():
                instance.hang_up()
        return True

    def _time_left(self) -> int:
        deadlines = [instance.deadline for instance in self._instances if instance.deadline is not None]
        if not deadlines:
            return win32event.INFINITE
        return max(0, int((min(deadlines) - self._clock.monotonic()) * _MS) + 1)

    def _wake_up(self, _done: Future[Answer]) -> None:
        with contextlib.suppress(pywintypes.error):  # closed meanwhile
            win32event.SetEvent(self._ready)

    def _release(self) -> None:
        for instance in self._instances:
            instance.close()
        self._instances.clear()


class ControlClient:
    """Asks the guard that listens at ``path``, a pipe's name."""

    def __init__(self, path: Path, timeout: float = ANSWER_SECONDS) -> None:
        """Wait at most ``timeout`` seconds for each step of the exchange."""
        self._path = path
        self._timeout = timeout

    def ask(self, command: str, **fields: str) -> Answer:
        """Return the answer; raises NotRunningError, ConfigError if refused, MachineError if it hangs.

        Nothing is sent to a server of another account: that is a MachineError.
        """
        try:
            line = self._asked(request_line(command, fields))
        except TimeoutError:
            raise no_answer(self._timeout) from None
        except pywintypes.error as error:
            if error.winerror == winerror.ERROR_FILE_NOT_FOUND:
                raise nobody_listens() from None
            raise cannot_ask(self._path, error.strerror) from error
        return opened(line)

    def _asked(self, request: bytes) -> bytes:
        with closing_handle(self._open()) as pipe:
            if not is_served_by_us(pipe):
                raise MachineError(
                    f"the control pipe {self._path} is another account's, so nothing was sent to it;"
                    " tell the IT section."
                )
            line = _Line(pipe, self._timeout)
            line.write(request)
            return line.read()

    def _open(self) -> _win32typing.PyHANDLE:
        deadline = time.monotonic() + self._timeout
        while True:
            try:
                return win32file.CreateFile(
                    str(self._path), ASK, 0, None, win32con.OPEN_EXISTING, OPEN_FLAGS, None
                )
            except pywintypes.error as error:
                if error.winerror != winerror.ERROR_PIPE_BUSY:
                    raise
            left = int((deadline - time.monotonic()) * _MS)
            if left <= 0:
                raise TimeoutError
            with contextlib.suppress(pywintypes.error):  # the next turn says what is wrong
                win32pipe.WaitNamedPipe(str(self._path), left)


class _Line:
    """The client's end of a pipe, each step with its time."""

    def __init__(self, pipe: int, seconds: float) -> None:
        self._pipe = pipe
        self._milliseconds = int(seconds * _MS)

    def write(self, data: bytes) -> None:
        """Write; raises TimeoutError."""
        with closing_handle(_event()) as event:
            operation = pywintypes.OVERLAPPED()
            operation.hEvent = event
            win32file.WriteFile(self._pipe, data, operation)
            self._finish(operation)

    def read(self) -> bytes:
        """Return what comes up to the first line end, or to the end; raises TimeoutError."""
        received = b""
        buffer = win32file.AllocateReadBuffer(MAX_REQUEST)
        with closing_handle(_event()) as event:
            while len(received) <= MAX_ANSWER and b"\n" not in received:
                operation = pywintypes.OVERLAPPED()
                operation.hEvent = event
                try:
                    win32file.ReadFile(self._pipe, buffer, operation)
                    count = self._finish(operation)
                except pywintypes.error as error:
                    if error.winerror in {winerror.ERROR_BROKEN_PIPE, winerror.ERROR_PIPE_NOT_CONNECTED}:
                        break
                    raise
                received += bytes(buffer[:count])
        return received

    def _finish(self, operation: _win32typing.PyOVERLAPPED) -> int:
        waited = win32event.WaitForSingleObject(operation.hEvent, self._milliseconds)
        if waited == win32event.WAIT_OBJECT_0:
            return win32file.GetOverlappedResult(self._pipe, operation, _AT_ONCE)
        win32file.CancelIo(self._pipe)
        with contextlib.suppress(pywintypes.error):
            win32file.GetOverlappedResult(self._pipe, operation, _IN_THE_END)
        raise TimeoutError


def _event() -> int:
    """Return one that stays set until it is reset."""
    return win32event.CreateEvent(None, 1, 0, None)


def _is_set(event: int) -> bool:
    return win32event.WaitForSingleObject(event, 0) == win32event.WAIT_OBJECT_0
