"""What becomes of a session's print jobs, on a real CUPS."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import queue
import secrets
import signal
import threading
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import pytest

from guard.clock import SystemClock
from guard.printing.cups import CupsPrinter, Errands, FormerPrinter
from guard.printing.port import PrintOutcome
from guard.session.events import SessionId
from tests.support.cups import OwnCups
from tests.support.waiting import PATIENCE, until

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

pytestmark = pytest.mark.chain

A, B = SessionId("a" * 32), SessionId("b" * 32)
NOT_PROVEN = PrintOutcome(proven=False)


@dataclass(frozen=True, slots=True)
class Ear:
    """Hears whether CUPS took what was printed."""

    heard: queue.SimpleQueue[tuple[SessionId, bool, int]] = field(default_factory=queue.SimpleQueue)

    def print_answered(self, session: SessionId, *, queued: bool, size: int) -> None:
        self.heard.put((session, queued, size))

    def wait(self) -> tuple[SessionId, bool, int]:
        return self.heard.get(timeout=PATIENCE)


class At(Protocol):
    """Makes printers."""

    def __call__(self, name: str) -> CupsPrinter:
        """Return the one behind this queue."""
        ...


@pytest.fixture
def cups() -> Iterator[OwnCups]:
    with OwnCups() as one:
        yield one


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
def at(cups: OwnCups, ear: Ear) -> Iterator[At]:
    made: list[CupsPrinter] = []

    def make(name: str) -> CupsPrinter:
        made.append(CupsPrinter(name, Errands(cups.environment), SystemClock(), ear))
        return made[-1]

    yield make
    for one in made:
        one.close()


def secret() -> bytes:
    return secrets.token_hex(16).encode()


def pdf(content: bytes) -> bytes:
    return b"%PDF-1.4\n" + content


def test_a_pdf_reaches_the_printer_as_it_is_and_nothing_of_it_stays(cups: OwnCups, at: At, ear: Ear) -> None:
    printer, mark = at("paper"), secret()
    printer.print(A, pdf(mark))
    assert ear.wait() == (A, True, len(pdf(mark)))
    until(lambda: cups.printed("paper").exists() and cups.printed("paper").read_bytes() == pdf(mark))
    until(lambda: cups.tell("lpstat", "-W", "not-completed", "-o") == "")
    assert cups.files_with(mark), "CUPS keeps what it has printed, and the search finds it"
    assert printer.cancel(A, PATIENCE) == PrintOutcome(finished=1)
    assert cups.files_with(mark) == []
    assert cups.jobs() == []


def test_jobs_that_wait_are_cancelled_and_erased(cups: OwnCups, at: At, ear: Ear) -> None:
    printer, mark = at("stuck"), secret()
    for _ in range(2):
        printer.print(A, pdf(mark))
        assert ear.wait()[1]
    assert cups.files_with(mark)
    assert printer.cancel(A, PATIENCE) == PrintOutcome(cancelled=2)
    assert cups.files_with(mark) == []
    assert cups.jobs() == []


def test_a_job_that_is_being_printed_is_stopped(cups: OwnCups, at: At, ear: Ear) -> None:
    printer, mark = at("slow"), secret()
    printer.print(A, pdf(mark))
    assert ear.wait()[1]
    until(lambda: cups.has_begun("slow"))
    assert printer.cancel(A, PATIENCE) == PrintOutcome(cancelled=1)
    assert cups.files_with(mark) == []
    assert cups.jobs() == []


def test_jobs_of_others_are_left_alone(cups: OwnCups, at: At, ear: Ear) -> None:
    printer, mark = at("stuck"), secret()
    cups.tell("lp", "-d", "stuck", "-t", "somebody else's", "/etc/hostname")
    printer.print(A, pdf(secret()))
    printer.print(B, pdf(mark))
    assert ear.wait()[1]
    assert ear.wait()[1]
    assert printer.cancel(A, PATIENCE) == PrintOutcome(cancelled=1)
    assert len(cups.jobs()) == 2
    assert printer.cancel(B, PATIENCE) == PrintOutcome(cancelled=1)
    assert len(cups.jobs()) == 1


def test_what_cups_has_not_got_yet_never_gets_there(cups: OwnCups, at: At) -> None:
    printer, mark = at("stuck"), secret()
    for _ in range(5):
        printer.print(A, pdf(mark))
    outcome = printer.cancel(A, PATIENCE)
    assert outcome.proven
    assert outcome.cancelled in {4, 5}, "what was under way may not have been a job yet"
    assert cups.files_with(mark) == []
    assert cups.jobs() == []


def test_a_printer_that_does_not_stop_leaves_it_unproven_until_it_has(
    cups: OwnCups, at: At, ear: Ear
) -> None:
    printer = at("stubborn")
    printer.print(A, pdf(secret()))
    assert ear.wait()[1]
    until(lambda: cups.has_begun("stubborn"))
    until(lambda: printer.cancel(A, 1.0) == NOT_PROVEN and not cups.active())
    cups.give_in("stubborn")
    assert printer.cancel(A, PATIENCE) == PrintOutcome(cancelled=1)


def test_while_cups_is_down_it_is_unproven_and_proven_once_it_is_back(
    cups: OwnCups, at: At, ear: Ear
) -> None:
    printer, mark = at("stuck"), secret()
    printer.print(A, pdf(mark))
    assert ear.wait()[1]
    cups.kill()
    assert not printer.cancel(A, PATIENCE).proven
    assert str(printer.cancel(A, PATIENCE)) == "not proven"
    cups.start()
    assert printer.cancel(A, PATIENCE) == PrintOutcome(cancelled=1)
    assert cups.files_with(mark) == []


def test_while_cups_hangs_it_is_unproven_and_proven_once_it_goes_on(cups: OwnCups, at: At, ear: Ear) -> None:
    printer = at("stuck")
    printer.print(A, pdf(secret()))
    assert ear.wait()[1]
    cups.freeze()
    try:
        assert printer.cancel(A, 1.0) == NOT_PROVEN
    finally:
        cups.thaw()
    assert printer.cancel(A, PATIENCE) == PrintOutcome(cancelled=1)


def test_a_pdf_that_cups_hangs_over_is_not_forgotten(cups: OwnCups, at: At, ear: Ear) -> None:
    """It is not known whether it is a job: so it is owed until CUPS says that it knows none."""
    printer, mark = at("stuck"), secret()
    cups.freeze()
    try:
        printer.print(A, pdf(mark))
        until(lambda: printer._process is not None)
        assert not printer.cancel(A, 1.0).proven
        assert ear.wait() == (A, False, len(pdf(mark)))
    finally:
        cups.thaw()
    assert printer.cancel(A, PATIENCE).proven
    assert cups.jobs() == []
    assert cups.files_with(mark) == []


def test_what_cups_does_not_take_is_refused_and_owes_no_proof(cups: OwnCups, at: At, ear: Ear) -> None:
    missing, down = at("nowhere"), at("paper")
    missing.print(A, pdf(b""))
    assert ear.wait() == (A, False, 9)
    cups.kill()
    try:
        down.print(B, pdf(b""))
        assert ear.wait() == (B, False, 9)
        assert missing.cancel(A, PATIENCE) == PrintOutcome(refused=1)
        assert str(down.cancel(B, PATIENCE)) == "1 refused"
        assert str(down.cancel(SessionId("c"), PATIENCE)) == "none"
    finally:
        cups.start()


def test_what_an_earlier_run_left_is_swept_as_soon_as_cups_answers(cups: OwnCups, at: At, ear: Ear) -> None:
    mark = secret()
    first = at("stuck")
    first.print(A, pdf(mark))
    assert ear.wait()[1]
    cups.kill()
    swept = threading.Event()
    at("stuck").sweep(swept.set)
    cups.start()
    assert swept.wait(PATIENCE)
    assert cups.jobs() == []
    assert cups.files_with(mark) == []


def test_a_counter_that_prints_no_more_erases_what_an_earlier_run_left(
    cups: OwnCups, at: At, ear: Ear
) -> None:
    mark = secret()
    at("stuck").print(A, pdf(mark))
    assert ear.wait()[1]
    swept = threading.Event()
    FormerPrinter(Errands(cups.environment)).sweep(swept.set)
    assert swept.wait(PATIENCE)
    assert cups.jobs() == []
    assert cups.files_with(mark) == []


def test_a_counter_that_does_not_print_needs_no_cups() -> None:
    swept = threading.Event()
    FormerPrinter(Errands({"CUPS_SERVER": "/nowhere/cups.sock"})).sweep(swept.set)
    assert swept.wait(PATIENCE)


def test_an_errand_that_is_just_starting_when_its_session_ends_sends_nothing(cups: OwnCups, ear: Ear) -> None:
    starting, go_on = threading.Event(), threading.Event()
    started: list[subprocess.Popen[bytes]] = []

    class Slow(Errands):
        def start(self) -> subprocess.Popen[bytes]:
            if not started:
                starting.set()
                assert go_on.wait(PATIENCE)
            started.append(super().start())
            return started[-1]

    printer = CupsPrinter("stuck", Slow(cups.environment), SystemClock(), ear)
    with closing(printer):
        printer.print(A, pdf(secret()))
        assert starting.wait(PATIENCE)
        end = threading.Thread(target=printer.cancel, args=(A, PATIENCE))
        end.start()
        until(lambda: printer._unwanted)
        go_on.set()
        end.join()
    assert started[0].returncode == -signal.SIGKILL
    assert cups.jobs() == []


def test_a_queue_that_would_print_nothing_is_told(cups: OwnCups) -> None:
    errands = Errands(cups.environment)
    assert errands.why_not("paper") is None
    assert errands.why_not("stuck") == "CUPS's queue stuck is stopped."
    assert errands.why_not("nowhere") == "CUPS: The printer or class does not exist."
    cups.tell("cupsreject", "paper")
    assert errands.why_not("paper") == "CUPS's queue paper takes no jobs."
