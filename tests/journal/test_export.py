"""Other programs get the journal whole, and nothing in it runs there."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest

from guard.errors import ConfigError
from guard.journal.chain import NO_HEAD, head, is_sealed_with, next_key, prev
from guard.journal.export import Form, destination, export
from guard.journal.reading import EVERYTHING, Reading, Wanted
from tests.support.journal_pages import DAY, FIRST_KEY, Pages, moment

if TYPE_CHECKING:
    from pathlib import Path

    from guard.journal.record import Record


def _syslog(record: Record) -> bytes:
    return f"<110>1 {record.at} {record.kind}".encode()


def _exported(form: Form, folder: Path, wanted: Wanted = EVERYTHING) -> bytes:
    out = io.BytesIO()
    export(form, Reading(folder), out, _syslog, wanted)
    return out.getvalue()


def _rows(folder: Path, wanted: Wanted = EVERYTHING) -> list[dict[str, str]]:
    text = _exported(Form.CSV, folder, wanted).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_the_lines_can_be_verified_elsewhere(tmp_path: Path) -> None:
    pages = Pages()
    pages.busy_day(DAY, 3)
    pages.save(tmp_path)
    last, key = NO_HEAD, FIRST_KEY
    for line in _exported(Form.JSONL, tmp_path).splitlines():
        assert prev(line) == last
        assert is_sealed_with(line, key)
        last, key = head(line), next_key(key)


def test_a_table_has_the_common_columns_first_and_a_column_for_every_field(tmp_path: Path) -> None:
    pages = Pages()
    pages.busy_day(DAY, 2)
    pages.save(tmp_path)
    rows = _rows(tmp_path)
    columns = list(rows[0])
    assert columns[:5] == ["seq", "at", "boot_ms", "session", "kind"]
    assert columns[5:] == sorted(set().union(*(record.fields for record in pages.records)))
    assert len(rows) == len(pages.records)
    receipt = next(row for row in rows if row["kind"] == "receipt")
    assert (receipt["good"], receipt["processes_left"], receipt["alert"]) == ("true", "0", "")


def test_a_table_is_rfc_4180_with_the_mark_that_excel_needs(tmp_path: Path) -> None:
    pages = Pages()
    pages.write(moment(DAY, 9), "refused", what="request", host='a,"b"\nc')
    pages.save(tmp_path)
    table = _exported(Form.CSV, tmp_path)
    assert table.startswith(b"\xef\xbb\xbfseq,")
    assert table.endswith(b"\r\n")
    assert _rows(tmp_path)[0]["host"] == 'a,"b"\nc'


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "＝"])
def test_no_host_becomes_a_formula(tmp_path: Path, sign: str) -> None:
    pages = Pages()
    pages.write(moment(DAY, 9), "refused", what="request", host=f'{sign}HYPERLINK("http://x")')
    pages.write(moment(DAY, 9), "clock", None, **{"jump_s": -3.2, f"{sign}name": 1})
    pages.save(tmp_path)
    refused, clock = _rows(tmp_path)
    assert refused["host"] == f'\'{sign}HYPERLINK("http://x")'
    assert clock["jump_s"] == "-3.2"  # a number is none
    assert f"'{sign}name" in clock


def test_only_what_is_wanted_is_exported(tmp_path: Path) -> None:
    pages = Pages()
    pages.busy_day(DAY, 2)
    pages.save(tmp_path)
    rows = _rows(tmp_path, Wanted(kind="stop"))
    assert [row["kind"] for row in rows] == ["stop"]
    assert list(rows[0]) == ["seq", "at", "boot_ms", "session", "kind"]


def test_damage_is_counted_once_although_a_table_reads_twice(tmp_path: Path) -> None:
    pages = Pages()
    pages.quiet_day(DAY, 1)
    pages.save(tmp_path)
    last = max(tmp_path.iterdir())
    last.write_bytes(b"damage\n" + last.read_bytes())
    reading = Reading(tmp_path)
    export(Form.CSV, reading, io.BytesIO(), _syslog)
    assert reading.skipped == 1


def test_a_collector_gets_one_message_a_line(tmp_path: Path) -> None:
    pages = Pages()
    pages.busy_day(DAY, 1)
    pages.save(tmp_path)
    lines = _exported(Form.SYSLOG, tmp_path).split(b"\n")
    assert lines.pop() == b""
    assert lines == [_syslog(record) for record in pages.records]
    assert all(line.startswith(b"<") for line in lines)


def test_an_empty_journal_exports_nothing_but_the_headings(tmp_path: Path) -> None:
    assert _exported(Form.JSONL, tmp_path) == b""
    assert _exported(Form.CSV, tmp_path) == b"\xef\xbb\xbfseq,at,boot_ms,session,kind\r\n"


def test_without_a_file_it_goes_to_the_terminal(tmp_path: Path) -> None:
    stdout = io.BytesIO()
    with destination(None, stdout) as out:
        out.write(b"new")
    assert stdout.getvalue() == b"new"
    assert list(tmp_path.iterdir()) == []


def test_a_file_takes_the_place_of_an_older_one_once_it_is_whole(tmp_path: Path) -> None:
    output = tmp_path / "journal.csv"
    output.write_bytes(b"old")
    with destination(output, io.BytesIO()) as out:
        out.write(b"new")
        assert output.read_bytes() == b"old"
    assert output.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [output]


def test_what_breaks_off_leaves_the_older_file_and_nothing_else(tmp_path: Path) -> None:
    output = tmp_path / "journal.csv"
    output.write_bytes(b"old")

    def break_off() -> None:
        with destination(output, io.BytesIO()) as out:
            out.write(b"half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        break_off()
    assert output.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [output]


@pytest.mark.parametrize("name", ["none/journal.csv", "folder", "folder/..", ""])
def test_a_file_that_cannot_be_written_is_said_in_one_sentence(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(ConfigError, match="cannot be written"), destination(tmp_path / name, io.BytesIO()):
        pass
    assert [path.name for path in tmp_path.rglob("*")] == ["folder"]
