"""What is said over the control channel, whatever carries it.

Request ``{"v": 1, "cmd": …}``, answer ``{"v": 1, "ok": true, "answer": {…}}`` or ``{"v": 1, "ok": false,
"error": "one sentence"}``, each one line of JSON, then the server closes.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import TYPE_CHECKING, Final, TypeVar

from guard.errors import BrokenPromiseError, ConfigError, GuardError, MachineError

if TYPE_CHECKING:
    from pathlib import Path

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
PATIENCE: Final = 2.0
"""Seconds a client has for its request and for taking the answer."""
LONGER: Final = 30.0
"""Seconds for which a client may wait for the future of an answer."""
CLIENTS: Final = 16
"""At once; further ones wait in the system's queue until one of these has been served or is dropped."""

_Done = TypeVar("_Done")

_log = logging.getLogger(__name__)


class NotRunningError(ConfigError):
    """Nobody listens."""


class Exchange:
    """One client's request as it comes in, and what is to be said to it; does no I/O.

    At most one of ``answer`` and ``waits_for`` is there; the answer, once there, stays.
    """

    __slots__ = ("_command", "_handlers", "_received", "answer", "waits_for")

    def __init__(self, handlers: Mapping[str, Handler]) -> None:
        self._handlers = handlers
        self._received = b""
        self._command = ""
        self.answer = b""
        """The line to send; empty as long as there is none."""
        self.waits_for: Future[Answer] | None = None
        """What will hold the answer of a command that takes longer; see `settle`."""

    def take(self, data: bytes) -> None:
        """Take what came in; call it no more once there is an answer, or something it waits for."""
        self._received += data
        line, newline, _ = self._received.partition(b"\n")
        if newline and len(line) <= MAX_REQUEST:
            handled = self._handle(line)
            if isinstance(handled, Future):
                self._received = b""  # it may hold a PIN
                self.waits_for = handled
            else:
                self._say(handled)
        elif len(self._received) > MAX_REQUEST:
            self.refuse(f"a request may have at most {MAX_REQUEST} bytes")

    def refuse(self, sentence: str) -> None:
        """Have this refusal as the answer."""
        self._say(_refusal(sentence))

    def settle(self) -> bool:
        """Take the answer from what it waits for; tell whether it is there now."""
        done = self.waits_for
        if done is None or not done.done():
            return False
        self.waits_for = None
        self._say(_attempt(self._command, lambda: _accepted(done.result())))
        return True

    def _say(self, answer: Answer) -> None:
        line = json.dumps(answer, ensure_ascii=False).encode() + b"\n"
        if len(line) > MAX_ANSWER:
            too_long = _refusal("the answer is too long; this is a defect, please report it")
            line = json.dumps(too_long).encode() + b"\n"
        self.answer = line

    def _handle(self, line: bytes) -> Answer | Future[Answer]:
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
        handler, self._command = self._handlers[name], name

        def work() -> Answer | Future[Answer]:
            done = handler(request)
            return done if isinstance(done, Future) else _accepted(done)

        return _attempt(name, work)


def request_line(command: str, fields: Mapping[str, str]) -> bytes:
    """Return the line that asks for this."""
    return json.dumps({**fields, "v": VERSION, "cmd": command}).encode() + b"\n"


def opened(line: bytes) -> Answer:
    """Return what an answer holds; raises ConfigError if it refuses, BrokenPromiseError if it is none."""
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


def nobody_listens() -> NotRunningError:
    """Return the error for a channel with nobody at its other end."""
    return NotRunningError("no guard is running for this account; start it with guard run.")


def no_answer(seconds: float) -> MachineError:
    """Return the error for a guard that hangs."""
    return MachineError(f"the guard did not answer within {seconds:.0f} s.")


def cannot_ask(address: Path, reason: str) -> MachineError:
    """Return the error for a channel that breaks."""
    return MachineError(f"the guard at {address} cannot be asked: {reason}.")


def _attempt(name: str, work: Callable[[], _Done]) -> _Done | Answer:
    """Return what the work returns, or the refusal that its error is."""
    try:
        return work()
    except GuardError as error:
        return _refusal(error.sentence)
    except Exception as error:  # noqa: BLE001 -- a defect in one command must not end the control channel
        _log.error("the command %s failed: %s", name, type(error).__name__)
        return _refusal(f"the command {name} failed; this is a defect, please report it")


def _accepted(answer: Answer) -> Answer:
    return {"v": VERSION, "ok": True, "answer": dict(answer)}


def _refusal(sentence: str) -> Answer:
    return {"v": VERSION, "ok": False, "error": sentence}
