"""PDFs on their way from a capsule to the core, in parts: both ends, for every kind of browser. Pure.

A capsule has no way to a printer. What its citizen wants printed becomes a PDF inside, and travels over the
channel that everything travels over. One part is under way at a time: the channel counts a peer that reads
too slowly as dead, and a PDF is larger than what the socket between them holds.
"""

from __future__ import annotations

import base64
import binascii
from collections import deque
from typing import TYPE_CHECKING, Final, Protocol

from guard.browser.messages import MOST_PAPER, MOST_PRINTS, PAPER_PART, Paper
from guard.errors import BrokenPromiseError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from guard.browser.site import Permit
    from guard.session.events import SessionId

_PDF: Final = b"%PDF-"


class Papers:
    """The capsule's end; on one thread only. ``report`` sends a report to the core."""

    def __init__(self, session: SessionId, permit: Permit, report: Callable[[Paper], None]) -> None:
        self._session = session
        self._permit = permit
        self._report = report
        self._questions = 0
        self._bytes = 0
        self._number = 0
        self._waiting = deque[bytes]()
        self._parts: Iterator[Paper] = iter(())
        self._under_way = False

    def may_ask(self) -> bool:
        """Tell whether the citizen may be asked, once more, whether to print; counts it."""
        self._questions += self._permit.printing
        return self._permit.printing and self._questions <= MOST_PRINTS

    def send(self, pdf: bytes) -> bool:
        """Send it when its turn comes; tell False, and send nothing, if it is no PDF or too much."""
        total = self._bytes + len(pdf)
        if not is_pdf(pdf) or not self._permit.printing or total > MOST_PAPER:
            return False
        self._bytes = total
        self._waiting.append(pdf)
        if not self._under_way:
            self._send_next()
        return True

    def taken(self) -> None:
        """The core has read the last part."""
        self._send_next()

    def _send_next(self) -> None:
        paper = next(self._parts, None)
        if paper is None and self._waiting:
            self._number += 1
            self._parts = _parts(self._session, self._number, self._waiting.popleft())
            paper = next(self._parts)
        self._under_way = paper is not None
        if paper:
            self._report(paper)


class Asker(Protocol):
    """Whom the citizen answers; `guard.browser.overlay`."""

    @property
    def asks_to_print(self) -> bool:
        """A question whether to print waits or is open."""
        ...

    def ask_to_print(self, then: Callable[[], None], *, file: bool = False) -> None:
        """Ask whether to print this page, or this file, and on a yes do ``then``; returns at once."""
        ...

    def tell_not_printed(self) -> None:
        """Say that something was not printed; returns at once."""
        ...


class Wishes:
    """What pages want printed, each with one question to the citizen; on the overlay's thread only."""

    def __init__(self, papers: Papers, asker: Asker) -> None:
        self._papers = papers
        self._asker = asker

    def wish(self, make: Callable[[Callable[[bytes], None]], None], *, file: bool = False) -> bool:
        """Ask whether to print; on a yes, ``make`` makes the PDF and hands it (or ``b""``) to its argument.

        While a question is open, it stands for every further wish. Returns False where none may be asked.
        """
        if self._asker.asks_to_print:
            return True
        if not self._papers.may_ask():
            return False
        self._asker.ask_to_print(lambda: make(self._made), file=file)
        return True

    def _made(self, pdf: bytes) -> None:
        if not self._papers.send(pdf):
            self._asker.tell_not_printed()


class Sheaf:
    """The core's end: puts the parts together again, and believes none of them."""

    def __init__(self, permit: Permit) -> None:
        self._permit = permit
        self._number = 1
        self._bytes = 0
        self._pdf = bytearray()

    def add(self, paper: Paper) -> bytes | None:
        """Return the PDF if this was its last part; raises BrokenPromiseError for what may not come."""
        if not self._permit.printing:
            raise BrokenPromiseError("the capsule sent paper although its pages may not print")
        part = _decoded(paper.part)
        self._bytes += len(part)
        if paper.number != self._number or paper.number > MOST_PRINTS or self._bytes > MOST_PAPER:
            raise BrokenPromiseError("the capsule sent more paper than it may")
        self._pdf += part
        if not is_pdf(self._pdf):
            raise BrokenPromiseError("the capsule sent paper that is no PDF")
        if not paper.last:
            return None
        whole = bytes(self._pdf)
        self._pdf.clear()
        self._number += 1
        return whole


def holds_pdf(file: Path) -> bool:
    """Tell whether this file is a PDF that can be sent."""
    with file.open("rb") as content:
        return is_pdf(content.read(len(_PDF))) and file.stat().st_size <= MOST_PAPER


def is_pdf(content: bytes | bytearray) -> bool:
    """Tell whether it begins as a PDF does."""
    return content.startswith(_PDF)


def _parts(session: SessionId, number: int, pdf: bytes) -> Iterator[Paper]:
    for start in range(0, len(pdf), PAPER_PART):
        end = start + PAPER_PART
        part = base64.b64encode(pdf[start:end]).decode()
        yield Paper(session=session, number=number, part=part, last=end >= len(pdf))


def _decoded(part: str) -> bytes:
    try:
        decoded = base64.b64decode(part, validate=True)
    except (binascii.Error, ValueError):
        decoded = b""
    if not 0 < len(decoded) <= PAPER_PART:
        raise BrokenPromiseError("the capsule sent paper that cannot be read")
    return decoded
