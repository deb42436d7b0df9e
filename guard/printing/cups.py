"""The printer behind CUPS: one errand at a time, each in a process of its own, and what every session owes.

A session's jobs are known to CUPS by their title, which has nothing in it but the session's id. So the proof
at the end hangs on nothing that was remembered here: it is that CUPS knows no job of such a title any more.
"""

from __future__ import annotations

import contextlib
import json
import logging
import subprocess
import sys
import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from guard.errors import MachineError
from guard.ground import start_bound
from guard.printing.port import NoPrinter, PrintOutcome
from guard.session.events import SessionId
from guard.wire import read_number, read_object

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from guard.clock import Clock
    from guard.printing.port import PrintListener

SUBMIT_WITHIN: Final = 60.0
"""s for which CUPS may take to receive one PDF."""
SWEEP_WITHIN: Final = 40.0
"""s; a job that does not stop is killed by CUPS itself after 30 (its ``JobKillDelay``)."""
SWEEP_PAUSE: Final = 2.0
"""s between two tries to prove that nothing of an earlier run is left."""
LOOK_WITHIN: Final = 10.0
_TITLE: Final = "Madoguchi Guard "
_KEPT: Final = ("PATH", "HOME", "CUPS_SERVER")
_ERRAND: Final = (sys.executable, "-P", "-m", "guard.printing.errand")

_log = logging.getLogger(__name__)


class Errands:
    """Sends one process to CUPS for each errand; callable from every thread."""

    def __init__(self, environment: Mapping[str, str], command: Sequence[str] = _ERRAND) -> None:
        self._environment = {name: environment[name] for name in _KEPT if name in environment}
        self._command = tuple(command)

    def start(self) -> subprocess.Popen[bytes]:
        """Start one that waits for its order; raises MachineError when this PC cannot."""
        try:
            # It has no terminal, so that libcups asks nobody for a password.
            return start_bound(
                self._command, self._environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
        except OSError as error:
            raise MachineError(f"the errand to CUPS cannot be started: {error.strerror}.") from error

    def run(
        self, process: subprocess.Popen[bytes], order: Mapping[str, str], load: bytes, timeout: float
    ) -> Mapping[str, object]:
        """Return what it answers; raises MachineError when that is a failure, unclean or too late."""
        try:
            output, _ = process.communicate(
                json.dumps(order).encode() + b"\n" + load, timeout=max(0.0, timeout)
            )
        except subprocess.TimeoutExpired:
            raise MachineError("CUPS did not answer in time.") from None
        finally:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe:
                    pipe.close()
        try:
            reply = read_object(json.loads(output))
        except (ValueError, TypeError, RecursionError):
            reply = {}
        if process.returncode != 0 or not reply:
            raise MachineError("the errand to CUPS did not end cleanly.")
        if "failed" in reply:
            raise MachineError(str(reply["failed"]))
        return reply

    def ask(self, order: Mapping[str, str], timeout: float) -> Mapping[str, object]:
        """Start one and return what it answers; raises MachineError like `run`."""
        return self.run(self.start(), order, b"", timeout)

    def erase(self, session: str, timeout: float) -> PrintOutcome:
        """Have CUPS end and forget the jobs of this session, of every session if it is empty.

        Raises MachineError when that is not proven.
        """
        reply = self.ask({"do": "cancel", "title": f"{_TITLE}{session}"}, timeout)
        try:
            return PrintOutcome(
                finished=read_number(reply["finished"]), cancelled=read_number(reply["cancelled"])
            )
        except (KeyError, TypeError) as error:
            raise MachineError("the errand to CUPS did not end cleanly.") from error

    def why_not(self, printer: str) -> str | None:
        """Return one sentence when this queue would not take a job now, else None."""
        try:
            found = self.ask({"do": "look", "printer": printer}, LOOK_WITHIN)
        except MachineError as error:
            return error.sentence
        if found.get("accepts") is not True:
            return f"CUPS's queue {printer} takes no jobs."
        return f"CUPS's queue {printer} is stopped." if found.get("stopped") else None


@dataclass(slots=True)
class _Tally:
    """What became of one session's PDFs."""

    queued: int = 0
    refused: int = 0
    dropped: int = 0
    owed: bool = False
    """CUPS may have something of it."""


class CupsPrinter:
    """Implements `guard.printing.port.Printer` with a CUPS queue of this name."""

    def __init__(self, name: str, errands: Errands, clock: Clock, listener: PrintListener) -> None:
        self._name = name
        self._errands = errands
        self._clock = clock
        self._listener = listener
        self._tallies: dict[SessionId, _Tally] = {}
        self._waiting = deque[tuple[SessionId, bytes]]()
        self._under_way: SessionId | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._unwanted = False
        self._changed = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._work, name="printer", daemon=True)
        self._thread.start()

    def print(self, session: SessionId, pdf: bytes) -> None:
        """See `Printer.print`."""
        with self._changed:
            self._tallies.setdefault(session, _Tally())
            self._waiting.append((session, pdf))
            self._changed.notify_all()

    def cancel(self, session: SessionId, timeout: float) -> PrintOutcome:
        """See `Printer.cancel`."""
        end = self._clock.monotonic() + timeout
        with self._changed:
            tally = self._tallies.get(session, _Tally())
            tally.dropped += sum(one == session for one, _ in self._waiting)
            self._waiting = deque(one for one in self._waiting if one[0] != session)
            if self._under_way == session:
                self._cut_off()
            if not self._changed.wait_for(lambda: self._under_way != session, timeout):
                return PrintOutcome(proven=False)
        found = self._erased(session, end - self._clock.monotonic()) if tally.owed else PrintOutcome()
        if found.proven:
            with self._changed:
                self._tallies.pop(session, None)
        return PrintOutcome(
            finished=found.finished,
            forgotten=max(0, tally.queued - found.finished - found.cancelled) if found.proven else 0,
            cancelled=found.cancelled + tally.dropped,
            refused=tally.refused,
            proven=found.proven,
        )

    def sweep(self, swept: Callable[[], None]) -> None:
        """See `Printer.sweep`."""
        threading.Thread(target=self._sweep, args=(swept,), name="printer sweep", daemon=True).start()

    def close(self) -> None:
        """See `Printer.close`."""
        with self._changed:
            self._closing = True
            self._cut_off()
            self._changed.notify_all()
        self._thread.join()

    def _cut_off(self) -> None:
        """End the errand that is under way, or about to be."""
        self._unwanted = True
        if self._process:
            self._process.kill()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closing or self._waiting)
                if self._closing:
                    return
                session, pdf = self._waiting.popleft()
                self._under_way, self._unwanted = session, False
            queued, owed = self._submitted(session, pdf)
            with self._changed:
                tally = self._tallies[session]
                tally.queued += queued
                tally.refused += not owed
                tally.owed |= owed
                self._under_way = self._process = None
                self._listener.print_answered(session, queued=queued, size=len(pdf))
                self._changed.notify_all()

    def _submitted(self, session: SessionId, pdf: bytes) -> tuple[bool, bool]:
        """Tell whether CUPS took it, and whether it may have something of it: a failure leaves that open."""
        order = {"do": "print", "printer": self._name, "title": f"{_TITLE}{session}"}
        try:
            process = self._errands.start()
        except MachineError as error:
            _log.warning("nothing was printed: %s", error.sentence)
            return False, False
        with self._changed:
            self._process = process
            if self._unwanted:
                process.kill()
        try:
            reply = self._errands.run(process, order, pdf, SUBMIT_WITHIN)
        except MachineError as error:
            _log.warning("it is not known whether something was printed: %s", error.sentence)
            return False, True
        if "refused" in reply:
            _log.warning("nothing was printed: %s", reply["refused"])
            return False, False
        return True, True

    def _erased(self, session: str, timeout: float) -> PrintOutcome:
        try:
            return self._errands.erase(session, timeout)
        except MachineError as error:
            _log.warning("print jobs are not proven gone: %s", error.sentence)
            return PrintOutcome(proven=False)

    def _sweep(self, swept: Callable[[], None]) -> None:
        while not self._erased("", SWEEP_WITHIN).proven:
            with self._changed:
                if self._changed.wait_for(lambda: self._closing, SWEEP_PAUSE):
                    return
        swept()


class FormerPrinter(NoPrinter):
    """Of a counter that does not print, or no longer: what an earlier run left is erased if CUPS is there."""

    def __init__(self, errands: Errands) -> None:
        self._errands = errands

    def sweep(self, swept: Callable[[], None]) -> None:
        """See `Printer.sweep`; asks once, for most such counters have no CUPS."""

        def sweep() -> None:
            with contextlib.suppress(MachineError):
                self._errands.erase("", SWEEP_WITHIN)
            swept()

        threading.Thread(target=sweep, name="printer sweep", daemon=True).start()
