"""The sums of each day of a month."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from guard.journal.stats import Figures

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from guard.journal.reading import Span
    from guard.journal.stats import Incident, SessionCase, Stats


@dataclass(frozen=True, slots=True)
class DaySums:
    """What one day adds up to."""

    day: date
    counted: Mapping[str, int]
    """``sessions``, ``proven``, ``retried``, ``unproven``, ``logout`` (not confirmed), ``alerts`` (opened),
    ``open`` (of those, to this day), ``starts``, ``crashes``; in this order."""
    wipes: Figures | None


def sums_by_day(stats: Stats, span: Span) -> list[DaySums]:
    """Return one for each day of the span, whether or not anything happened."""
    return [_sums(stats, day) for day in span.days]


def unproven(case: SessionCase) -> bool:
    """Tell whether the session is over and nothing proves that all of it is gone."""
    return bool(case.cause) and case.good is not True


def crashed(one: Incident) -> bool:
    """Tell whether this is a start after the guard was killed."""
    return one.kind == "start" and one.fields.get("after") == "crash"


def _sums(stats: Stats, day: date) -> DaySums:
    cases = [case for case in stats.sessions if _on(case.began or case.ended, day)]
    alerts = [case for case in stats.alerts if _on(case.first, day)]
    starts = [one for one in stats.running if one.kind == "start" and _on(one.at, day)]
    counted = {
        "sessions": sum(case.began is not None for case in cases),
        "proven": sum(case.good is True for case in cases),
        "retried": sum(case.good is True and case.tries > 1 for case in cases),
        "unproven": sum(map(unproven, cases)),
        "logout": sum(case.logout in {"not_confirmed", "not_tried"} for case in cases),
        "alerts": len(alerts),
        "open": sum(case.acknowledged is None for case in alerts),
        "starts": len(starts),
        "crashes": sum(map(crashed, starts)),
    }
    return DaySums(day, counted, Figures.of([case.wipe_ms for case in cases if case.wipe_ms is not None]))


def _on(at: datetime | None, day: date) -> bool:
    return at is not None and at.astimezone().date() == day
