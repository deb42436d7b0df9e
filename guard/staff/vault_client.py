"""Asks the vault's process; only its clean yes counts.

An exit other than 0, more or less than one line, a signal, a time out, a field too many: all of it is broken,
and broken is a no.
"""

from __future__ import annotations

import json
import logging
import math
import subprocess
import sys
import threading
from collections import deque
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Final, TypeVar

from guard.environment import kept
from guard.errors import ConfigError, GuardError, MachineError
from guard.ground import start_bound
from guard.session.events import StaffId
from guard.staff.port import EMERGENCY, Answer, Person, Verdict
from guard.staff.throttle import LONGEST_WAIT
from guard.wire import read_flag, read_object, read_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from guard.clock import Clock
    from guard.secret import Secret

TIMEOUT: Final = 15.0
"""s for which a vault may run, with its wait for another one."""
WAITING_MOST: Final = 4
"""Questions behind the one that is under way."""
GATE_MOST: Final = 10.0
"""s for which a wait is believed without asking; a ``guard staff reset`` in between is noticed after it."""
_BUSY: Final = Answer(verdict=Verdict.WAIT, wait_seconds=1.0)
_BROKEN: Final = Answer(verdict=Verdict.BROKEN)
_ANSWER_MOST: Final = 64 * 1024
"""Bytes; a list of 100 people has about 20,000."""
_VAULT: Final = (sys.executable, "-P", "-m", "guard.staff.vault")

_Kind = TypeVar("_Kind")
_log = logging.getLogger(__name__)


class Vault:
    """Runs one vault process a question; from any thread, and each question in the thread that asks it."""

    def __init__(
        self, environment: Mapping[str, str], command: Sequence[str] = _VAULT, timeout: float = TIMEOUT
    ) -> None:
        self._environment = kept(environment)
        self._command = tuple(command)
        self._timeout = timeout
        self._lock = threading.Lock()
        self._running = set[subprocess.Popen[bytes]]()
        self._stopped = False

    def ask(self, do: str, pin: Secret | None = None, **fields: object) -> Mapping[str, object]:
        """Return the answer; raises ConfigError or MachineError when refused, MachineError when unclean."""
        request = {**fields, "do": do} | ({} if pin is None else {"pin": pin.reveal()})
        reply = self._run(json.dumps(request).encode() + b"\n")
        refused = reply.get("refused")
        if refused is not None:
            raise (ConfigError if reply.get("whose") == "config" else MachineError)(str(refused))
        return reply

    def stop(self) -> None:
        """Kill what runs and start nothing any more."""
        with self._lock:
            self._stopped = True
            for process in self._running:
                process.kill()

    def _run(self, line: bytes) -> Mapping[str, object]:
        process = self._start()
        try:
            output, _ = process.communicate(line, timeout=self._timeout)
        except subprocess.TimeoutExpired:
            raise MachineError(f"the vault did not answer within {self._timeout:.0f} s.") from None
        finally:
            process.kill()
            process.wait()
            with self._lock:
                self._running.discard(process)
            for pipe in (process.stdin, process.stdout):
                if pipe:
                    pipe.close()
        if process.returncode != 0:
            raise MachineError("the vault did not end cleanly; see guard doctor.")
        return _only_line(output)

    def _start(self) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._stopped:
                raise MachineError("the guard is being stopped.")
            try:
                process = start_bound(
                    self._command, self._environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
                )
            except OSError as error:
                raise MachineError(f"the vault cannot be started: {error.strerror}.") from error
            self._running.add(process)
            return process


class _Door(Enum):
    """What is tried; neither makes the other wait."""

    PIN = auto()
    CODE = auto()


@dataclass(frozen=True, slots=True)
class _Gate:
    """No try is looked at ``until`` then (monotonic, s), and until ``believed_until`` nobody even asks."""

    until: float = -math.inf
    believed_until: float = -math.inf


@dataclass(frozen=True, slots=True)
class _Question:
    """Waits for its turn; ``ask`` runs on the worker, ``give_up`` answers it in any other way."""

    ask: Callable[[], None]
    give_up: Callable[[], None]


class VaultBook:
    """Implements `guard.staff.port.StaffBook`: one thread asks one question at a time."""

    def __init__(self, vault: Vault, clock: Clock) -> None:
        self._vault = vault
        self._clock = clock
        self._gates = {door: _Gate() for door in _Door}
        self._changed = threading.Condition()
        self._waiting = deque[_Question]()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="staff-book", daemon=True)
        self._thread.start()

    def people(self, then: Callable[[tuple[Person, ...] | None], None]) -> None:
        """See `StaffBook.people`."""
        question = _Question(lambda: then(self._people()), lambda: then(None))
        if not self._queued(question, however_many=True):  # nobody can guess by asking who there is
            then(None)

    def verify(self, number: str, pin: Secret, then: Callable[[Answer], None]) -> None:
        """See `StaffBook.verify`; when too many ask at once, the answer is to wait."""
        gate = self._at_gate(number)
        if gate:
            then(gate)
            return
        question = _Question(lambda: then(self._verified(number, pin)), lambda: then(_BROKEN))
        if not self._queued(question):
            then(_BROKEN if self._closed else _BUSY)

    def close(self) -> None:
        """See `StaffBook.close`; what is not answered yet is answered with broken."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._vault.stop()
        self._thread.join()

    def _queued(self, question: _Question, *, however_many: bool = False) -> bool:
        with self._changed:
            if self._closed or (len(self._waiting) >= WAITING_MOST and not however_many):
                return False
            self._waiting.append(question)
            self._changed.notify()
            return True

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._waiting)
                closed = self._closed
                if closed and not self._waiting:
                    return
                question = self._waiting.popleft()
            try:
                (question.give_up if closed else question.ask)()
            except Exception as error:  # noqa: BLE001 -- a defect of one who asked must not end the book
                _log.error("an answer of the staff book was not taken: %s", type(error).__name__)

    def _people(self) -> tuple[Person, ...] | None:
        try:
            return _read_people(self._vault.ask("people"))
        except Exception as error:  # noqa: BLE001 -- whoever asks gets an answer, whatever happened
            _log.error("the staff cannot be listed: %s", _sentence(error))
            return None

    def _verified(self, number: str, pin: Secret) -> Answer:
        gate = self._at_gate(number)  # again: a try before this one may have closed it
        if gate:
            return gate
        try:
            answer = _read_answer(self._vault.ask("verify", pin, number=number), number)
        except Exception as error:  # noqa: BLE001 -- whoever asks gets an answer, and this one is a no
            _log.error("a PIN cannot be checked: %s", _sentence(error))
            return _BROKEN
        now, wait = self._clock.monotonic(), answer.wait_seconds
        self._gates[_door(number)] = _Gate(until=now + wait, believed_until=now + min(wait, GATE_MOST))
        return answer

    def _at_gate(self, number: str) -> Answer | None:
        """Return the answer to a try that comes too soon, without asking."""
        now, gate = self._clock.monotonic(), self._gates[_door(number)]
        if now >= gate.believed_until:
            return None
        return Answer(verdict=Verdict.WAIT, wait_seconds=gate.until - now)


def _sentence(error: Exception) -> str:
    """Return what may be logged: no text of an error that could quote what was typed."""
    return error.sentence if isinstance(error, GuardError) else type(error).__name__


def _door(number: str) -> _Door:
    return _Door.CODE if number == EMERGENCY else _Door.PIN


def _only_line(output: bytes) -> Mapping[str, object]:
    if len(output) > _ANSWER_MOST or output.count(b"\n") != 1 or not output.endswith(b"\n"):
        raise MachineError("the vault did not answer with one line; see guard doctor.")
    try:
        return read_object(json.loads(output))
    except (ValueError, TypeError, RecursionError):
        raise MachineError("the vault's answer is not understood; see guard doctor.") from None


def _read_answer(reply: Mapping[str, object], number: str) -> Answer:
    answer = _understood(_answer, reply)
    about = (number,) if answer.verdict is Verdict.YES else (number, None)
    if answer.staff not in about:
        raise MachineError("the vault's answer is about somebody else; please report it.")
    return answer


def _read_people(reply: Mapping[str, object]) -> tuple[Person, ...]:
    return _understood(_people, reply)


def _understood(read: Callable[[Mapping[str, object]], _Kind], reply: Mapping[str, object]) -> _Kind:
    try:
        return read(reply)
    except (KeyError, TypeError, ValueError):
        raise MachineError("the vault's answer is not understood; see guard doctor.") from None


def _answer(reply: Mapping[str, object]) -> Answer:
    _exactly(reply, {"verdict", "staff", "name", "wait_seconds", "locked"})
    staff, wait = reply["staff"], reply["wait_seconds"]
    if not isinstance(wait, float) or not 0 <= wait <= LONGEST_WAIT:
        raise TypeError("not a wait")
    return Answer(
        verdict=Verdict(read_text(reply["verdict"])),
        staff=None if staff is None else StaffId(read_text(staff)),
        name=read_text(reply["name"]),
        wait_seconds=wait,
        locked=read_flag(reply["locked"]),
    )


def _people(reply: Mapping[str, object]) -> tuple[Person, ...]:
    _exactly(reply, {"people"})
    found = reply["people"]
    if not isinstance(found, list):
        raise TypeError("not a list")
    return tuple(_person(read_object(each)) for each in found)


def _person(fields: Mapping[str, object]) -> Person:
    _exactly(fields, {"number", "name"})
    return Person(number=StaffId(read_text(fields["number"])), name=read_text(fields["name"]))


def _exactly(fields: Mapping[str, object], names: set[str]) -> None:
    if fields.keys() != names:
        raise KeyError("other fields")
