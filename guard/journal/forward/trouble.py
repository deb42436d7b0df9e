"""When somebody has to be told that a target does not take the records. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from guard.journal.forward.messages import Health, Report

TROUBLE_SECONDS: Final = 15 * 60.0
"""s of trouble without a break after which somebody is told; a server may be restarted or updated."""


@dataclass(slots=True)
class Tracked:
    """One target: its last report, and since when it has been in trouble. Time is `Clock.monotonic`, s.

    Trouble is what the reports call so, and just as well durable records without any new report.
    """

    report: Report
    _since: float | None = None
    _told: bool = False

    def hear(self, report: Report) -> None:
        """Take a report; one without trouble ends the trouble."""
        self.report = report
        if report.health is not Health.TROUBLE:
            self._since, self._told = None, False

    def is_due(self, through: int, now: float) -> bool:
        """Tell whether somebody has to be told now, with records through this number durable.

        Once for each trouble. It has to be asked whenever one of the two has changed.
        """
        waits = self.report.health is Health.FINE and (self.report.position or 0) < through
        if not waits and self.report.health is not Health.TROUBLE:
            return False
        if self._since is None:
            self._since = now
        if self._told or now - self._since < TROUBLE_SECONDS:
            return False
        self._told = True
        return True
