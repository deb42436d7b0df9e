"""``guard journal show``, ``stats`` and ``export``: the journal on a terminal, and for other programs."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from guard.clock import stamp
from guard.columns import padded, width
from guard.journal.export import export
from guard.journal.reading import Reading
from guard.journal.stats import Tally
from guard.words import Words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path
    from typing import BinaryIO, TextIO

    from guard.journal.export import Form
    from guard.journal.port import Field
    from guard.journal.reading import Entry, Span, Wanted
    from guard.journal.record import Record
    from guard.journal.stats import AlertCase, Figures, Incident, SessionCase, StaffAct, Stats

_AT: Final = "%Y-%m-%d %H:%M:%S"
_WIDTHS: Final = (23, 14, 17)
"""Columns of a terminal for the moment, the kind and the session; its fields take the rest."""
_SESSION_SHOWN: Final = 8
"""Characters of a session's id, enough to name it to ``--session``."""


def words() -> Words:
    """Return the words of these commands, from the catalogue file ``words.json`` beside this one."""
    return Words(json.loads((files("guard.journal") / "words.json").read_text("utf-8")))


@dataclass(frozen=True, slots=True)
class JournalCommands:
    """Each prints to ``out``, and to ``err`` what could not be read; raises MachineError without a folder."""

    folder: Path
    out: TextIO
    err: TextIO
    words: Words

    def show(self, wanted: Wanted, *, as_json: bool) -> None:
        """Print records as a table in local time, or as the lines that they are."""
        reading = Reading(self.folder)
        found = False
        for entry in reading.entries(wanted):
            if as_json:
                self._print(entry.line.decode(errors="backslashreplace"))
                continue
            if not found:
                headings = ("show_at", "show_kind", "show_session", "show_fields")
                self._print(_table_row(*(self.words.of(heading) for heading in headings)))
            found = True
            self._print(_shown(entry))
        if not found and not as_json:
            self._print(self.words.of("nothing"))
        self._own_up(reading)

    def stats(self, span: Span | None, *, as_json: bool) -> None:
        """Print what the records of these days, or of all days, add up to."""
        reading = Reading(self.folder)
        stats = Tally.of(reading.history(span) if span else reading.entries(), span)
        if as_json:
            counted = {"span": _span(span), "skipped": reading.skipped, "broken": reading.broken}
            self._print(json.dumps(counted | for_programs(stats), ensure_ascii=False, indent=2))
        else:
            rows = [(_printable(label), _printable(text)) for label, text in self._rows(stats)]
            columns = max(width(label) for label, text in rows if text)
            for label, text in rows:
                self._print(f"{padded(label, columns)}  {text}" if text else label.rstrip())
        self._own_up(reading)

    def export(self, form: Form, wanted: Wanted, raw: BinaryIO, syslog: Callable[[Record], bytes]) -> None:
        """Write records to ``raw``; ``syslog`` makes a message of one."""
        reading = Reading(self.folder)
        export(form, reading, raw, syslog, wanted)
        self._own_up(reading)

    def _rows(self, stats: Stats) -> Iterator[tuple[str, str]]:
        of, cases = self.words.of, stats.sessions
        yield of("records"), str(stats.records)
        yield of("opened"), str(stats.opened)
        for cause, count in stats.endings.items():
            yield of("ended", cause=cause), str(count)
        yield of("open_sessions"), str(sum(not case.cause for case in cases))
        yield of("length"), self._figures(stats.lengths)
        yield of("wipes"), self._figures(stats.wipes)
        for step, figures in stats.steps.items():
            yield of(f"step_{step}"), self._figures(figures)
        yield of("wipes_bad"), str(sum(case.good is False for case in cases))
        for outcome in sorted({case.logout for case in cases if case.logout}):
            yield of("logouts", outcome=outcome), str(sum(case.logout == outcome for case in cases))
        yield of("covers"), self._figures(stats.covers)
        yield of("alerts"), str(len(stats.alerts))
        yield of("alerts_open"), str(len(stats.unacknowledged))
        yield from ((self._alert(case), "") for case in stats.alerts)
        yield of("acts"), str(len(stats.acts))
        for act in stats.acts:
            yield of("act", at=_local(act.at), staff=act.staff, act=act.act, door=act.door), ""
        for verdict, count in stats.pins.items():
            yield of("pins", verdict=verdict), str(count)
        for (host, what), count in stats.refused.items():
            yield of("refused", host=host, what=what), str(count)
        for event, count in stats.reader.items():
            yield of("reader", event=event), str(count)
        yield of("runs"), str(len(stats.running))
        for one in stats.running:
            yield of("running", at=_local(one.at), kind=one.kind, fields=_fields(one.fields)), ""

    def _alert(self, case: AlertCase) -> str:
        values = {"kind": case.kind, "count": case.count, "first": _local(case.first) if case.first else "?"}
        if case.acknowledged is None:
            return self.words.of("alert_open", **values)
        ends = {"at": _local(case.acknowledged), "staff": case.staff, "reason": case.reason}
        return self.words.of("alert_done", **values, **ends)

    def _figures(self, figures: Figures | None) -> str:
        if figures is None:
            return "n=0"
        values = {name: f"{value:.1f}" for name, value in asdict(figures).items() if name != "n"}
        return self.words.of("figures", n=figures.n, **values)

    def _own_up(self, reading: Reading) -> None:
        if reading.skipped:
            self.err.write(f"{self.words.of('skipped', count=reading.skipped)}\n")
        for file in reading.broken:
            self.err.write(f"{self.words.of('broken', file=file)}\n")

    def _print(self, line: str) -> None:
        self.out.write(f"{line}\n")


def for_programs(stats: Stats) -> dict[str, object]:
    """Return the sums as JSON; moments are UTC, lengths s, all other times ms."""
    return {
        "records": dict(stats.kinds),
        "sessions": {
            "opened": stats.opened,
            "ended_by": dict(stats.endings),
            "without_end": sum(not case.cause for case in stats.sessions),
            "seconds": _for_programs(stats.lengths),
            "without_good_receipt": sum(case.good is False for case in stats.sessions),
            "each": [_for_programs(case) for case in stats.sessions],
        },
        "wipe_ms": _for_programs(stats.wipes),
        "steps_ms": {step: _for_programs(figures) for step, figures in stats.steps.items()},
        "cover_ms": _for_programs(stats.covers),
        "alerts": {
            "open": len(stats.unacknowledged),
            "each": [_for_programs(case) for case in stats.alerts],
        },
        "staff": [_for_programs(act) for act in stats.acts],
        "pins": dict(stats.pins),
        "refused": [
            {"host": host, "what": what, "count": count} for (host, what), count in stats.refused.items()
        ],
        "reader": dict(stats.reader),
        "running": [_for_programs(one) for one in stats.running],
    }


def _for_programs(one: SessionCase | AlertCase | StaffAct | Incident | Figures | None) -> object:
    if one is None:
        return None
    return {
        name: stamp(value) if isinstance(value, datetime) else value for name, value in asdict(one).items()
    }


def _span(span: Span | None) -> object:
    return None if span is None else {"first": span.first.isoformat(), "last": span.last.isoformat()}


def _shown(entry: Entry) -> str:
    record = entry.record
    local = entry.at.astimezone()
    at = f"{local:{_AT}}.{local.microsecond // 1000:03}"
    return _table_row(at, record.kind, (record.session or "-")[:_SESSION_SHOWN], _fields(record.fields))


def _table_row(*cells: str) -> str:
    *narrow, last = (_printable(cell) for cell in cells)
    return "  ".join([*map(padded, narrow, _WIDTHS), last]).rstrip()


def _fields(fields: Mapping[str, Field]) -> str:
    return "  ".join(f"{name}={_plain(value)}" for name, value in fields.items())


def _plain(value: Field) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _local(at: datetime) -> str:
    return at.astimezone().strftime(_AT)


def _printable(text: str) -> str:
    """Return it without what would move a terminal's cursor or turn its text around."""
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in text)
