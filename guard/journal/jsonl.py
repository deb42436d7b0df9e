"""The journal as JSON Lines, one file a day (UTC), written by a thread of its own.

A record is durable (fsync) before the next batch is taken. When writing fails the records wait in memory, the
``lost`` callback is called once, and writing is tried again every second; ``back`` follows the first success.
"""

from __future__ import annotations

import json
import os
import queue
import threading
from typing import TYPE_CHECKING

from guard.errors import MachineError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from guard.clock import Clock
    from guard.journal.port import Field
    from guard.session.events import SessionId

RETRY_SECONDS = 1.0
_PATTERN = "journal-*.jsonl"


class JsonLinesJournal:
    """Appends to ``journal-YYYY-MM-DD.jsonl`` in one folder; implements `guard.journal.port.Journal`.

    ``last_state`` is the state in which the earlier run's records end; empty when there are none.
    """

    def __init__(
        self, folder: Path, clock: Clock, lost: Callable[[], None], back: Callable[[], None]
    ) -> None:
        """Open the folder; raises MachineError when records can not be written or read there."""
        self._folder = folder
        self._clock = clock
        self._lost = lost
        self._back = back
        self._waiting: queue.SimpleQueue[dict[str, Field] | None] = queue.SimpleQueue()
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._seq, self.last_state = self._look_back()
            self._write([], after_crash=True)
        except (OSError, ValueError) as error:
            raise MachineError(
                f"the journal folder {folder} cannot be used ({error}): "
                "[journal] directory must name a folder that the guard's account can read and write"
            ) from error
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def record(self, kind: str, session: SessionId | None = None, **fields: Field) -> None:
        """See `guard.journal.port.Journal.record`."""
        now = self._clock.utc().isoformat(timespec="milliseconds").replace("+00:00", "Z")
        head: dict[str, Field] = {
            "at": now,
            "boot_ms": round(self._clock.boot() * 1000, 3),
            "session": session,
            "kind": kind,
        }
        self._waiting.put({**head, **fields})

    def close(self) -> None:
        """See `guard.journal.port.Journal.close`."""
        self._waiting.put(None)
        self._thread.join()

    def _run(self) -> None:
        failed = False
        batch: list[dict[str, Field]] = []
        closing = False
        while not closing:
            closing = self._collect(batch, retry=failed)
            try:
                self._write(batch)
            except OSError:
                if not failed:
                    failed = True
                    self._lost()
                continue
            batch.clear()
            if failed:
                failed = False
                self._back()

    def _collect(self, batch: list[dict[str, Field]], *, retry: bool) -> bool:
        """Move what waits into the batch; tell whether the end was among it."""
        try:
            record = self._waiting.get(timeout=RETRY_SECONDS if retry else None)
        except queue.Empty:
            return False
        while record is not None:
            batch.append({"seq": self._seq + 1, **record})
            self._seq += 1
            try:
                record = self._waiting.get_nowait()
            except queue.Empty:
                return False
        return True

    def _write(self, batch: list[dict[str, Field]], *, after_crash: bool = False) -> None:
        path = self._folder / f"journal-{self._clock.utc():%Y-%m-%d}.jsonl"
        lines = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in batch).encode()
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            size = os.fstat(descriptor).st_size
            if after_crash and size and not path.read_bytes().endswith(b"\n"):
                lines = b"\n" + lines  # what comes next must not continue the torn line
            if os.write(descriptor, lines) != len(lines):
                os.ftruncate(descriptor, size)
                raise OSError(f"{path} took only a part of a record")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _look_back(self) -> tuple[int, str]:
        """Return the number of the last whole record of an earlier run, and the state that run ended in."""
        seq = 0
        for path in sorted(self._folder.glob(_PATTERN), reverse=True):
            for line in reversed(path.read_bytes().splitlines()):
                try:
                    record = json.loads(line)
                    seq = seq or int(record["seq"])
                    if record["kind"] == "state":
                        return seq, str(record["after"])
                except (ValueError, KeyError, TypeError):
                    continue  # a line torn by a crash
        return seq, ""
