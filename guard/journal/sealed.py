"""The journal: every record sealed, on the disk before anybody is told so, its end kept in the keyring.

Two threads. The *writer* takes what waits as one batch: sealed, written with one call, synced; then the
listener is told, and the batch's end goes to the *anchorer*, which keeps the newest one in the keyring. So
the files may be ahead of the keyring by what a crash cut off there (`guard.journal.tail` goes on from it),
and are never behind it unless somebody took something away.

When writing fails the records wait in memory, the listener is told once, and writing is tried again every
second. Files that are not as they were left stay as they are: the journal goes on in a new segment that says
so, and the proof will tell where.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from typing import TYPE_CHECKING, Final

from guard.clock import stamp
from guard.errors import MachineError
from guard.ground import FileLock, flush_folder
from guard.journal.anchor import Anchorer
from guard.journal.chain import sealed
from guard.journal.growing import ChangedError, Growing
from guard.journal.housekeeping import Outdated, outdated, pack_past
from guard.journal.opening import look_back
from guard.journal.port import Ticket
from guard.journal.record import Record

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from guard.clock import Clock
    from guard.journal.anchor import Anchor
    from guard.journal.opening import Opening
    from guard.journal.port import Field, JournalListener
    from guard.session.events import SessionId

_log = logging.getLogger(__name__)

RETRY_SECONDS: Final = 1.0
CLOSE_SECONDS: Final = 5.0
"""For which the end of the guard waits for the disk."""
LEAP_MOST: Final = timedelta(days=31)
"""From one segment's day to the next: after a longer pause, or a clock set far ahead, nothing is deleted."""
_BATCH_MOST: Final = 1000
"""Records that are written with one call."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A record that has no number yet."""

    ticket: Ticket
    at: str
    boot_ms: float
    session: SessionId | None
    kind: str
    fields: Mapping[str, Field]


class SealedJournal:
    """Implements `guard.journal.port.Journal` in one folder, which is this process's alone meanwhile."""

    def __init__(
        self, folder: Path, anchor: Anchor, clock: Clock, listener: JournalListener, retention_days: int
    ) -> None:
        """Find out where the journal stands; raises MachineError when folder or keyring cannot be used."""
        self._folder = folder
        self._clock = clock
        self._listener = listener
        self._retention_days = retention_days
        self._tickets = count(1)
        self._order = threading.Lock()
        self._queue: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._packer = threading.Thread()
        self._dropping = dict[Ticket, Outdated]()
        self._newest = Ticket(0)
        self._waits_since: float | None = None
        self._closing = threading.Event()
        with contextlib.ExitStack() as undo:
            try:
                undo.callback(_taken(folder).close)
                opening = look_back(folder, anchor)
                self._growing = _growing(folder, opening, clock.utc().date())
            except OSError as error:
                raise MachineError(
                    f"the journal folder {folder} cannot be used ({error.strerror or error}): "
                    "[journal] directory must name a folder that the guard's account can read and write"
                ) from error
            self._undo = undo.pop_all()
        self.found = self._standing = opening.standing
        """Where the journal stood when it was opened."""
        if opening.torn:
            self.record("torn", bytes=opening.torn)
        if opening.damage:
            self._own_up(opening.damage)
        self._tidy_up(after=opening.segment.day if opening.segment and self._growing.empty else None)
        self._anchorer = Anchorer(anchor, listener, opening.standing)
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def record(self, kind: str, session: SessionId | None = None, **fields: Field) -> Ticket:
        """See `guard.journal.port.Journal.record`."""
        at = stamp(self._clock.utc())
        boot_ms = round(self._clock.boot() * 1000, 3)
        with self._order:
            ticket = Ticket(next(self._tickets))
            if self._waits_since is None:
                self._waits_since = self._clock.monotonic()
            self._newest = ticket
            self._queue.put(_Waiting(ticket, at, boot_ms, session, kind, fields))
        return ticket

    def waits_since(self) -> float | None:
        """See `guard.journal.port.Journal.waits_since`."""
        return self._waits_since

    @property
    def seq(self) -> int:
        """Number of the last durable record; from any thread."""
        return self._standing.seq

    def close(self) -> None:
        """See `guard.journal.port.Journal.close`; what cannot be written now is lost."""
        self._closing.set()
        self._queue.put(None)
        self._thread.join(CLOSE_SECONDS)
        if self._thread.is_alive():  # the disk hangs: whatever happens to it, the guard can end
            return
        self._anchorer.close()
        if self._packer.is_alive():
            self._packer.join()
        self._growing.close()
        self._undo.close()

    def _own_up(self, damage: str) -> None:
        self.record("damaged", what=damage)
        self._listener.journal_damaged()

    # --- the writer's thread

    def _run(self) -> None:
        batch: list[_Waiting] = []
        lost = False
        while True:
            ended = self._collect(batch, patient=not lost)
            try:
                self._write(batch)
            except Exception as error:  # noqa: BLE001 -- whatever stops the journal must close the counter
                if not lost:
                    lost = True
                    _log.error("the journal cannot be written: %s", error)
                    self._listener.journal_lost()
                if ended or self._closing.wait(RETRY_SECONDS):
                    return
                continue
            batch.clear()
            if lost:
                lost = False
                self._listener.journal_back()
            if ended:
                return

    def _collect(self, batch: list[_Waiting], *, patient: bool) -> bool:
        """Move what waits into the batch; tell whether the end was among it."""
        with contextlib.suppress(queue.Empty):
            while len(batch) < _BATCH_MOST:
                waiting = self._queue.get(block=patient and not batch)
                if waiting is None:
                    return True
                batch.append(waiting)
        return False

    def _write(self, batch: list[_Waiting]) -> None:
        """Seal the batch and append it; raises OSError with nothing of it written."""
        if not batch:
            return
        day, before = date.fromisoformat(batch[-1].at[:10]), self._growing.day
        if day != before and not self._growing.empty:
            self._begin_segment(day)
            self._tidy_up(after=before)
        standing, lines = self._standing, list[bytes]()
        for one in batch:
            record = Record(
                seq=standing.seq + 1,
                at=one.at,
                boot_ms=one.boot_ms,
                session=one.session,
                kind=one.kind,
                fields=one.fields,
            )
            lines.append(sealed(record.text(), standing.head, standing.key))
            standing = standing.after(record, lines[-1])
        self._append(b"\n".join((*lines, b"")))
        self._standing = standing
        with self._order:
            done = self._newest == batch[-1].ticket
            self._waits_since = None if done else self._clock.monotonic()
        self._listener.durable(batch[-1].ticket, standing.seq)
        self._anchorer.keep(standing)
        self._drop(batch[-1].ticket)

    def _append(self, data: bytes) -> None:
        try:
            self._growing.append(data)
        except ChangedError:
            self._begin_segment(self._growing.day)
            self._growing.append(data)
            self._own_up("changed_while_open")

    def _begin_segment(self, day: date) -> None:
        fresh = Growing.begin(self._folder, day, self._standing.seq + 1)
        self._growing.close()
        self._growing = fresh

    # --- past days

    def _tidy_up(self, after: date | None) -> None:
        """Pack the past days; on a new day ``after`` another, say which are deleted once this is durable."""
        today = self._clock.utc().date()
        with contextlib.suppress(OSError):  # then there is nothing to tidy up, or it waits for the next day
            if after and timedelta(0) < today - after <= LEAP_MOST:
                for one in outdated(self._folder, today, self._retention_days):
                    self._dropping[self.record("dropped", through=one.through, head=one.head)] = one
            kept = max((one.through for one in self._dropping.values()), default=0)
            if not self._packer.is_alive():
                work = (self._folder, range(kept + 1, self._growing.first))
                self._packer = threading.Thread(target=pack_past, args=work, name="packer", daemon=True)
                self._packer.start()

    def _drop(self, durable: Ticket) -> None:
        for ticket in [ticket for ticket in self._dropping if ticket <= durable]:
            with contextlib.suppress(OSError):  # what stays is said to be gone, which does no harm
                for path in self._dropping.pop(ticket).paths:
                    path.unlink()


def _taken(folder: Path) -> FileLock:
    """Hold the folder for us; raises MachineError when another holds it, and OSError."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    flush_folder(folder.parent)
    try:
        return FileLock.take_folder(folder)
    except BlockingIOError:
        raise MachineError(
            f"another guard writes its journal into {folder}; give each its own [journal] directory"
        ) from None


def _growing(folder: Path, opening: Opening, today: date) -> Growing:
    """Go on with the last segment if it is of today, or begin one, also in the place of one that is empty."""
    last = opening.segment
    if last and opening.size:
        going_on = Growing.go_on(last, opening.size)
        if today == last.day:
            return going_on
        going_on.close()
    elif last:
        last.path.unlink()
    return Growing.begin(folder, today, opening.standing.seq + 1)
