"""Alerts: what staff must look at. They stay open; a later success never closes one."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING

from guard.journal.standing import OpenAlert

if TYPE_CHECKING:
    from collections.abc import Iterable

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


class Alerts:
    """The open alerts, each journalled as it opens or repeats."""

    def __init__(self, journal: Journal, clock: Clock, still_open: Iterable[OpenAlert]) -> None:
        """``still_open`` are those that earlier runs left."""
        self._journal = journal
        self._clock = clock
        self._open = {alert.kind: alert for alert in still_open}

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
