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
import fcntl
import os
import queue
import threading
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Final

from guard.errors import MachineError
from guard.journal.anchor import Anchorer
from guard.journal.chain import sealed
from guard.journal.growing import ChangedError, Growing
from guard.journal.housekeeping import Outdated, outdated, pack_past
from guard.journal.opening import look_back
from guard.journal.port import Ticket
from guard.journal.record import Record

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from pathlib import Path

    from guard.clock import Clock
    from guard.journal.anchor import Anchor
    from guard.journal.opening import Opening
    from guard.journal.port import Field, JournalListener
    from guard.session.events import SessionId

RETRY_SECONDS: Final = 1.0
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
        with contextlib.ExitStack() as undo:
            try:
                undo.callback(os.close, _taken(folder))
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
        self._tidy_up()
        self._anchorer = Anchorer(anchor, listener, opening.standing)
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def record(self, kind: str, session: SessionId | None = None, **fields: Field) -> Ticket:
        """See `guard.journal.port.Journal.record`."""
        at = self._clock.utc().isoformat(timespec="milliseconds").replace("+00:00", "Z")
        boot_ms = round(self._clock.boot() * 1000, 3)
        with self._order:
            ticket = Ticket(next(self._tickets))
            self._queue.put(_Waiting(ticket, at, boot_ms, session, kind, fields))
        return ticket

    @property
    def seq(self) -> int:
        """Number of the last durable record; from any thread."""
        return self._standing.seq

    def close(self) -> None:
        """See `guard.journal.port.Journal.close`; what cannot be written now is lost."""
        self._queue.put(None)
        self._thread.join()
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
        lost = closing = False
        while not closing:
            closing = self._collect(batch, retry=lost)
            try:
                self._write(batch)
            except OSError:
                if not lost:
                    lost = True
                    self._listener.journal_lost()
                continue
            batch.clear()
            if lost:
                lost = False
                self._listener.journal_back()

    def _collect(self, batch: list[_Waiting], *, retry: bool) -> bool:
        """Move what waits into the batch; tell whether the end was among it."""
        try:
            waiting = self._queue.get(timeout=RETRY_SECONDS if retry else None)
            while waiting is not None:
                batch.append(waiting)
                if len(batch) >= _BATCH_MOST:
                    return False
                waiting = self._queue.get_nowait()
        except queue.Empty:
            return False
        return True

    def _write(self, batch: list[_Waiting]) -> None:
        """Seal the batch and append it; raises OSError with nothing of it written."""
        if not batch:
            return
        if self._clock.utc().date() != self._growing.day and not self._growing.empty:
            self._begin_segment()
            self._tidy_up()
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
        self._listener.durable(batch[-1].ticket, standing.seq)
        self._anchorer.keep(standing)
        self._drop(batch[-1].ticket)

    def _append(self, data: bytes) -> None:
        try:
            self._growing.append(data)
        except ChangedError:
            self._begin_segment()
            self._growing.append(data)
            self._own_up("changed_while_open")

    def _begin_segment(self) -> None:
        fresh = Growing.begin(self._folder, self._clock.utc().date(), self._standing.seq + 1)
        self._growing.close()
        self._growing = fresh

    # --- past days

    def _tidy_up(self) -> None:
        """Pack the past days, and say which ones are deleted as soon as the saying is durable."""
        today = self._clock.utc().date()
        with contextlib.suppress(OSError):  # then there is nothing to tidy up, or it waits for the next day
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


def _taken(folder: Path) -> int:
    """Return a descriptor that holds the folder for us; raises MachineError when it is held, and OSError."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise MachineError(
            f"another guard writes its journal into {folder}; give each its own [journal] directory"
        ) from None
    return descriptor


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
