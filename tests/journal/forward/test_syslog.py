"""Whatever a record's texts are, what leaves the PC is in the form that is promised."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from guard.journal.forward.journald import entry
from guard.journal.forward.syslog import framed, message
from guard.journal.forward.telling import plain, sentence
from guard.journal.record import Record
from guard.journal.severity import severity
from tests.journal.forward.book import record
from tests.support.rsyslog import received

if TYPE_CHECKING:
    from guard.journal.port import Field

_ANY = st.text(st.characters(exclude_categories=()))
"""Lone surrogates, too: JSON may hold them."""
_FIELD = st.one_of(_ANY, st.integers(), st.floats(), st.booleans(), st.none())
_RECORDS = st.builds(
    Record,
    seq=st.integers(0),
    at=st.one_of(_ANY, st.just("2026-11-25T09:00:00.000Z")),
    boot_ms=st.floats(),
    session=st.none() | _ANY,
    kind=st.one_of(_ANY, st.sampled_from(["alert", "refused", "pin", "receipt", "damaged"])),
    fields=st.dictionaries(_ANY | st.sampled_from(["host", "alert"]), _FIELD, max_size=40),
)


@given(_RECORDS, _ANY)
@example(record(1, "a b", host='"]\\'), "counter 1")
def test_every_message_is_one_of_rfc_5424(any_record: Record, host: str) -> None:
    text = message(any_record, host, "0.1.0").decode()
    read = received(text)  # refuses every breach
    assert "\n" not in text
    assert (read.facility, read.severity) == (13, severity(any_record))
    assert read.elements["guard@32473"]["seq"] == plain(str(any_record.seq))
    assert set(read.elements) == {"guard@32473", "origin"}
    assert len(text.encode()) < 64 * 1024


@given(_RECORDS)
def test_every_entry_for_journald_has_one_line_a_field(any_record: Record) -> None:
    lines = entry(any_record).decode().split("\n")
    assert lines.pop() == ""
    names = [line.partition("=")[0] for line in lines]
    assert len(set(names)) == len(names)
    for name in names:
        assert name in {"MESSAGE", "PRIORITY", "SYSLOG_IDENTIFIER"} or name.startswith("GUARD_")
        assert set(name) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
        assert len(name) <= 64


def test_the_frame_counts_octets_and_not_characters() -> None:
    assert framed("偽物".encode()) == "6 偽物".encode()


def test_what_the_guard_writes_is_shorter_than_what_every_receiver_takes() -> None:
    fields: dict[str, Field] = {f"a_long_name_of_ms_{number}": 123456.789 for number in range(20)}
    fields["host"] = "h" * 253
    longest = Record(
        seq=10**9,
        at="2026-11-25T09:00:00.000Z",
        boot_ms=1e12,
        session="0" * 36,
        kind="refused",
        fields=fields,
    )
    assert len(message(longest, "h" * 64, "0.1.0")) < 2048  # RFC 5425, section 4.3.1


def test_fields_of_one_name_are_told_apart() -> None:
    same: dict[str, Field] = {"a b": 1, "a=b": 2, "a_b_2": 3}
    made = Record(seq=1, at="-", boot_ms=0.0, session=None, kind="x", fields=same)
    read = received(message(made, "h", "v").decode())
    assert set(read.elements["guard@32473"].items()) >= {("a_b", "1"), ("a_b_2", "2")}
    assert "3" in read.elements["guard@32473"].values()


@pytest.mark.parametrize(
    ("kind", "fields", "text"),
    [
        ("alert", {"alert": "wipe_failed", "count": 2}, "alert wipe_failed, 2 so far"),
        ("damaged", {"what": "record_missing"}, "journal is damaged: record_missing"),
        ("reader", {}, "reader: -"),
        ("of a later version", {"a": 1}, "of a later version"),
    ],
)
def test_a_sentence_says_what_happened(kind: str, fields: dict[str, str | int], text: str) -> None:
    made = Record(seq=1, at="-", boot_ms=0.0, session=None, kind=kind, fields=fields)
    assert sentence(made) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("普通のhost", "普通のhost"),
        ("a\nb\x1b[0m", "a<U+000A>b<U+001B>[0m"),
        ("\u202e\ud800", "<U+202E><U+D800>"),
        ("x" * 300, "x" * 256 + "…"),
        ("x" * 256, "x" * 256),
        ("\0" * 256, ("<U+0000>" * 32) + "…"),
    ],
)
def test_a_plain_text_is_one_line_of_what_can_be_seen(text: str, shown: str) -> None:
    assert plain(text) == shown
