"""Which PDFs reach the printer, what is written down of them, and whom the screen reminds."""

from __future__ import annotations

import pytest

from guard import inbox as letters
from guard.browser.ending import Ending
from guard.browser.port import HostNames, Logout, Receipt
from guard.clock import SystemClock
from guard.printing.port import NoPrinter, Printer, PrintOutcome
from guard.screens.port import Screen
from guard.session import events as ev
from guard.session.policy import OnRemoval, Policy
from guard.session.table import State
from tests.support.core import A, B, Lab, receipt, spare

PDF = b"%PDF-1.4 content"


@pytest.fixture
def lab() -> Lab:
    return Lab(Policy())


def paper(session: ev.SessionId = A) -> letters.PaperCame:
    return letters.PaperCame(session=session, pdf=PDF)


def answered(session: ev.SessionId = A, *, queued: bool = True) -> letters.PrintAnswered:
    return letters.PrintAnswered(session=session, queued=queued, size=len(PDF))


def written(lab: Lab) -> list[object]:
    return [fields["outcome"] for kind, fields in lab.journal.records if kind == "print"]


def test_what_a_citizen_at_work_wants_printed_is_printed(lab: Lab) -> None:
    lab.open_session()
    assert lab.say(paper()) == ["print 16 of a"]
    lab.say(answered())
    assert ("print", {"session": A, "outcome": "queued", "bytes": 16}) in lab.journal.records


def test_of_what_is_printed_the_journal_keeps_the_size_alone(lab: Lab) -> None:
    lab.open_session()
    lab.say(paper(), answered(), answered(queued=False))
    assert "content" not in str(lab.journal.records)
    assert "content" not in repr(paper())


def test_a_pdf_that_comes_after_the_end_has_begun_is_not_printed(lab: Lab) -> None:
    lab.open_session()
    lab.say(ev.CardAbsent(counter=2))
    assert lab.is_in(State.ENDING)
    assert lab.say(paper()) == []
    assert written(lab) == ["late"]


def test_a_covered_session_prints_nothing_and_its_citizen_will_hear_of_it() -> None:
    lab = Lab(Policy(on_removal=OnRemoval.HOLD))
    lab.hold_session()
    assert lab.say(paper()) == ["not printed a"]
    assert written(lab) == ["late"]


def test_a_spare_prints_nothing(lab: Lab) -> None:
    lab.open_session()
    lab.say(spare(B))
    assert lab.say(paper(B)) == []
    assert written(lab) == ["late"]


def test_a_citizen_hears_of_what_was_not_printed(lab: Lab) -> None:
    lab.open_session()
    lab.say(paper())
    assert lab.say(answered(queued=False)) == ["not printed a"]
    assert written(lab) == ["refused"]


def test_the_next_citizen_hears_nothing_of_it(lab: Lab) -> None:
    lab.open_session()
    lab.say(ev.CardAbsent(counter=2), receipt(A), spare(B))
    lab.say(ev.CardPresent(counter=3))
    assert lab.is_in(State.ACTIVE)
    assert lab.say(answered(queued=False)) == []
    lab.say(answered())
    assert not lab.curtain.scenes[-1].printed


def test_the_screens_of_the_end_remind_of_printouts_until_the_next_citizen_begins(lab: Lab) -> None:
    lab.open_session()
    lab.say(paper(), answered())
    assert not lab.curtain.scenes[-1].printed, "the strip has no room for it"
    lab.say(ev.EndRequested(by=ev.EndedBy.CITIZEN))
    lab.say(receipt(A))
    lab.say(ev.CardAbsent(counter=2), spare(B))
    lab.say(ev.CardPresent(counter=3))
    lab.say(ev.EndRequested(by=ev.EndedBy.CITIZEN))
    shown = {(scene.screen, scene.printed) for scene in lab.curtain.scenes[-8:]}
    assert {(Screen.ENDING, True), (Screen.TAKE_CARD, True), (Screen.READY, True)} <= shown
    assert lab.curtain.scenes[-1].screen is Screen.ENDING
    assert not lab.curtain.scenes[-1].printed


def test_nobody_is_reminded_of_what_was_refused(lab: Lab) -> None:
    lab.open_session()
    lab.say(paper(), answered(queued=False), ev.CardAbsent(counter=2))
    assert not lab.curtain.scenes[-1].printed


class Unsure(NoPrinter):
    """A printer that proves nothing yet."""

    def cancel(self, session: ev.SessionId, timeout: float) -> PrintOutcome:
        assert session == A
        assert timeout > 0
        return PrintOutcome(finished=1, proven=False)


class NoCapsules:
    """All capsules are gone."""

    def capsule(self, session: ev.SessionId) -> None:
        assert session == A

    def forget(self, session: ev.SessionId) -> None:
        assert session == A


def ended(printer: Printer, names: HostNames = HostNames.OUT_OF_REACH) -> Receipt:
    ending = Ending(
        NoCapsules(),  # type: ignore[arg-type]
        lambda timeout: timeout > 0,
        printer,
        SystemClock(),
        lambda _: None,
        downloads=False,
        forget_names=lambda: names,
    )
    return ending._prove(A, logout=False)


def test_jobs_that_are_not_proven_gone_make_no_good_receipt() -> None:
    found = ended(Unsure())
    assert (found.print_jobs, found.good) == ("not proven", False)
    assert found.logout is Logout.NOT_TRIED


def test_host_names_that_the_system_keeps_make_no_good_receipt() -> None:
    assert ended(NoPrinter(), HostNames.FORGOTTEN).good
    assert ended(NoPrinter(), HostNames.OUT_OF_REACH).good
    assert not ended(NoPrinter(), HostNames.KEPT).good


def test_a_counter_without_a_printer_has_none_to_prove() -> None:
    found = ended(NoPrinter())
    assert (found.print_jobs, found.good) == ("none possible", True)


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (PrintOutcome(), "none"),
        (PrintOutcome(finished=2), "2 finished"),
        (PrintOutcome(finished=2, cancelled=1), "2 finished, 1 cancelled"),
        (PrintOutcome(forgotten=1, refused=3), "1 forgotten, 3 refused"),
        (PrintOutcome(finished=2, proven=False), "not proven"),
    ],
)
def test_the_receipt_says_what_became_of_them(outcome: PrintOutcome, words: str) -> None:
    assert str(outcome) == words
