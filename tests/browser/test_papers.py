"""PDFs on their way from a capsule to the core, without a browser."""

from __future__ import annotations

import base64
import queue
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from guard.browser import messages as m
from guard.browser.capsule import SealedCapsule
from guard.browser.papers import Papers, Sheaf, Wishes
from guard.browser.site import Permit
from guard.channel import Channel
from guard.clock import SystemClock
from guard.errors import BrokenPromiseError
from guard.session.events import SessionId
from tests.browser.test_capsule_protocol import SESSION, SOON, Ear, NoContainer

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

PRINTING = Permit(printing=True)
PDF = b"%PDF-1.4\n"


@dataclass
class Line:
    """What goes to the core, and is answered at once if it says so."""

    sent: list[m.Paper] = field(default_factory=list)

    def papers(self, permit: Permit = PRINTING) -> Papers:
        return Papers(SessionId("s"), permit, self.sent.append)


def together(sent: list[m.Paper]) -> list[bytes]:
    """Return the PDFs that these parts make."""
    sheaf = Sheaf(PRINTING)
    return [pdf for paper in sent if (pdf := sheaf.add(paper)) is not None]


def part(content: bytes = PDF, *, number: int = 1, last: bool = False) -> m.Paper:
    encoded = base64.b64encode(content).decode()
    return m.Paper(session=SessionId("s"), number=number, part=encoded, last=last)


@pytest.mark.parametrize(
    "size", [len(PDF), m.PAPER_PART - 1, m.PAPER_PART, m.PAPER_PART + 1, 5 * m.PAPER_PART]
)
def test_parts_make_the_whole_again(size: int) -> None:
    line = Line()
    papers = line.papers()
    pdf = PDF + bytes(size - len(PDF))
    assert papers.send(pdf)
    while not line.sent[-1].last:
        papers.taken()
    papers.taken()
    assert together(line.sent) == [pdf]


def test_one_part_is_under_way_at_a_time_and_pdfs_keep_their_order() -> None:
    line = Line()
    papers = line.papers()
    first, second = PDF + bytes(m.PAPER_PART), PDF + b"second"
    assert papers.send(first)
    assert papers.send(second)
    assert len(line.sent) == 1
    for count in (2, 3, 3):
        papers.taken()
        assert len(line.sent) == count
    assert together(line.sent) == [first, second]
    assert papers.send(PDF)
    assert len(line.sent) == 4


def test_what_is_no_pdf_or_too_much_is_not_sent() -> None:
    line = Line()
    papers = line.papers()
    assert not papers.send(b"")
    assert not papers.send(b"PK")
    assert not papers.send(PDF + bytes(m.MOST_PAPER))
    assert papers.send(PDF)
    assert not papers.send(PDF + bytes(m.MOST_PAPER - 2 * len(PDF) + 1))
    assert len(line.sent) == 1
    assert not line.papers(Permit()).send(PDF)


def test_a_citizen_is_asked_so_many_times_and_never_without_permission() -> None:
    papers = Line().papers()
    assert [papers.may_ask() for _ in range(m.MOST_PRINTS + 2)] == [True] * m.MOST_PRINTS + [False, False]
    assert not Line().papers(Permit()).may_ask()


@dataclass
class Asker:
    """A citizen who answers later."""

    asked: list[Callable[[], None]] = field(default_factory=list)
    told: int = 0

    @property
    def asks_to_print(self) -> bool:
        return bool(self.asked)

    def ask_to_print(self, then: Callable[[], None], *, file: bool = False) -> None:
        assert not file
        self.asked.append(then)

    def tell_not_printed(self) -> None:
        self.told += 1


def test_an_open_question_stands_for_all_that_is_wished_meanwhile() -> None:
    line, asker = Line(), Asker()
    wishes = Wishes(line.papers(), asker)
    for _ in range(10 * m.MOST_PRINTS):
        assert wishes.wish(lambda made: made(PDF))
    assert len(asker.asked) == 1
    asker.asked.pop()()
    assert together(line.sent) == [PDF]
    for _ in range(m.MOST_PRINTS - 1):
        assert wishes.wish(lambda made: made(PDF))
        asker.asked.clear()
    assert not wishes.wish(lambda made: made(PDF))


def test_a_page_that_could_not_be_made_a_pdf_is_told() -> None:
    asker = Asker()
    Wishes(Line().papers(), asker).wish(lambda made: made(b""))
    asker.asked.pop()()
    assert asker.told == 1


@pytest.mark.parametrize(
    "papers",
    [
        [part(b"PK")],
        [part(b"")],
        [part(PDF + bytes(m.PAPER_PART))],
        [part(number=2)],
        [part(last=True), part(last=True)],
        [m.Paper(session=SessionId("s"), number=1, part="%PDF-1.4", last=False)],
        [part(last=True, number=number) for number in range(1, m.MOST_PRINTS + 2)],
        [part()] + [part(bytes(m.PAPER_PART))] * (m.MOST_PAPER // m.PAPER_PART),
    ],
    ids=["no pdf", "empty", "long", "number", "again", "no base64", "too many", "too much"],
)
def test_the_core_believes_no_capsule(papers: list[m.Paper]) -> None:
    *before, last = papers
    sheaf = Sheaf(PRINTING)
    for paper in before:
        sheaf.add(paper)
    with pytest.raises(BrokenPromiseError):
        sheaf.add(last)


def test_paper_of_a_portal_that_may_not_print_is_not_believed() -> None:
    with pytest.raises(BrokenPromiseError):
        Sheaf(Permit()).add(part())


def test_a_pdf_is_in_no_representation() -> None:
    assert "UERG" not in repr(part())


@pytest.fixture
def ends() -> Iterator[tuple[Channel, socket.socket]]:
    ours, theirs = Channel.pair()
    with theirs:
        yield ours, theirs
    ours.close()


def test_ten_megabytes_pass_over_the_real_channel(ends: tuple[Channel, socket.socket]) -> None:
    ours, theirs = ends
    ear, speaker = Ear(), Channel(theirs)
    capsule = SealedCapsule(
        SESSION, NoContainer(), ours, listener=ear, recipe=None, permit=PRINTING, clock=SystemClock()
    )
    pdf = PDF + bytes(10_000_000)
    papers = Papers(SESSION, PRINTING, lambda paper: speaker.send(m.write_report(paper)))

    def obey() -> None:
        for message in speaker.messages():
            assert m.read_order(message) == m.PaperTaken(session=SESSION)
            papers.taken()

    thread = threading.Thread(target=obey)
    assert papers.send(pdf)
    thread.start()
    assert ear.papers.get(timeout=SOON) == pdf
    capsule.kill()
    thread.join()
    with pytest.raises(queue.Empty):
        ear.heard.get(block=False)


def test_a_capsule_that_sends_paper_although_it_may_not_is_lost(ends: tuple[Channel, socket.socket]) -> None:
    ours, theirs = ends
    ear, container = Ear(), NoContainer()
    SealedCapsule(SESSION, container, ours, listener=ear, recipe=None, clock=SystemClock())
    paper = m.Paper(session=SESSION, number=1, part=base64.b64encode(PDF).decode(), last=True)
    Channel(theirs).send(m.write_report(paper))
    assert ear.heard.get(timeout=SOON) == "lost: the capsule sent paper although its pages may not print"
    assert container.killed
    assert ear.papers.empty()
