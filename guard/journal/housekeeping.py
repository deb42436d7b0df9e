"""Past days: packed once they are over, deleted once their time is."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Final

from guard.ground import flush_folder
from guard.journal.chain import head, prev
from guard.journal.packing import BrokenPackError, pack, unpacked
from guard.journal.record import Record
from guard.journal.segments import UNREADABLE, files, lines, segments

if TYPE_CHECKING:
    from pathlib import Path

    from guard.journal.segments import Segment

DROPPED_AT_ONCE: Final = 2
"""Segments that are deleted when a new one begins: a clock set far ahead must not cost all evidence."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outdated:
    """A segment whose time is over, and the last record in it."""

    paths: tuple[Path, ...]
    through: int
    head: str


def outdated(folder: Path, today: date, retention_days: int) -> tuple[Outdated, ...]:
    """Return the segments that may be deleted today: every record in them is older than so many days.

    Oldest first, at most `DROPPED_AT_ONCE`, and never the newest one. A file's name may say that its time is
    not over; that it is, its records must say themselves, and the next segment must go on from them. Raises
    OSError.
    """
    listed, oldest = segments(folder), today - timedelta(days=retention_days)
    found = list[Outdated]()
    for one, following in islice(pairwise(listed), DROPPED_AT_ONCE):
        if oldest <= one.day <= today:
            break
        this = _look(one, today)
        after = _look(following, today) if this else None
        if this is None or after is None or this.head != after.follows:
            break
        newest = this.newest or after.newest  # days that have not come yet tell nothing of a segment's age
        if newest is None or newest >= oldest:
            break
        paths = tuple(file.path for file in files(folder) if (file.first, file.day) == (one.first, one.day))
        found.append(Outdated(paths=paths, through=following.first - 1, head=this.head))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Look:
    """What a segment follows, the hash of its last line, and the newest day in it that has come."""

    follows: str
    head: str
    newest: date | None


def _look(segment: Segment, today: date) -> _Look | None:
    """Return what its lines say; None when it is empty or damaged."""
    follows, line, days = "", b"", set[date]()
    try:
        for line in lines(segment):
            follows = follows or prev(line) or ""
            days.add(datetime.fromisoformat(Record.read(line).at).date())
    except (OSError, ValueError, *UNREADABLE):
        return None
    return (
        _Look(follows, head(line), max((day for day in days if day <= today), default=None)) if line else None
    )


def pack_past(folder: Path, firsts: range) -> None:
    """Pack every segment that begins with one of these records; logs what it cannot do.

    A packed segment takes the plain one's place; killed in between, both are there, and the next run ends it.
    A packed one with another content is evidence: then both stay.
    """
    try:
        for segment in segments(folder):
            if segment.first not in firsts or segment.packed:
                continue
            packed = segment.path.with_name(f"{segment.path.name}.gz")
            if not packed.exists():
                pack(segment.path, packed)
            if _same(segment.path, packed):
                segment.path.unlink()
                flush_folder(folder)
    except OSError as error:
        _log.warning("a past day's segment stays unpacked: %s", error.strerror)


def _same(plain: Path, packed: Path) -> bool:
    """Tell whether the packed file holds the plain one, and nothing else."""
    with plain.open("rb") as one, packed.open("rb") as other:
        try:
            return all(block == one.read(len(block)) for block in unpacked(other)) and not one.read(1)
        except BrokenPackError:
            return False
