"""Realistic journals, the same each time: sealed lines in the guard's own segments."""

from __future__ import annotations

import ctypes
import os
import random
import sys
import time
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta, timezone
from typing import TYPE_CHECKING

from guard.journal.chain import sealed
from guard.journal.evidence import Evidence
from guard.journal.packing import pack
from guard.journal.record import Record
from guard.journal.segments import segment_path
from guard.journal.standing import FirstKey, Standing
from guard.sheet.command import ReportCommand
from tests.support.clock import TurnedClock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from guard.journal.port import Field

JST = timezone(timedelta(hours=9))
DAY = date(2026, 11, 25)
"""A Wednesday."""
_ENDS = ("card_absent",) * 16 + ("end_requested",) * 5 + ("idle_over",) * 2 + ("staff_end", "hold_over")
FIRST_KEY = bytes(range(32))


def report_command(evidence: Evidence) -> ReportCommand:
    """Return ``guard report`` of this evidence, at a clock that stands still."""
    return ReportCommand(
        evidence=evidence,
        host="pc-3",
        version="0.1.0",
        clock=TurnedClock(),
        environment=os.environ,
    )


class Pages:
    """Writes records at moments that are given in Japanese time; `save` makes the files."""

    def __init__(self, seed: int = 1) -> None:
        self.random = random.Random(seed)  # noqa: S311 -- the same journal each time
        self.records = list[Record]()
        self._booted = datetime(DAY.year, 1, 1, tzinfo=JST)

    def write(self, at: datetime, kind: str, session: str | None = None, **fields: Field) -> None:
        """Append one record; keeps the moments in order."""
        utc = at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        boot_ms = round((at - self._booted) / timedelta(milliseconds=1), 3)
        number = len(self.records) + 1
        self.records.append(
            Record(seq=number, at=utc, boot_ms=boot_ms, session=session, kind=kind, fields=fields)
        )

    def start(self, at: datetime, after: str = "stop") -> None:
        """Start the guard."""
        version = {"version": "0.1.0", "code_hash": "c0de", "policy": "wipe", "policy_hash": "9f2c"}
        self.write(at, "start", after=after, swept=int(after == "crash"), **version)

    def opened(self, at: datetime, cause: str = "card_present") -> str:
        """Begin a session; return its id."""
        session = f"{self.random.getrandbits(128):032x}"
        move: dict[str, Field] = {"before": "READY", "after": "ACTIVE", "cause": cause, "counter": 3}
        self.write(at, "state", session, **move, handled_ms=0.4)
        return session

    def ended(
        self, at: datetime, session: str, cause: str, wipe_ms: float, logout: str = "confirmed"
    ) -> None:
        """End a session and prove it gone at the first try."""
        move: dict[str, Field] = {"before": "ACTIVE", "after": "ENDING", "cause": cause, "counter": 4}
        self.write(at, "state", session, **move, handled_ms=0.5)
        cover = round(self.random.uniform(0.9, 4.0), 3)
        self.write(at + timedelta(milliseconds=cover), "covered", session, cover_ms=cover)
        self.receipt(at + timedelta(milliseconds=wipe_ms), session, wipe_ms, logout=logout)

    def receipt(
        self, at: datetime, session: str, wipe_ms: float, *, logout: str = "confirmed", good: bool = True
    ) -> None:
        """Write what a wipe left, and the state that follows from it."""
        self.write(
            at,
            "receipt",
            session,
            good=good,
            logout=logout,
            processes_left=int(not good),
            storage_left=False,
            clipboard_empty=True,
            print_jobs="none possible",
            downloads="none possible",
            host_names="out of reach",
            logout_ms=round(wipe_ms * 0.4, 3),
            kill_ms=round(wipe_ms * 0.5, 3),
            verify_ms=round(wipe_ms * 0.08, 3),
            clipboard_ms=round(wipe_ms * 0.02, 3),
        )
        after, cause = ("READY", "wipe_proven") if good else ("WIPE_FAILED", "wipe_failed")
        self.write(
            at, "state", session, before="ENDING", after=after, cause=cause, counter=None, handled_ms=0.3
        )

    def sessions(self, day: date, count: int) -> None:
        """Write so many ordinary sessions over the counter's opening hours."""
        begin, pause = moment(day, 8, 40), timedelta(hours=8) / max(count, 1)
        for number in range(count):
            at = begin + pause * number
            session = self.opened(at)
            if self.random.random() < 0.1:
                self.write(
                    at + pause * 0.3, "refused", session, what="request", host="www.google-analytics.com"
                )
            end = at + pause * self.random.uniform(0.3, 0.9)
            cause = self.random.choice(_ENDS)
            if cause == "staff_end":
                self.write(end, "pin", session, verdict="yes", staff="1042", door="pad")
                self.write(end, "staff", session, act="logout", staff="1042", door="pad")
            if cause == "hold_over":
                hold: dict[str, Field] = {"before": "ACTIVE", "after": "HELD", "cause": "cover_requested"}
                self.write(end - timedelta(seconds=5), "state", session, **hold, counter=None, handled_ms=0.3)
            self.ended(end, session, cause, round(self.random.lognormvariate(4.9, 0.55), 1))

    def quiet_day(self, day: date, count: int) -> None:
        """Write a day on which all went well."""
        self.start(moment(day, 8, 15))
        self.sessions(day, count)
        self.write(moment(day, 17, 20), "stop")

    def busy_day(self, day: date, count: int) -> None:
        """Write a day on which every kind of thing happened besides."""
        self.start(moment(day, 8, 15))
        self.sessions(day, count)
        at = moment(day, 16, 45)
        self._alert(at, "reader_lost", count=3, staff="1042", reason="mended", after=timedelta(minutes=4))
        slow = self.opened(at + timedelta(minutes=6))
        end = at + timedelta(minutes=9, seconds=20)
        self.write(end, "alert", slow, alert="logout_not_confirmed", count=1)
        self.ended(end, slow, "card_absent", 1630.4, logout="not_confirmed")
        failed = self.opened(at + timedelta(minutes=12))
        end = at + timedelta(minutes=14)
        move: dict[str, Field] = {"before": "ACTIVE", "after": "ENDING", "cause": "card_changed"}
        self.write(end, "state", failed, **move, counter=9, handled_ms=0.6)
        self.receipt(end + timedelta(seconds=5.1), failed, 5100.0, logout="confirmed", good=False)
        self.write(end + timedelta(seconds=5.1), "alert", failed, alert="wipe_failed", count=1)
        self.receipt(end + timedelta(seconds=6.3), failed, 103.0, logout="not_tried")
        self.write(end + timedelta(minutes=3), "pin", verdict="wrong", staff=None, door="pad")
        self._acknowledge(end + timedelta(minutes=4), "wipe_failed", 1, "2001", "reported")
        self.write(end + timedelta(minutes=5), "pin", verdict="yes", staff="2001", door="pad")
        self.write(end + timedelta(minutes=5), "staff", act="start", staff="2001", door="pad")
        lost = self.opened(end + timedelta(minutes=5), "staff_start")
        self.write(end + timedelta(minutes=7), "torn", bytes=212)
        self.start(end + timedelta(minutes=7), after="crash")
        self.write(end + timedelta(minutes=8), "reader", event="reader_gone", counter=None)
        self.write(end + timedelta(minutes=9), "clock", jump_s=-3.2)
        self.write(end + timedelta(minutes=10), "refused", lost, what="navigation", host="x.example")
        self.write(moment(day, 17, 20), "stop")

    def month(self, first: date, most: int) -> None:
        """Write a month of working days, at most so many sessions each."""
        for number in range(28):
            day = first + timedelta(days=number)
            if day.weekday() < 5:
                (self.busy_day if number % 11 == 3 else self.quiet_day)(day, self.random.randint(0, most))

    def _alert(
        self, at: datetime, kind: str, *, count: int, staff: str, reason: str, after: timedelta
    ) -> None:
        for number in range(count):
            self.write(at + timedelta(seconds=number), "alert", alert=kind, count=number + 1)
        self._acknowledge(at + after, kind, count, staff, reason)

    def _acknowledge(self, at: datetime, kind: str, count: int, staff: str, reason: str) -> None:
        self.write(at, "pin", verdict="yes", staff=staff, door="pad")
        self.write(at, "acknowledged", alert=kind, count=count, staff=staff, reason=reason)

    def save(self, folder: Path, *, packed: bool = False) -> Evidence:
        """Write the segments, one for each UTC day; with ``packed`` all but the last are compressed.

        Returns what they can be proven with.
        """
        days = dict[date, list[Record]]()
        for record in self.records:
            days.setdefault(datetime.fromisoformat(record.at).date(), []).append(record)
        standing = Standing(key=FIRST_KEY)
        for day, records in days.items():
            lines = list[bytes]()
            for record in records:
                lines.append(sealed(record.text(), standing.head, standing.key))
                standing = standing.after(record, lines[-1])
            path = segment_path(folder, day, records[0].seq)
            path.write_bytes(b"".join(line + b"\n" for line in lines))
            if packed and day != max(days):
                pack(path, path.with_name(f"{path.name}.gz"))
                path.unlink()
        return Evidence(folder=folder, standing=standing, first_key=FirstKey(1, FIRST_KEY))


@contextmanager
def japanese_time() -> Iterator[None]:
    """Let this process live in Japan."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = "JST-9"
    _read_zone()
    try:
        yield
    finally:
        os.environ.pop("TZ")
        os.environ |= {} if before is None else {"TZ": before}
        _read_zone()


def _read_zone() -> None:
    if sys.platform == "win32":
        ctypes.CDLL("ucrtbase")._tzset()  # Python does not hand it on there
    else:
        time.tzset()


def moment(day: date, hour: int, minute: int = 0, second: float = 0.0) -> datetime:
    """Return a moment of a day in Japan."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=JST) + timedelta(seconds=second)
