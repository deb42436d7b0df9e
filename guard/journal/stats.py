"""What happened in a span of days, counted from its records. Pure: records in, figures out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from math import ceil, isfinite
from typing import TYPE_CHECKING, Final

from guard.journal.reading import ALERT_KINDS
from guard.session.table import LIVE, State
from guard.staff.port import Verdict

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime

    from guard.journal.port import Field
    from guard.journal.reading import Entry, Span
    from guard.journal.record import Record

CRASH: Final = "crash"
"""How a session ended that outlived the guard; every other cause is an event of the table."""
STEPS: Final = ("logout", "kill", "verify", "clipboard")
"""The steps of a wipe; the receipt has the milliseconds of each."""
RUNNING: Final = ("start", "stop", "clock", "torn", "damaged", "dropped")
"""Kinds of records about the guard and its journal instead of a session."""
_LIVE: Final = tuple(state.value for state in LIVE)


@dataclass(frozen=True, slots=True)
class Figures:
    """Percentiles by the nearest rank: each is a value that was really measured."""

    n: int
    p50: float
    p99: float
    most: float

    @classmethod
    def of(cls, values: Collection[float]) -> Figures | None:
        """Return them; None when there are no values."""
        if not values:
            return None
        ranked = sorted(values)
        p50, p99 = (ranked[ceil(len(ranked) * percent / 100) - 1] for percent in (50, 99))
        return cls(len(ranked), p50, p99, ranked[-1])


@dataclass(slots=True, kw_only=True)
class SessionCase:
    """One citizen's session, as far as its records lie in the span."""

    id: str
    began: datetime | None = None
    """None: before the span."""
    opened_by: str = ""
    """The event that opened it."""
    ended: datetime | None = None
    """None: it was still open, or nobody knows (see `CRASH`)."""
    cause: str = ""
    """The event that ended it; empty while it is open."""
    seconds: float | None = None
    holds: int = 0
    tries: int = 0
    """Receipts."""
    good: bool | None = None
    """The last receipt was; None without one."""
    logout: str = ""
    """What the first receipt says about the portal's logout."""
    wipe_ms: float | None = None
    """From the end to the good receipt, whatever it took."""
    staff: list[str] = field(default_factory=list)
    """Numbers of those who did something in it."""


@dataclass(slots=True, kw_only=True)
class AlertCase:
    """One alert from its opening to its acknowledgement."""

    kind: str
    first: datetime | None
    """None: its opening is no longer in the journal."""
    last: datetime
    count: int
    acknowledged: datetime | None = None
    staff: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class StaffAct:
    """What somebody with a right PIN did."""

    at: datetime
    act: str
    staff: str
    door: str
    session: str | None


@dataclass(frozen=True, slots=True)
class Incident:
    """One record of the `RUNNING` kinds."""

    at: datetime
    kind: str
    fields: Mapping[str, Field]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """What the records of a span add up to."""

    kinds: Mapping[str, int]
    """Records of each kind."""
    sessions: tuple[SessionCase, ...]
    alerts: tuple[AlertCase, ...]
    """Opened, repeated or acknowledged in the span, or still open at its end."""
    acts: tuple[StaffAct, ...]
    pins: Mapping[str, int]
    """Tries by their verdict."""
    refused: Mapping[tuple[str, str], int]
    """By host and what was wanted of it."""
    running: tuple[Incident, ...]
    reader: Mapping[str, int]
    """By event."""
    wipes: Figures | None
    covers: Figures | None
    steps: Mapping[str, Figures | None]
    """Of each of `STEPS`."""

    @property
    def records(self) -> int:
        """How many there are in the span."""
        return sum(self.kinds.values())

    @property
    def opened(self) -> int:
        """Return how many sessions began in the span."""
        return sum(case.began is not None for case in self.sessions)

    @property
    def endings(self) -> Mapping[str, int]:
        """Return the ended sessions by their cause, the most frequent first."""
        return dict(Counter(case.cause for case in self.sessions if case.cause).most_common())

    @property
    def lengths(self) -> Figures | None:
        """Return the lengths of the sessions, in s."""
        return Figures.of([case.seconds for case in self.sessions if case.seconds is not None])

    @property
    def unacknowledged(self) -> tuple[AlertCase, ...]:
        """Return the alerts that nobody has acknowledged to this day."""
        return tuple(case for case in self.alerts if case.acknowledged is None)


class Tally:
    """Adds up records, which come in the journal's order.

    With a span it takes those of other days too, for what they say about its alerts (`Reading.history`).
    """

    def __init__(self, span: Span | None = None) -> None:
        self._bounds = span.bounds() if span else None
        self._kinds = Counter[str]()
        self._sessions = dict[str, SessionCase]()
        self._ended_ms = dict[str, float]()
        self._began_ms = dict[str, float]()
        self._alive: str | None = None
        self._starter = ""
        self._alerts = list[AlertCase]()
        self._open = dict[str, AlertCase]()
        self._acts = list[StaffAct]()
        self._pins = Counter[str]()
        self._refused = Counter[tuple[str, str]]()
        self._running = list[Incident]()
        self._reader = Counter[str]()
        self._covers = list[float]()
        self._steps: dict[str, list[float]] = {step: [] for step in STEPS}

    @classmethod
    def of(cls, entries: Iterable[Entry], span: Span | None = None) -> Stats:
        """Return what they add up to."""
        tally = cls(span)
        for entry in entries:
            tally.take(entry)
        return tally.stats()

    def take(self, entry: Entry) -> None:
        """Add one."""
        record = entry.record
        before = self._bounds is not None and entry.at < self._bounds[0]
        after = self._bounds is not None and entry.at >= self._bounds[1]
        if record.kind in ALERT_KINDS:
            self._alert(entry, before=before, after=after)
        if not before and not after:
            self._kinds[record.kind] += 1
            self._count(entry)

    def stats(self) -> Stats:
        """Return the sums up to now."""
        wipes = [case.wipe_ms for case in self._sessions.values() if case.wipe_ms is not None]
        return Stats(
            kinds=dict(sorted(self._kinds.items())),
            sessions=tuple(self._sessions.values()),
            alerts=tuple(self._alerts),
            acts=tuple(self._acts),
            pins=dict(sorted(self._pins.items())),
            refused=dict(sorted(self._refused.items(), key=lambda item: (-item[1], item[0]))),
            running=tuple(self._running),
            reader=dict(sorted(self._reader.items())),
            wipes=Figures.of(wipes),
            covers=Figures.of(self._covers),
            steps={step: Figures.of(values) for step, values in self._steps.items()},
        )

    def _count(self, entry: Entry) -> None:  # noqa: C901 -- flat: one case a kind
        record = entry.record
        match record.kind:
            case "state":
                self._state(entry)
            case "receipt":
                self._receipt(record)
            case "covered":
                self._covers.extend(_number(record, "cover_ms"))
            case "staff":
                self._staff(entry)
            case "pin":
                self._pins[_text(record, "verdict")] += 1
                if _text(record, "verdict") == Verdict.YES:
                    self._involve(record.session, _text(record, "staff"))
            case "refused":
                self._refused[_text(record, "host"), _text(record, "what")] += 1
            case "reader":
                self._reader[_text(record, "event")] += 1
        if record.kind in RUNNING:
            self._running.append(Incident(entry.at, record.kind, record.fields))
        if record.kind == "start" and self._alive:
            self._sessions[self._alive].cause = CRASH
            self._alive = None

    def _state(self, entry: Entry) -> None:
        record = entry.record
        before, after = _text(record, "before"), _text(record, "after")
        if record.session is None or before == after:
            return
        if after == State.ACTIVE and before not in _LIVE:
            self._opened(entry, record.session)
        elif before in _LIVE:
            case = self._case(record.session)
            if after not in _LIVE:
                self._ended(entry, case)
            elif after == State.HELD:
                case.holds += 1

    def _opened(self, entry: Entry, session: str) -> None:
        case = self._case(session)
        case.began = entry.at
        case.opened_by = _text(entry.record, "cause")
        self._began_ms[session] = entry.record.boot_ms
        self._alive = session
        if case.opened_by == "staff_start":
            self._involve(session, self._starter)

    def _ended(self, entry: Entry, case: SessionCase) -> None:
        case.ended = entry.at
        case.cause = _text(entry.record, "cause")
        self._ended_ms[case.id] = entry.record.boot_ms
        began = self._began_ms.pop(case.id, None)
        if began is not None:
            case.seconds = max(0.0, round((entry.record.boot_ms - began) / 1000, 3))
        self._alive = None

    def _receipt(self, record: Record) -> None:
        if record.session is None:
            return
        case = self._case(record.session)
        case.tries += 1
        case.good = record.fields.get("good") is True
        case.logout = case.logout or _text(record, "logout")
        for step in STEPS:
            self._steps[step].extend(_number(record, f"{step}_ms"))
        ended = self._ended_ms.get(case.id)
        if case.good and ended is not None and case.wipe_ms is None:
            case.wipe_ms = max(0.0, round(record.boot_ms - ended, 3))

    def _staff(self, entry: Entry) -> None:
        record = entry.record
        act = StaffAct(
            entry.at, _text(record, "act"), _text(record, "staff"), _text(record, "door"), record.session
        )
        self._acts.append(act)
        self._starter = act.staff  # a session that this opens has no record yet
        self._involve(record.session, act.staff)

    def _involve(self, session: str | None, staff: str) -> None:
        if session is not None and staff and staff not in self._case(session).staff:
            self._case(session).staff.append(staff)

    def _case(self, session: str) -> SessionCase:
        return self._sessions.setdefault(session, SessionCase(id=session))

    def _alert(self, entry: Entry, *, before: bool, after: bool) -> None:
        record = entry.record
        kind = _text(record, "alert")
        if record.kind == "acknowledged":
            self._acknowledged(entry, before=before, after=after)
        elif not after and (known := self._open.get(kind)):
            known.last = entry.at
            known.count = max(known.count + 1, *_whole(record, "count"))
        elif not after:
            case = AlertCase(kind=kind, first=entry.at, last=entry.at, count=max(1, *_whole(record, "count")))
            self._open[kind] = case
            self._alerts.append(case)

    def _acknowledged(self, entry: Entry, *, before: bool, after: bool) -> None:
        record = entry.record
        kind = _text(record, "alert")
        case = self._open.pop(kind, None)
        if before:
            self._alerts = [one for one in self._alerts if one is not case]
            return
        if case is None:
            if after:
                return
            case = AlertCase(kind=kind, first=None, last=entry.at, count=max(1, *_whole(record, "count")))
            self._alerts.append(case)
        case.acknowledged = entry.at
        case.staff = _text(record, "staff")
        case.reason = _text(record, "reason")


def _text(record: Record, name: str) -> str:
    value = record.fields.get(name)
    return value if isinstance(value, str) else ""


def _number(record: Record, name: str) -> tuple[float, ...]:
    value = record.fields.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        return ()
    return (float(value),)


def _whole(record: Record, name: str) -> tuple[int, ...]:
    return (1, *(int(value) for value in _number(record, name)))
