"""What citizens print: which PDF may still reach the printer, and whether somebody must be reminded of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from guard.inbox import PaperCame, PrintAnswered
from guard.session.table import State

if TYPE_CHECKING:
    from guard.inbox import PrintLetter
    from guard.journal.port import Journal
    from guard.printing.port import Printer
    from guard.session.events import SessionId
    from guard.session.table import Session

_REMINDING: Final = (State.ENDING, State.TAKE_CARD, State.READY)
"""While the next citizen has not begun."""


class Capsules(Protocol):
    """Where citizens are told; `guard.browser.pool`."""

    def not_printed(self, session: SessionId) -> None:
        """Have this session's citizen told that a PDF was not printed; never blocks."""
        ...


class Prints:
    """On the core's thread only, so that no PDF slips past the end of its session."""

    def __init__(self, printer: Printer, capsules: Capsules, journal: Journal) -> None:
        self._printer = printer
        self._capsules = capsules
        self._journal = journal
        self._printed: SessionId | None = None

    def open(self, letter: PrintLetter, session: Session) -> None:
        """Print what a citizen at work wants printed, and hear what became of it."""
        match letter:
            case PaperCame(session=whose, pdf=pdf):
                if whose == session.current and session.state is State.ACTIVE:
                    self._printer.print(whose, pdf)
                else:
                    self._journal.record("print", whose, outcome="late", bytes=len(pdf))
                    if whose == session.current and session.state is State.HELD:
                        self._capsules.not_printed(whose)  # seen if staff resume it
            case PrintAnswered(session=whose, queued=queued, size=size):
                outcome = "queued" if queued else "refused"
                self._journal.record("print", whose, outcome=outcome, bytes=size)
                if whose == session.current:
                    self._printed = whose if queued else self._printed
                    if not queued:
                        self._capsules.not_printed(whose)

    def began(self, session: SessionId) -> None:
        """This session begins, or goes on."""
        if session != self._printed:
            self._printed = None

    def reminds(self, state: State) -> bool:
        """Tell whether this state's screen must say that there are printouts to take."""
        return self._printed is not None and state in _REMINDING
