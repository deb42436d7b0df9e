"""How grave a record is, in the words of RFC 5424. Pure."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Final

from guard.session.effects import AlertKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guard.journal.record import Record


class Severity(IntEnum):
    """RFC 5424, table 2; journald's PRIORITY is the same. The lower, the graver."""

    ALERT = 1
    CRITICAL = 2
    ERROR = 3
    WARNING = 4
    NOTICE = 5
    INFO = 6


ALERTS: Final[Mapping[AlertKind, Severity]] = {
    AlertKind.WIPE_FAILED: Severity.ALERT,
    AlertKind.JOURNAL_DAMAGED: Severity.ALERT,
    AlertKind.COVER_LATE: Severity.CRITICAL,
    AlertKind.DISPLAY_LOST: Severity.CRITICAL,
    AlertKind.JOURNAL_LOST: Severity.CRITICAL,
    AlertKind.READER_LOST: Severity.ERROR,
    AlertKind.CURTAIN_LOST: Severity.ERROR,
    AlertKind.STAFF_BOOK_LOST: Severity.ERROR,
    AlertKind.ANCHOR_LOST: Severity.ERROR,
    AlertKind.TOO_MANY_WRONG_PINS: Severity.ERROR,
    AlertKind.CAPSULE_LOST: Severity.WARNING,
    AlertKind.CLOCK_JUMPED: Severity.WARNING,
    AlertKind.EMERGENCY_CODE_USED: Severity.WARNING,
    AlertKind.LOGOUT_NOT_CONFIRMED: Severity.WARNING,
    AlertKind.FORWARDING_BEHIND: Severity.WARNING,
}
"""How grave each kind of alert is."""

_KINDS: Final[Mapping[str, Severity]] = {
    "state": Severity.INFO,
    "covered": Severity.INFO,
    "receipt": Severity.INFO,
    "reader": Severity.INFO,
    "pin": Severity.INFO,
    "clock": Severity.WARNING,
    "torn": Severity.WARNING,
    "damaged": Severity.ALERT,
}
"""All others are notices: normal, but of note."""


def severity(record: Record) -> Severity:
    """Return how grave it is; an alert of a kind that this version does not know counts as an error."""
    fields = record.fields
    match record.kind:
        case "alert":
            kind = str(fields.get("alert"))
            return ALERTS[AlertKind(kind)] if kind in set(AlertKind) else Severity.ERROR
        case "receipt" if fields.get("good") is not True:
            return Severity.CRITICAL
        case "pin" if fields.get("verdict") != "yes":
            return Severity.WARNING
    return _KINDS.get(record.kind, Severity.NOTICE)
