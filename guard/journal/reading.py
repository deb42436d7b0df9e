"""Reading the journal for people: what can be read is read, and what cannot is counted.

Nothing here proves anything (`guard.journal.verify` does); whoever shows records says how many were skipped.
Memory stays the same however long the journal is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from guard.errors import MachineError
from guard.journal.record import Record
from guard.journal.segments import UNREADABLE, lines, segments

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from guard.journal.segments import Segment

ALERT_KINDS: Final = ("alert", "acknowledged")
"""The records that an alert's case is made of."""
_ALERT_SIGNS: Final = tuple(f'"kind":"{kind}"'.encode() for kind in ALERT_KINDS)
_YEARS: Final = range(1970, 9999)
_MARGIN: Final = timedelta(days=1)
"""By which a record's day may miss its segment's: a batch is not torn apart at midnight."""


@dataclass(frozen=True, slots=True)
class Span:
    """Whole days at the counter, in this PC's own time zone, from ``first`` through ``last``."""

    first: date
    last: date

    @classmethod
    def day(cls, text: str) -> Span:
        """Return the day ``YYYY-MM-DD``; raises ValueError when it is none."""
        one = date.fromisoformat(text)
        if one.isoformat() != text or one.year not in _YEARS:
            raise ValueError(text)
        return cls(one, one)

    @classmethod
    def month(cls, text: str) -> Span:
        """Return the month ``YYYY-MM``; raises ValueError when it is none."""
        first = cls.day(f"{text}-01").first
        following = (first + timedelta(days=31)).replace(day=1)
        return cls(first, following - timedelta(days=1))

    @property
    def one_day(self) -> bool:
        """It is a single day."""
        return self.first == self.last

    @property
    def days(self) -> list[date]:
        """Return each of its days."""
        return [self.first + timedelta(days=number) for number in range((self.last - self.first).days + 1)]

    def bounds(self) -> tuple[datetime, datetime]:
        """Return the moments it begins and is over, in UTC."""
        return _midnight(self.first), _midnight(self.last + timedelta(days=1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which records; those that are all of it."""

    span: Span | None = None
    kind: str | None = None
    session: str | None = None
    """The beginning of a session's id."""
    alerts: bool = False
    """Only alerts and their acknowledgements."""


EVERYTHING: Final = Wanted()


@dataclass(frozen=True, slots=True)
class Entry:
    """One record that could be read."""

    at: datetime
    """UTC."""
    line: bytes
    """As it is in the file, without its end."""
    record: Record


class Reading:
    """Reads one folder; every number counts for all that was read through this object so far."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.skipped = 0
        """Lines that are no record."""
        self.broken = list[str]()
        """Names of the files that could not be read to their end."""

    def entries(self, wanted: Wanted = EVERYTHING) -> Iterator[Entry]:
        """Yield the wanted records in the journal's order; raises MachineError when there is no folder."""
        bounds = wanted.span.bounds() if wanted.span else None
        for segment in self._segments():
            if bounds and not _near(segment.day, bounds):
                continue
            for line in self._lines(segment):
                entry = self._read(line)
                if entry and _is_wanted(entry, wanted, bounds):
                    yield entry

    def history(self, span: Span) -> Iterator[Entry]:
        """Yield every record of the span, and of all other days what concerns alerts.

        An alert that opened last week is still open today, and is acknowledged tomorrow. Raises like
        `entries`.
        """
        begin, end = bounds = span.bounds()
        for segment in self._segments():
            near = _near(segment.day, bounds)
            for line in self._lines(segment):
                if not near and not any(sign in line for sign in _ALERT_SIGNS):
                    continue
                entry = self._read(line)
                if entry and (begin <= entry.at < end or entry.record.kind in ALERT_KINDS):
                    yield entry

    def last(self, kind: str) -> Entry | None:
        """Return the newest record of this kind, whole days older than it unread; raises like `entries`."""
        sign = f'"kind":"{kind}"'.encode()
        for segment in reversed(self._segments()):
            found = [entry for line in self._lines(segment) if sign in line and (entry := self._read(line))]
            if mine := [entry for entry in found if entry.record.kind == kind]:
                return mine[-1]
        return None

    def _segments(self) -> list[Segment]:
        try:
            return segments(self._folder)
        except OSError as error:
            raise MachineError(
                f"the journal folder {self._folder} cannot be read ({error.strerror}): [journal] directory"
                " must name the folder that the guard writes to, readable for this account."
            ) from error

    def _lines(self, segment: Segment) -> Iterator[bytes]:
        try:
            yield from lines(segment)
        except FileNotFoundError:
            yield from self._moved(segment)  # packed, or past its retention, since the folder was listed
        except (OSError, *UNREADABLE):
            self.broken.append(segment.path.name)

    def _moved(self, segment: Segment) -> Iterator[bytes]:
        now = next((one for one in self._segments() if one.first == segment.first), None)
        if now and now.path != segment.path:
            yield from self._lines(now)

    def _read(self, line: bytes) -> Entry | None:
        try:
            record = Record.read(line)
            at = datetime.fromisoformat(record.at)
            if at.tzinfo is None:
                raise ValueError("a moment without its zone")  # noqa: TRY301 -- damage like any other
            return Entry(at.astimezone(UTC), line, record)
        except (ValueError, OverflowError):
            self.skipped += 1
            return None


def _is_wanted(entry: Entry, wanted: Wanted, bounds: tuple[datetime, datetime] | None) -> bool:
    record = entry.record
    return (
        (bounds is None or bounds[0] <= entry.at < bounds[1])
        and (wanted.kind is None or record.kind == wanted.kind)
        and (wanted.session is None or (record.session or "").startswith(wanted.session))
        and (not wanted.alerts or record.kind in ALERT_KINDS)
    )


def _near(day: date, bounds: tuple[datetime, datetime]) -> bool:
    begin, end = bounds
    return begin.date() - _MARGIN <= day <= end.date() + _MARGIN


def _midnight(day: date) -> datetime:
    local = datetime(day.year, day.month, day.day)  # noqa: DTZ001 -- a day at the counter is a local one
    return local.astimezone(UTC)
