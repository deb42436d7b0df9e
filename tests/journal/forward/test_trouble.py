"""Somebody is told once about a target that has been in trouble for 15 minutes."""

from __future__ import annotations

from guard.journal.forward.messages import Health, Report
from guard.journal.forward.trouble import TROUBLE_SECONDS, Tracked


def _report(health: Health, position: int | None = 5) -> Report:
    return Report(target="syslog", position=position, health=health, sentence=None)


def _tracked(health: Health, position: int | None = 5) -> Tracked:
    tracked = Tracked(_report(Health.FINE))
    tracked.hear(_report(health, position))
    return tracked


def test_trouble_is_told_after_its_time_and_once() -> None:
    tracked = _tracked(Health.TROUBLE)
    assert not tracked.is_due(5, 100.0)
    tracked.hear(_report(Health.TROUBLE))
    assert not tracked.is_due(6, 99.0 + TROUBLE_SECONDS)
    assert tracked.is_due(6, 100.0 + TROUBLE_SECONDS)
    tracked.hear(_report(Health.TROUBLE))
    assert not tracked.is_due(7, 100.0 + 9 * TROUBLE_SECONDS)


def test_trouble_that_was_over_begins_anew() -> None:
    tracked = _tracked(Health.TROUBLE)
    assert not tracked.is_due(5, 0.0)
    assert tracked.is_due(5, TROUBLE_SECONDS)
    tracked.hear(_report(Health.FINE))
    assert not tracked.is_due(5, TROUBLE_SECONDS)
    tracked.hear(_report(Health.TROUBLE))
    assert not tracked.is_due(5, TROUBLE_SECONDS + 1)
    assert not tracked.is_due(5, 2 * TROUBLE_SECONDS)
    assert tracked.is_due(5, 2 * TROUBLE_SECONDS + 1)


def test_records_without_any_word_of_the_target_are_trouble() -> None:
    tracked = _tracked(Health.FINE)
    assert not tracked.is_due(6, 0.0)
    assert tracked.is_due(7, TROUBLE_SECONDS)


def test_a_target_that_works_off_a_long_backlog_is_not_in_trouble() -> None:
    tracked = _tracked(Health.FINE)
    for minute in range(100):
        tracked.hear(_report(Health.FINE, minute))
        assert not tracked.is_due(1000, minute * 60.0)


def test_a_quiet_night_is_no_trouble() -> None:
    tracked = _tracked(Health.FINE)
    assert not tracked.is_due(5, 0.0)
    assert not tracked.is_due(5, 100 * TROUBLE_SECONDS)
    assert not tracked.is_due(6, 100 * TROUBLE_SECONDS)


def test_a_target_that_this_pc_does_not_have_is_no_trouble() -> None:
    tracked = _tracked(Health.MISSING, None)
    assert not tracked.is_due(6, 0.0)
    assert not tracked.is_due(6, 100 * TROUBLE_SECONDS)
