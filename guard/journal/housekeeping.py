"""Past days: packed once they are over, deleted once their time is."""

from __future__ import annotations

import logging
import zlib
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Final

from guard.disk import flush_folder
from guard.journal.chain import prev
from guard.journal.packing import pack
from guard.journal.segments import files, lines, segments

if TYPE_CHECKING:
    from datetime import date
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
    """Return the segments that may be deleted today: every record in them is at least so many days old.

    Oldest first, and never the newest one. Raises OSError when the folder cannot be read.
    """
    listed, oldest = segments(folder), today - timedelta(days=retention_days)
    found = list[Outdated]()
    for number, (one, following) in enumerate(islice(pairwise(listed), DROPPED_AT_ONCE), start=1):
        # A day that has not come yet was named by a clock set wrong; the segments around it tell its age.
        known = [later.day for later in listed[number:] if later.day <= today]
        over = known and known[0] <= oldest and (one.day <= oldest or one.day > today)
        top = _prev_of(following) if over else None
        if top is None:
            break
        paths = tuple(file.path for file in files(folder) if file.first == one.first)
        found.append(Outdated(paths=paths, through=following.first - 1, head=top))
    return tuple(found)


def pack_past(folder: Path, firsts: range) -> None:
    """Pack every segment that begins with one of these records; logs what it cannot do.

    A packed segment takes the plain one's place; killed in between, both are there, and the next run ends it.
    """
    try:
        for segment in segments(folder):
            if segment.first in firsts and not segment.packed:
                pack(segment.path, segment.path.with_name(f"{segment.path.name}.gz"))
                segment.path.unlink()
                flush_folder(folder)
    except OSError as error:
        _log.warning("a past day's segment stays unpacked: %s", error.strerror)


def _prev_of(segment: Segment) -> str | None:
    """Return what its first line says about the one before it; None when that cannot be read."""
    try:
        return next((prev(line) for line in lines(segment)), None)
    except (OSError, EOFError, zlib.error):
        return None
