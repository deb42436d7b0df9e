"""The port: a printer as the core and the end of a session see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.session.events import SessionId

NOT_PROVEN: Final = "not proven"
"""What a receipt says of print jobs while something of them may be left."""
NONE_POSSIBLE: Final = "none possible"
"""What it says where no page may print, or no printer is named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintOutcome:
    """What became of a session's print jobs."""

    finished: int = 0
    """Handed to the printer whole."""
    cancelled: int = 0
    """They were waiting, or being printed, when the session ended."""
    forgotten: int = 0
    """The print service took them and does not know them any more: it keeps no history, or has crashed."""
    refused: int = 0
    """The print service did not take them."""
    possible: bool = True
    """False where no page may print."""
    proven: bool = True
    """The print service says that it has none of them any more, nor their files."""

    def __str__(self) -> str:
        """Return the receipt's words: ``none``, ``2 finished, 1 cancelled``, ``not proven`` and the like."""
        if not self.possible:
            return NONE_POSSIBLE
        if not self.proven:
            return NOT_PROVEN
        counts = {
            "finished": self.finished,
            "cancelled": self.cancelled,
            "forgotten": self.forgotten,
            "refused": self.refused,
        }
        return ", ".join(f"{count} {word}" for word, count in counts.items() if count) or "none"


class PrintListener(Protocol):
    """Where a printer reports; calls come from any thread and must return at once."""

    def print_answered(self, session: SessionId, *, queued: bool, size: int) -> None:
        """The print service has taken this session's PDF of so many bytes, or has not."""
        ...


class Printer(Protocol):
    """One printer for every session; callable from every thread."""

    def print(self, session: SessionId, pdf: bytes) -> None:
        """Print it; returns at once, answered through the listener, or by `cancel` if that comes first."""
        ...

    def cancel(self, session: SessionId, timeout: float) -> PrintOutcome:
        """End this session's jobs and erase what the print service keeps of them, the finished ones', too.

        Blocks for at most ``timeout`` s, and may be called again after a failure.
        No PDF of this session may come afterwards.
        """
        ...

    def sweep(self, swept: Callable[[], None]) -> None:
        """End and erase all jobs that an earlier run left; returns at once, ``swept`` follows once proven."""
        ...

    def close(self) -> None:
        """Start nothing any more; returns soon."""
        ...


class NoPrinter:
    """The `Printer` of a counter that has none."""

    def print(self, session: SessionId, pdf: bytes) -> None:
        """Nothing comes here: no page may print."""

    def cancel(self, session: SessionId, timeout: float) -> PrintOutcome:  # noqa: ARG002 -- the port's signature
        """See `Printer.cancel`."""
        return PrintOutcome(possible=False)

    def sweep(self, swept: Callable[[], None]) -> None:
        """See `Printer.sweep`."""
        swept()

    def close(self) -> None:
        """See `Printer.close`."""
