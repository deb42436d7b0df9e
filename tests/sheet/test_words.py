"""Whatever happens at a counter has a Japanese word on its sheet."""

from __future__ import annotations

from datetime import date

import pytest

from guard.browser.messages import Refusal
from guard.browser.port import Logout
from guard.core import _NAMES
from guard.journal.alerts import Reason
from guard.journal.reading import Span
from guard.journal.stats import CRASH, RUNNING, STEPS
from guard.journal.verdict import Trouble
from guard.screens.port import Choice
from guard.session.effects import AlertKind
from guard.session.events import ReaderLoss
from guard.sheet.words import SheetWords
from guard.staff.port import EMERGENCY

WORDS = SheetWords.load()


@pytest.mark.parametrize(
    ("group", "name"),
    [
        *(("event", name) for name in (*_NAMES.values(), CRASH)),
        *(("logout", each) for each in Logout),
        *(("refusal", each) for each in Refusal),
        *(("act", each) for each in Choice),
        *(("door", each) for each in ("pad", "control")),
        *(("running", each) for each in RUNNING),
        *(("running", f"start.{after}") for after in ("first", "stop", "crash")),
        *(("times", each) for each in STEPS),
        *(("trouble", each) for each in Trouble),
        *(("damage", each) for each in ("mark_missing", "torn_inside", "record_missing")),
        *(("damage", each) for each in ("unreadable", "no_record", "not_sealed")),
        *(("reader", each) for each in ("card_present", "card_absent", "card_changed")),
        *(("reader", each) for each in ReaderLoss),
    ],
)
def test_every_kind_has_a_word(group: str, name: str) -> None:
    assert WORDS.of(f"{group}.{name}")


@pytest.mark.parametrize("kind", AlertKind)
def test_every_alert_is_worded_as_on_the_pad(kind: AlertKind) -> None:
    assert str(WORDS.alert(kind)) != kind.value


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_is_worded_as_on_the_pad(reason: Reason) -> None:
    assert str(WORDS.reason(reason)) != reason.value


def test_a_kind_of_a_later_version_stands_as_it_is_and_is_escaped() -> None:
    assert WORDS.known("event", "<b>") == WORDS.alert("<b>") == WORDS.reason("<b>") == "&lt;b&gt;"


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (Span.day("2026-11-25"), "2026年（令和8年）11月25日（水）"),
        (Span.day("2019-04-30"), "2019年4月30日（火）"),
        (Span.day("2019-05-01"), "2019年（令和1年）5月1日（水）"),
        (Span.month("2026-11"), "2026年（令和8年）11月"),
    ],
)
def test_a_span_has_the_era_that_offices_count_in(span: Span, text: str) -> None:
    assert WORDS.span(span) == text


def test_the_emergency_code_is_no_number() -> None:
    assert (WORDS.staff(EMERGENCY), WORDS.staff("1042")) == ("緊急コード", "1042")


def test_weekdays_begin_with_monday() -> None:
    assert WORDS.weekday(date(2026, 11, 23)) == "月"
