"""Alerts: what staff must look at. They stay open; a later success never closes one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from guard.clock import Clock
    from guard.journal.port import Journal
    from guard.session.effects import AlertKind
    from guard.session.events import SessionId, StaffId


class Reason(StrEnum):
    """What a member of staff did about an alert."""

    CHECKED = "checked"
    """Looked, and all is well."""
    MENDED = "mended"
    """Found the cause and put it right."""
    REPORTED = "reported"
    """Told the IT section."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAlert:
    """One kind of trouble; repeated ones add up instead of flooding."""

    kind: AlertKind
    count: int
    first: datetime
    last: datetime


class Alerts:
    """The open alerts of this run, each journalled as it opens or repeats."""

    def __init__(self, journal: Journal, clock: Clock) -> None:
        self._journal = journal
        self._clock = clock
        self._open: dict[AlertKind, OpenAlert] = {}

    def raise_alert(self, kind: AlertKind, session: SessionId | None) -> None:
        """Open an alert of this kind, or add one to the open one."""
        now = self._clock.utc()
        known = self._open.get(kind)
        alert = (
            replace(known, count=known.count + 1, last=now)
            if known
            else OpenAlert(kind=kind, count=1, first=now, last=now)
        )
        self._open[kind] = alert
        self._journal.record("alert", session, alert=kind.value, count=alert.count)

    def acknowledge(self, kind: AlertKind, staff: StaffId, reason: Reason) -> None:
        """Close the alert of this kind, in a named person's name; nothing happens when none is open."""
        known = self._open.pop(kind, None)
        if known:
            self._journal.record(
                "acknowledged",
                alert=kind.value,
                count=known.count,
                staff=staff,
                reason=reason.value,
            )

    def open(self) -> tuple[OpenAlert, ...]:
        """Return the open alerts, oldest first."""
        return tuple(self._open.values())
