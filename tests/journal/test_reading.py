"""What people read is what the files say, and what cannot be read is owned up to."""

from __future__ import annotations

import gzip
import tracemalloc
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest

from guard.errors import MachineError
from guard.journal.reading import Reading, Span, Wanted
from guard.journal.segments import segment_path
from tests.support.journal_pages import DAY, Pages, japanese_time, moment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def _in_japan() -> Iterator[None]:
    with japanese_time():
        yield


def _three_days(folder: Path, *, packed: bool = False) -> Pages:
    pages = Pages()
    for number in (24, 25, 26):
        pages.quiet_day(date(2026, 11, number), 3)
    pages.save(folder, packed=packed)
    return pages


@pytest.mark.parametrize("packed", [False, True])
def test_every_record_comes_in_order_with_the_line_it_was(tmp_path: Path, packed: bool) -> None:  # noqa: FBT001 -- a parameter
    pages = _three_days(tmp_path, packed=packed)
    reading = Reading(tmp_path)
    entries = list(reading.entries())
    assert [entry.record for entry in entries] == pages.records
    assert all(entry.line.startswith(entry.record.text().encode()) for entry in entries)
    assert (reading.skipped, reading.broken) == (0, [])


def test_a_day_is_the_day_at_the_counter_and_not_that_of_utc(tmp_path: Path) -> None:
    pages = Pages()
    for at in ("14:59:59.999", "15:00:00.000", "15:00:00.001"):
        pages.write(datetime.fromisoformat(f"2026-11-24T{at}Z"), "stop")
    for at in ("14:59:59.999", "15:00:00.000"):
        pages.write(datetime.fromisoformat(f"2026-11-25T{at}Z"), "stop")
    pages.save(tmp_path)
    found = [entry.record.seq for entry in Reading(tmp_path).entries(Wanted(span=Span.day("2026-11-25")))]
    assert found == [2, 3, 4]


def test_a_month_is_its_local_days(tmp_path: Path) -> None:
    pages = Pages()
    for at in ("2026-10-31T14:59", "2026-10-31T15:00", "2026-11-30T14:59", "2026-11-30T15:00"):
        pages.write(datetime.fromisoformat(f"{at}:00Z"), "stop")
    pages.save(tmp_path)
    november = Wanted(span=Span.month("2026-11"))
    assert [entry.record.seq for entry in Reading(tmp_path).entries(november)] == [2, 3]


@pytest.mark.parametrize("text", ["2026-02-30", "20261125", "2026-W48-3", "2026-11", "0001-01-01", "x", ""])
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        Span.day(text)


@pytest.mark.parametrize("text", ["2026-13", "2026", "2026-11-25", ""])
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        Span.month(text)


def test_february_has_its_leap_day() -> None:
    assert [span.last.day for span in map(Span.month, ("2027-02", "2028-02", "2026-12"))] == [28, 29, 31]


def test_records_are_found_by_kind_session_and_alert(tmp_path: Path) -> None:
    pages = Pages()
    pages.busy_day(DAY, 4)
    pages.save(tmp_path)
    session = next(record.session for record in pages.records if record.session)

    def found(wanted: Wanted) -> set[tuple[str, str | None]]:
        return {(entry.record.kind, entry.record.session) for entry in Reading(tmp_path).entries(wanted)}

    assert {kind for kind, _ in found(Wanted(kind="receipt"))} == {"receipt"}
    assert {owner for _, owner in found(Wanted(session=session[:8]))} == {session}
    assert {kind for kind, _ in found(Wanted(alerts=True))} == {"alert", "acknowledged"}
    assert not found(Wanted(kind="receipt", alerts=True))


@pytest.mark.parametrize(
    "damage",
    [
        b"{",
        b"",
        b"[1]",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"seq":1,"at":"2026-11-25T00:00:00","boot_ms":1,"session":null,"kind":"stop"}',
        b'{"seq":1,"at":"yesterday","boot_ms":1,"session":null,"kind":"stop"}',
        b'{"seq":1,"at":"0001-01-01T00:00:00+23:00","boot_ms":1,"session":null,"kind":"stop"}',
    ],
)
def test_a_damaged_line_is_skipped_and_counted(tmp_path: Path, damage: bytes) -> None:
    pages = Pages()
    pages.quiet_day(DAY, 1)
    pages.save(tmp_path)
    last = max(tmp_path.iterdir())
    last.write_bytes(damage + b"\n" + last.read_bytes())
    reading = Reading(tmp_path)
    assert [entry.record for entry in reading.entries()] == pages.records
    assert reading.skipped == 1


def test_a_packed_segment_that_breaks_off_is_named_and_the_rest_is_read(tmp_path: Path) -> None:
    pages = _three_days(tmp_path, packed=True)
    first = min(tmp_path.iterdir())
    first.write_bytes(first.read_bytes()[:-20])
    reading = Reading(tmp_path)
    found = [entry.record.seq for entry in reading.entries()]
    assert reading.broken == [first.name]
    assert found[-1] == len(pages.records)


def test_a_segment_that_is_packed_meanwhile_is_still_read(tmp_path: Path) -> None:
    pages = _three_days(tmp_path)
    entries = Reading(tmp_path).entries()
    found = [next(entries)]
    for path in sorted(tmp_path.iterdir())[1:]:
        path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    found.extend(entries)
    assert [entry.record for entry in found] == pages.records


def test_a_segment_past_its_retention_is_no_damage(tmp_path: Path) -> None:
    _three_days(tmp_path)
    reading = Reading(tmp_path)
    entries = reading.entries()
    next(entries)
    max(tmp_path.iterdir()).unlink()
    assert list(entries)
    assert reading.broken == []


def test_a_day_comes_with_the_alerts_of_all_other_days_and_nothing_else_of_them(tmp_path: Path) -> None:
    pages = Pages()
    pages.write(moment(date(2026, 1, 5), 9), "alert", alert="reader_lost", count=1)
    pages.write(moment(date(2026, 1, 5), 9), "stop")
    pages.quiet_day(DAY, 1)
    pages.write(moment(date(2026, 12, 5), 9), "stop")
    pages.write(moment(date(2026, 12, 5), 9), "acknowledged", alert="reader_lost", staff="1", reason="mended")
    pages.save(tmp_path)
    on_the_day = [record.seq for record in pages.records[2:-2]]
    found = [entry.record.seq for entry in Reading(tmp_path).history(Span.day(DAY.isoformat()))]
    assert found == [1, *on_the_day, len(pages.records)]


def test_a_long_journal_takes_no_more_memory_than_a_short_one(tmp_path: Path) -> None:
    pages = Pages()
    for _ in range(4000):
        pages.write(datetime(2026, 11, 25, tzinfo=UTC), "stale", event="wipe_proven")
    pages.save(tmp_path)
    whole = segment_path(tmp_path, DAY, 1).stat().st_size
    pages.records.clear()
    tracemalloc.start()
    count = sum(1 for _ in Reading(tmp_path).entries())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 4000
    assert peak < whole / 4


def test_a_folder_that_is_not_there_is_said_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(MachineError, match="cannot be read"):
        list(Reading(tmp_path / "none").entries())


@pytest.mark.parametrize("packed", [False, True])
def test_the_last_record_of_a_kind_is_found_without_reading_the_days_before_it(
    tmp_path: Path,
    packed: bool,  # noqa: FBT001 -- a parameter
) -> None:
    pages = _three_days(tmp_path, packed=packed)
    first = min(path for path in tmp_path.iterdir() if path.name.startswith("journal-"))
    first.write_bytes(b"no journal")
    reading = Reading(tmp_path)
    last = reading.last("start")
    assert last
    assert last.record == [record for record in pages.records if record.kind == "start"][-1]
    assert (reading.skipped, reading.broken) == (0, [])
    assert Reading(tmp_path).last("print") is None


def test_a_word_in_another_record_is_no_record_of_that_kind(tmp_path: Path) -> None:
    pages = Pages()
    pages.write(moment(DAY, 9), "start", version="1")
    pages.write(moment(DAY, 10), "refused", what='"kind":"start"', host="kind")
    pages.save(tmp_path)
    last = Reading(tmp_path).last("start")
    assert last
    assert last.record.seq == 1
