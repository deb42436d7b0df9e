"""Carries records from the journal to one target, in order, for as long as the process lives."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

from guard.errors import GuardError, MachineError
from guard.journal.forward.messages import Health, Report
from guard.journal.forward.port import TargetMissingError

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.journal.forward.cursor import Cursor, Position
    from guard.journal.forward.messages import Timing
    from guard.journal.forward.port import Target
    from guard.journal.forward.spool import Spool

_log = logging.getLogger(__name__)


class Courier:
    """Its position moves only over records that the target confirmed; after a failure they are sent again.

    After a failure it tries with a single record, so that a server which takes records and never confirms
    them is not flooded with duplicates. `report` is called after each try.
    """

    def __init__(
        self,
        target: Target,
        spool: Spool,
        cursor: Cursor,
        report: Callable[[Report], None],
        timing: Timing,
    ) -> None:
        self._target = target
        self._spool = spool
        self._cursor = cursor
        self._report = report
        self._timing = timing
        self._changed = threading.Condition()
        self._through = 0
        self._seq: int | None = None
        """Of the last record that was confirmed."""
        self._well = True

    def durable(self, through: int) -> None:
        """Let it take records through this number; from any thread."""
        with self._changed:
            self._through = through
            self._changed.notify_all()

    def settle(self, seconds: float) -> None:
        """Return when the target has all records, is in trouble, or after so long (s); from any thread."""
        with self._changed:
            self._changed.wait_for(lambda: not self._well or (self._seq or 0) >= self._through, seconds)

    def run(self) -> None:
        """Carry; does not return."""
        pause = self._timing.first_pause
        while True:
            through = self._news()
            try:
                self._carry(through, self._target.pace.records if self._well else 1)
            except Exception as error:  # noqa: BLE001 -- a target in trouble is reported and tried again
                self._spool.close()
                self._become(well=False)
                self._complain(error)
                time.sleep(pause)
                pause = min(pause * 2, self._timing.longest_pause)
            else:
                self._become(well=True)
                pause = self._timing.first_pause

    def _news(self) -> int:
        """Wait until there is something to do; return the number of the last durable record."""
        with self._changed:
            self._changed.wait_for(lambda: self._through > (self._seq or 0))
            return self._through

    def _carry(self, through: int, most: int) -> None:
        """Carry at most so many records, or find out that there is nothing to carry yet."""
        if self._seq is None:
            self._arrive(self._spool.beginning(self._cursor.read(), newest=not self._target.wants_history))
        seq = self._seq or 0
        if seq >= through:
            self._tell(Health.FINE, None)
            return
        batch = self._spool.batch(seq, through, most)
        if not batch:
            raise MachineError(f"records {seq + 1} to {through} are not in the journal's folder")
        taken = self._target.send([one.record for one in batch])
        position = batch[taken - 1].position
        trouble = self._kept(position)
        self._arrive(position.seq)
        self._tell(Health.TROUBLE if trouble else Health.FINE, trouble)
        if taken == self._target.pace.records:
            time.sleep(self._target.pace.rest)

    def _kept(self, position: Position) -> str | None:
        """Keep the position; where that fails, return why and go on from memory."""
        try:
            self._cursor.write(position)
        except MachineError as error:
            return error.sentence
        return None

    def _arrive(self, seq: int) -> None:
        with self._changed:
            self._seq = seq
            self._changed.notify_all()

    def _become(self, *, well: bool) -> None:
        with self._changed:
            self._well = well
            self._changed.notify_all()

    def _complain(self, error: Exception) -> None:
        if isinstance(error, TargetMissingError):
            self._tell(Health.MISSING, error.sentence)
        elif isinstance(error, GuardError):
            self._tell(Health.TROUBLE, error.sentence)
        else:
            _log.error("forwarding to %s failed", self._target.name, exc_info=error)
            self._tell(Health.TROUBLE, f"forwarding failed ({type(error).__name__}); please report it")

    def _tell(self, health: Health, sentence: str | None) -> None:
        self._report(Report(target=self._target.name, position=self._seq, health=health, sentence=sentence))
