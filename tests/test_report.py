"""What the commands print for people."""

from __future__ import annotations

import pytest

from guard.report import alerts_table, status_table
from guard.screens.catalogue import Catalogue
from guard.session.effects import AlertKind
from guard.words import Words

AT = "2026-04-01T09:00:00.000Z"


def status(kind: str, severity: str = "error") -> dict[str, object]:
    return {"alerts": [{"kind": kind, "severity": severity, "count": 3, "first": AT, "last": AT}]}


@pytest.mark.parametrize("kind", AlertKind)
def test_every_kind_of_alert_says_what_happened_and_what_to_do_in_both_languages(kind: str) -> None:
    heading, japanese, english = alerts_table(status(kind), Words.load(), Catalogue.load()).splitlines()
    assert kind in heading
    assert "3回" in heading
    assert japanese.endswith("。")
    assert english.isascii() or "’" in english
    assert not set("{}|<>") & set(japanese + english)


@pytest.mark.parametrize("severity", ["alert", "critical", "error", "warning"])
def test_every_severity_has_its_word(severity: str) -> None:
    assert severity in alerts_table(status("cover_late", severity), Words.load(), Catalogue.load())


def test_no_open_alert_is_said_too() -> None:
    assert "No alert is open" in alerts_table({"alerts": []}, Words.load(), Catalogue.load())


def test_the_status_says_how_each_target_of_the_records_is() -> None:
    targets = [
        {"target": "journald", "health": "missing", "behind": None, "sentence": "no journald listens"},
        {"target": "syslog", "health": "trouble", "behind": 12, "sentence": "the server is away"},
    ]
    told = status_table({"forwarding": targets}, Words.load())
    assert "not on this PC (no journald listens); syslog: 12件" in told
    assert "12 waiting (the server is away)" in told


def test_where_nothing_has_changed_since_the_start_the_status_says_none() -> None:
    (line,) = [
        one for one in status_table({"drift": []}, Words.load()).splitlines() if "since the start" in one
    ]
    assert line.endswith("  なし / none")
