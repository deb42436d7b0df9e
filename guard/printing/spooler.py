"""What Windows' print spooler keeps of a session: jobs of this account, deleted until none is left.

Pages do not print on Windows yet (see docs/windows-checklist.md), so a job of the guard's account is one that
should not be there. Nobody else prints as this account: whatever it has in a queue goes.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from guard.printing.port import PrintOutcome

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from guard.clock import Clock
    from guard.session.events import SessionId

SWEEP_WITHIN: Final = 40.0
"""s for one try to prove that nothing of an earlier run is left."""
SWEEP_PAUSE: Final = 2.0
"""s between two tries."""
_GLANCE: Final = 0.02
"""s between two looks at the queues."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """One job in one queue."""

    printer: str
    number: int


class Spooler(Protocol):
    """The queues of this PC; every method raises OSError when the spooler does not answer."""

    def jobs(self) -> Sequence[Job]:
        """Return the jobs of this account in every queue; none where this PC does not print at all."""
        ...

    def delete(self, job: Job) -> None:
        """Have it end and be forgotten; one that has gone by itself is no error."""
        ...


class SpoolerPrinter:
    """Implements `guard.printing.port.Printer`; callable from every thread.

    The spooler is asked on threads of their own: a queue on a server that is away answers after minutes.
    """

    def __init__(self, spooler: Spooler, clock: Clock) -> None:
        self._spooler = spooler
        self._clock = clock
        self._closing = threading.Event()
        self._asking = threading.Lock()
        """One at a time: they would wait for the same server."""

    def print(self, session: SessionId, pdf: bytes) -> None:
        """Nothing comes here: no page may print."""

    def cancel(self, session: SessionId, timeout: float) -> PrintOutcome:  # noqa: ARG002 -- every job of the account goes
        """See `Printer.cancel`."""
        end, ended = self._clock.monotonic() + timeout, Future[int | None]()

        def erase() -> None:
            if not self._asking.acquire(timeout=max(0.0, end - self._clock.monotonic())):
                return
            try:
                ended.set_result(self._erase(end))
            except OSError:
                _log.warning("the print spooler does not answer, so what is in its queues is not known")
                ended.set_result(None)
            finally:
                self._asking.release()

        threading.Thread(target=erase, name="print jobs", daemon=True).start()
        try:
            count = ended.result(timeout)
        except TimeoutError:
            count = None
        return (
            PrintOutcome(proven=False) if count is None else PrintOutcome(possible=count > 0, cancelled=count)
        )

    def sweep(self, swept: Callable[[], None]) -> None:
        """See `Printer.sweep`."""
        threading.Thread(target=self._sweep, args=(swept,), name="print sweep", daemon=True).start()

    def close(self) -> None:
        """See `Printer.close`."""
        self._closing.set()

    def _sweep(self, swept: Callable[[], None]) -> None:
        while not self._closing.is_set():
            with contextlib.suppress(OSError):
                with self._asking:
                    ended = self._erase(self._clock.monotonic() + SWEEP_WITHIN)
                if ended is not None:
                    swept()
                    return
            self._closing.wait(SWEEP_PAUSE)

    def _erase(self, end: float) -> int | None:
        """Return how many jobs were deleted, None when some are left then (monotonic s); raises OSError."""
        seen = set[Job]()
        while jobs := self._spooler.jobs():
            for job in jobs:
                seen.add(job)
                self._spooler.delete(job)
            if self._clock.monotonic() >= end:
                return None
            self._closing.wait(_GLANCE)
        return len(seen)
