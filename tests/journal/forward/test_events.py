"""Records as numbered events, and the library with their texts."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from guard.journal.forward.events import IDS, Level, event, kind_of
from guard.journal.record import Record
from guard.session.effects import AlertKind
from installer.windows.event_messages import message_table, resource_dll
from installer.windows.event_messages.build import LANGUAGES, library, texts

if TYPE_CHECKING:
    from guard.journal.port import Field


def record(kind: str, **fields: Field) -> Record:
    return Record(seq=7, at="2026-11-27T01:02:03.004Z", boot_ms=1.5, session=None, kind=kind, fields=fields)


@pytest.mark.parametrize(
    ("made", "kind", "level"),
    [
        (record("start", version="1"), "start", Level.INFORMATION),
        (record("receipt", good=True), "receipt", Level.INFORMATION),
        (record("receipt", good=False), "receipt_bad", Level.ERROR),
        (record("receipt"), "receipt_bad", Level.ERROR),
        (record("pin", verdict="yes"), "pin", Level.INFORMATION),
        (record("pin", verdict="wrong"), "pin_refused", Level.WARNING),
        (record("alert", alert="reader_lost"), "alert_reader_lost", Level.ERROR),
        (record("alert", alert="clock_jumped"), "alert_clock_jumped", Level.WARNING),
        (record("alert", alert="of a later version"), "alert", Level.ERROR),
        (record("alert"), "alert", Level.ERROR),
        (record("damaged", what="chain"), "damaged", Level.ERROR),
        (record("receipt_bad"), "other", Level.INFORMATION),
        (record("of a later version"), "other", Level.INFORMATION),
    ],
)
def test_each_record_has_its_kind_and_its_level(made: Record, kind: str, level: Level) -> None:
    assert kind_of(made) == kind
    assert (event(made).number, event(made).level) == (IDS[kind], level)


def test_every_alert_has_a_number_of_its_own_and_no_number_is_given_twice() -> None:
    assert {f"alert_{kind}" for kind in AlertKind} <= IDS.keys()
    assert len(set(IDS.values())) == len(IDS)


def test_numbers_that_monitoring_goes_by_never_change() -> None:
    """Whoever changes this line breaks a town hall's monitoring; a new kind gets a new number and line."""
    known = ",".join(f"{kind}={number}" for kind, number in sorted(IDS.items()) if number <= 215)
    assert hashlib.sha256(known.encode()).hexdigest()[:16] == "a03f3cbed0c7befa"


def test_an_event_says_what_happened_when_and_with_which_fields_in_lines_that_a_page_cannot_end() -> None:
    made = event(record("refused", what="navigation", host="evil%1.example\r\nseq: 9"))
    sentence, fields = made.texts
    assert sentence == "page was refused navigation at evil<U+0025>1.example<U+000D><U+000A>seq: 9"
    assert fields.split("\r\n") == [
        "at: 2026-11-27T01:02:03.004Z",
        "seq: 7",
        "boot_ms: 1.5",
        "what: navigation",
        "host: evil<U+0025>1.example<U+000D><U+000A>seq: 9",
    ]


def test_the_library_is_the_same_bytes_each_time_and_holds_every_text_in_both_languages() -> None:
    built = library()
    assert built == library()
    found = resource_dll.read(built, resource_dll.MESSAGE_TABLE)
    assert found.keys() == set(LANGUAGES.values())
    for language, number in LANGUAGES.items():
        expected = {IDS[kind]: f"{text}%n%n%1%n%n%2" for kind, text in texts(language).items()}
        assert message_table.read(found[number]) == expected
    assert texts("ja-JP")["receipt_bad"].startswith("手続きの情報が消えたことを確認できません")
