"""What a session leaves in Windows' queues, and that nothing of it stays."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from guard.clock import SystemClock
from guard.printing.spooler import Job, SpoolerPrinter
from guard.session.events import SessionId

if TYPE_CHECKING:
    from collections.abc import Sequence

SESSION = SessionId("a" * 32)


@dataclass
class FakeSpooler:
    """Queues in memory; ``stubborn`` jobs do not go, and ``broken`` says that nobody answers."""

    waiting: list[Job] = field(default_factory=list)
    stubborn: bool = False
    broken: bool = False

    def jobs(self) -> Sequence[Job]:
        if self.broken:
            raise OSError("the spooler is stopped")
        return list(self.waiting)

    def delete(self, job: Job) -> None:
        if not self.stubborn:
            self.waiting.remove(job)


def test_every_job_of_the_account_is_deleted_and_counted() -> None:
    spooler = FakeSpooler([Job("one", 1), Job("one", 2), Job("two", 1)])
    outcome = SpoolerPrinter(spooler, SystemClock()).cancel(SESSION, 10.0)
    assert (str(outcome), spooler.waiting) == ("3 cancelled", [])


def test_without_a_job_none_was_possible() -> None:
    assert str(SpoolerPrinter(FakeSpooler(), SystemClock()).cancel(SESSION, 10.0)) == "none possible"


@pytest.mark.parametrize("spooler", [FakeSpooler([Job("one", 1)], stubborn=True), FakeSpooler(broken=True)])
def test_a_job_that_may_be_left_is_not_proven_gone(spooler: FakeSpooler) -> None:
    assert str(SpoolerPrinter(spooler, SystemClock()).cancel(SESSION, 0.0)) == "not proven"


def test_a_spooler_that_hangs_holds_nobody_up_and_is_asked_again_when_it_answers() -> None:
    asked, answer = threading.Event(), threading.Event()

    class Hanging(FakeSpooler):
        def jobs(self) -> Sequence[Job]:
            asked.set()
            answer.wait()
            return super().jobs()

    printer = SpoolerPrinter(Hanging([Job("one", 1)]), SystemClock())
    assert str(printer.cancel(SESSION, 0.01)) == "not proven"
    assert asked.wait(30.0)
    assert str(printer.cancel(SESSION, 0.01)) == "not proven", "nor does a second question pile up"
    answer.set()
    assert str(printer.cancel(SESSION, 30.0)) in {"none possible", "1 cancelled"}


def test_what_an_earlier_run_left_is_swept_once_the_spooler_answers() -> None:
    spooler, swept = FakeSpooler([Job("one", 1)]), threading.Event()
    printer = SpoolerPrinter(spooler, SystemClock())
    printer.sweep(swept.set)
    assert swept.wait(30.0)
    assert spooler.waiting == []
    printer.close()
