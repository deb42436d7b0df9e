"""The figures are those of the records."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.journal.reading import Reading, Span
from guard.journal.stats import Figures, Tally
from tests.support.journal_pages import DAY, Pages, japanese_time, moment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from guard.journal.stats import Stats


@pytest.fixture(autouse=True)
def _in_japan() -> Iterator[None]:
    with japanese_time():
        yield


def _stats(pages: Pages, folder: Path, day: date | None = DAY) -> Stats:
    pages.save(folder)
    if day is None:
        return Tally.of(Reading(folder).entries())
    span = Span(day, day)
    return Tally.of(Reading(folder).history(span), span)


def test_a_session_has_its_length_its_end_and_its_wipe(tmp_path: Path) -> None:
    pages = Pages()
    session = pages.opened(moment(DAY, 9))
    pages.ended(moment(DAY, 9, 2, 3.5), session, "card_absent", 121.0)
    (case,) = _stats(pages, tmp_path).sessions
    assert (case.id, case.opened_by, case.cause) == (session, "card_present", "card_absent")
    assert case.began == datetime(2026, 11, 25, 0, 0, tzinfo=UTC)
    assert case.seconds == pytest.approx(123.5)
    assert (case.good, case.tries, case.logout) == (True, 1, "confirmed")
    assert case.wipe_ms == pytest.approx(121.0)


def test_a_wipe_that_was_tried_again_lasts_until_its_good_receipt(tmp_path: Path) -> None:
    pages = Pages()
    pages.busy_day(DAY, 0)
    case = next(case for case in _stats(pages, tmp_path).sessions if case.tries == 2)
    assert (case.good, case.logout) == (True, "confirmed")  # what the first receipt said of the logout
    assert case.wipe_ms == pytest.approx(6300.0)


def test_a_wipe_that_never_succeeded_is_not_good_and_has_no_time(tmp_path: Path) -> None:
    pages = Pages()
    session = pages.opened(moment(DAY, 9))
    end = moment(DAY, 9, 1)
    move = {"before": "ACTIVE", "after": "ENDING", "cause": "card_absent"}
    pages.write(end, "state", session, **move)
    pages.receipt(end + timedelta(seconds=5), session, 5000.0, good=False)
    (case,) = _stats(pages, tmp_path).sessions
    assert (case.good, case.wipe_ms) == (False, None)


def test_a_session_that_the_guard_did_not_outlive_ended_by_its_crash(tmp_path: Path) -> None:
    pages = Pages()
    pages.start(moment(DAY, 8))
    pages.opened(moment(DAY, 9))
    pages.start(moment(DAY, 9, 1), after="crash")
    stats = _stats(pages, tmp_path)
    assert stats.endings == {"crash": 1}
    assert (stats.sessions[0].ended, stats.sessions[0].seconds) == (None, None)


def test_a_restart_after_the_end_of_a_session_is_not_its_end(tmp_path: Path) -> None:
    pages = Pages()
    pages.ended(moment(DAY, 9, 1), pages.opened(moment(DAY, 9)), "idle_over", 100.0)
    pages.start(moment(DAY, 9, 2))
    assert _stats(pages, tmp_path).endings == {"idle_over": 1}


def test_those_who_did_something_in_a_session_are_named_with_it(tmp_path: Path) -> None:
    pages = Pages()
    pages.write(moment(DAY, 9), "staff", act="start", staff="7", door="pad")
    session = pages.opened(moment(DAY, 9, 0, 1), "staff_start")
    pages.write(moment(DAY, 9, 1), "pin", session, verdict="wrong", staff="9", door="pad")
    pages.write(moment(DAY, 9, 2), "pin", session, verdict="yes", staff="8", door="pad")
    pages.write(moment(DAY, 9, 2), "staff", session, act="logout", staff="8", door="pad")
    pages.ended(moment(DAY, 9, 3), session, "staff_end", 90.0)
    stats = _stats(pages, tmp_path)
    assert stats.sessions[0].staff == ["7", "8"]
    assert [(act.act, act.staff) for act in stats.acts] == [("start", "7"), ("logout", "8")]
    assert stats.pins == {"wrong": 1, "yes": 1}


def test_an_alert_is_one_case_from_its_first_record_to_its_acknowledgement(tmp_path: Path) -> None:
    pages = Pages()
    for second in range(3):
        pages.write(moment(DAY, 9, 0, second), "alert", alert="reader_lost", count=second + 1)
    pages.write(moment(DAY, 9, 5), "acknowledged", alert="reader_lost", count=3, staff="7", reason="mended")
    pages.write(moment(DAY, 10), "alert", alert="reader_lost", count=1)
    closed, still_open = _stats(pages, tmp_path).alerts
    assert (closed.count, closed.staff, closed.reason) == (3, "7", "mended")
    assert closed.acknowledged == moment(DAY, 9, 5).astimezone(UTC)
    assert still_open.acknowledged is None


@pytest.mark.parametrize(
    ("opened", "acknowledged", "shown"),
    [
        ("2026-11-20", None, True),
        ("2026-11-20", "2026-11-21", False),
        ("2026-11-20", "2026-11-25", True),
        ("2026-11-20", "2026-11-26", True),
        ("2026-11-25", "2026-11-27", True),
        ("2026-11-26", None, False),
        ("2026-11-26", "2026-11-27", False),
        (None, "2026-11-25", True),
        (None, "2026-11-27", False),
    ],
)
def test_a_day_shows_the_alerts_that_were_open_on_it(
    tmp_path: Path,
    opened: str | None,
    acknowledged: str | None,
    shown: bool,  # noqa: FBT001 -- a parameter
) -> None:
    pages = Pages()
    if opened:
        pages.write(moment(date.fromisoformat(opened), 9), "alert", alert="cover_late", count=1)
    if acknowledged:
        at = moment(date.fromisoformat(acknowledged), 10)
        pages.write(at, "acknowledged", alert="cover_late", count=1, staff="7", reason="checked")
    pages.write(moment(date(2026, 11, 28), 9), "stop")
    cases = _stats(pages, tmp_path).alerts
    assert len(cases) == shown
    assert all((case.acknowledged is None) == (acknowledged is None) for case in cases)


def test_a_session_of_the_day_before_is_not_counted_as_opened(tmp_path: Path) -> None:
    pages = Pages()
    session = pages.opened(moment(date(2026, 11, 24), 23, 59))
    pages.ended(moment(DAY, 0, 1), session, "card_absent", 100.0)
    stats = _stats(pages, tmp_path)
    assert stats.opened == 0
    assert (stats.sessions[0].began, stats.sessions[0].seconds) == (None, None)
    assert stats.endings == {"card_absent": 1}


def test_covers_steps_refusals_and_readers_are_counted(tmp_path: Path) -> None:
    pages = Pages()
    pages.busy_day(DAY, 10)
    stats = _stats(pages, tmp_path, None)
    covers = [record.fields["cover_ms"] for record in pages.records if record.kind == "covered"]
    assert stats.covers == Figures.of([float(str(value)) for value in covers])
    assert all(figures and figures.n == 12 + 1 for figures in stats.steps.values())
    assert stats.refused["x.example", "navigation"] == 1
    assert stats.reader == {"reader_gone": 1}
    assert [one.kind for one in stats.running] == ["start", "torn", "start", "clock", "stop"]
    assert stats.records == len(pages.records)


def test_what_is_no_number_is_no_figure(tmp_path: Path) -> None:
    pages = Pages()
    for value in ("7", None, float("nan"), True):
        pages.write(moment(DAY, 9), "covered", cover_ms=value)
    assert _stats(pages, tmp_path).covers is None


@given(st.lists(st.floats(0, 1e6), min_size=1))
def test_percentiles_are_measured_values_in_their_order(values: list[float]) -> None:
    figures = Figures.of(values)
    assert figures is not None
    assert figures.n == len(values)
    assert figures.most == max(values)
    assert {figures.p50, figures.p99} <= set(values)
    assert sum(value <= figures.p50 for value in values) >= len(values) / 2
    assert sum(value < figures.p50 for value in values) <= len(values) / 2
    assert figures.p50 <= figures.p99 <= figures.most


def test_no_values_have_no_figures() -> None:
    assert Figures.of([]) is None
