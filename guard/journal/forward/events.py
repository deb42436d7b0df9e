"""Records as events of a log with numbered messages (Windows' Event Log). Pure.

The numbers are what a town hall's monitoring goes by: one that was given once stays, and a new kind gets a
new one. Their texts are in installer/windows/event_messages.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Final

from guard.journal.forward.telling import sentence, values
from guard.journal.severity import Severity, severity
from guard.session.effects import AlertKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guard.journal.record import Record

SOURCE: Final = "MadoguchiGuard"
"""The name under which the events stand, in the Application log."""
OTHER: Final = "other"
IDS: Final[Mapping[str, int]] = {
    OTHER: 1,
    "start": 100,
    "stop": 101,
    "state": 110,
    "covered": 111,
    "receipt": 112,
    "receipt_bad": 113,
    "stale": 114,
    "reader": 120,
    "system": 121,
    "clock": 122,
    "refused": 130,
    "print": 131,
    "pin": 140,
    "pin_refused": 141,
    "staff": 142,
    "acknowledged": 143,
    "torn": 150,
    "damaged": 151,
    "dropped": 152,
    "alert": 200,
    "alert_wipe_failed": 201,
    "alert_reader_lost": 202,
    "alert_cover_late": 203,
    "alert_capsule_lost": 204,
    "alert_curtain_lost": 205,
    "alert_display_lost": 206,
    "alert_clock_jumped": 207,
    "alert_journal_lost": 208,
    "alert_logout_not_confirmed": 209,
    "alert_too_many_wrong_pins": 210,
    "alert_emergency_code_used": 211,
    "alert_staff_book_lost": 212,
    "alert_journal_damaged": 213,
    "alert_anchor_lost": 214,
    "alert_forwarding_behind": 215,
}
"""The number of each kind of event. An alert that this version does not know is ``alert``, all else is
``other``."""
_INSERTION: Final = re.compile(r"%(?=[0-9%])")


class Level(IntEnum):
    """EVENTLOG_ERROR_TYPE and its like (ReportEventW, wType)."""

    ERROR = 1
    WARNING = 2
    INFORMATION = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A record as it stands in the log: ``texts`` are what its message's %1 and %2 become."""

    number: int
    level: Level
    texts: tuple[str, str]


def event(record: Record) -> Event:
    """Return the record as an event: its sentence, then its time and every field, each in one line."""
    fields = "\r\n".join(f"{name}: {text}" for name, text in {"at": record.at, **values(record)}.items())
    return Event(
        number=IDS[kind_of(record)],
        level=_level(severity(record)),
        texts=(_harmless(sentence(record)), _harmless(fields)),
    )


def kind_of(record: Record) -> str:
    """Return the kind of event that a record is, a key of `IDS`."""
    fields = record.fields
    match record.kind:
        case "alert" if fields.get("alert") in set(AlertKind):
            return f"alert_{fields.get('alert')}"
        case "receipt" if fields.get("good") is not True:
            return "receipt_bad"
        case "pin" if fields.get("verdict") != "yes":
            return "pin_refused"
        case kind if kind in IDS and "_" not in kind:
            return kind
    return OTHER


def _level(grave: Severity) -> Level:
    if grave <= Severity.ERROR:
        return Level.ERROR
    return Level.WARNING if grave is Severity.WARNING else Level.INFORMATION


def _harmless(text: str) -> str:
    """Return it without what a viewer would take for a place to insert something (ReportEventW)."""
    return _INSERTION.sub("<U+0025>", text)
