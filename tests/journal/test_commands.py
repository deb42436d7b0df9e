"""``guard journal`` on a terminal."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import pytest

from guard.journal.commands import JournalCommands, words
from guard.journal.export import Form
from guard.journal.reading import EVERYTHING, Span, Wanted
from tests.support.journal_pages import DAY, Pages, japanese_time, moment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def _in_japan() -> Iterator[None]:
    with japanese_time():
        yield


class Terminal:
    """The commands on a folder, and what they printed."""

    def __init__(self, folder: Path) -> None:
        self.out, self.err = io.StringIO(), io.StringIO()
        self.commands = JournalCommands(folder, self.out, self.err, words())

    def lines(self) -> list[str]:
        return self.out.getvalue().splitlines()


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    pages = Pages()
    pages.busy_day(DAY, 3)
    pages.save(tmp_path)
    return Terminal(tmp_path)


def test_records_are_shown_in_local_time(terminal: Terminal) -> None:
    terminal.commands.show(Wanted(kind="start"), as_json=False)
    heading, first, _ = terminal.lines()
    assert "Time" in heading
    assert first.startswith("2026-11-25 08:15:00.000  start")
    assert "after=stop  swept=0" in first


def test_the_lines_themselves_are_shown_to_programs(terminal: Terminal, tmp_path: Path) -> None:
    terminal.commands.show(EVERYTHING, as_json=True)
    files = [path.read_bytes() for path in sorted(tmp_path.iterdir())]
    assert terminal.out.getvalue().encode() == b"".join(files)


def test_that_there_is_nothing_is_said(terminal: Terminal) -> None:
    terminal.commands.show(Wanted(span=Span.day("2026-01-01")), as_json=False)
    assert terminal.lines() == [words().of("nothing")]


def test_no_record_moves_the_cursor_of_the_terminal(tmp_path: Path) -> None:
    pages = Pages()
    pages.write(moment(DAY, 9), "refused", "\x1b[2J", what="\u202e", host="\x1b]0;x\x07\n")
    pages.write(moment(DAY, 9), "alert", alert="\x1b[2J", count=1)
    pages.save(tmp_path)
    with max(tmp_path.iterdir()).open("ab") as file:  # no character at all, which no file or screen can take
        file.write(
            rb'{"seq":3,"at":"2026-11-25T00:00:00Z","boot_ms":1,"session":null,"kind":"\ud800"}' + b"\n"
        )
    terminal = Terminal(tmp_path)
    terminal.commands.show(EVERYTHING, as_json=False)
    terminal.commands.stats(None, as_json=False)
    printed = terminal.out.getvalue()
    assert all(sign.isprintable() for sign in printed.replace("\n", ""))
    printed.encode()


def test_what_could_not_be_read_is_owned_up_to(terminal: Terminal, tmp_path: Path) -> None:
    with max(tmp_path.iterdir()).open("ab") as file:
        file.write(b"damage\n")
    terminal.commands.show(EVERYTHING, as_json=False)
    assert words().of("skipped", count=1) in terminal.err.getvalue()


def test_the_figures_of_a_day_are_printed_for_people(terminal: Terminal) -> None:
    terminal.commands.stats(Span.day("2026-11-25"), as_json=False)
    printed = terminal.out.getvalue()
    assert "reader_lost ×3: 2026-11-25 16:45:00 → 2026-11-25 16:49:00 職員 / staff 1042: mended" in printed
    assert "logout_not_confirmed ×1: 2026-11-25 16:54:20 → 未確認 / open" in printed
    assert any("Sessions opened" in line and line.endswith(" 6") for line in terminal.lines())


def test_the_figures_of_nothing_are_zero(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    terminal.commands.stats(Span.month("2026-11"), as_json=False)
    assert any("Wipe proven" in line and line.endswith("n=0") for line in terminal.lines())


def test_the_figures_are_printed_for_programs(terminal: Terminal) -> None:
    terminal.commands.stats(Span.month("2026-11"), as_json=True)
    found = json.loads(terminal.out.getvalue())
    assert found["span"] == {"first": "2026-11-01", "last": "2026-11-30"}
    assert found["sessions"]["opened"] == 6
    assert found["alerts"]["open"] == 1
    assert found["wipe_ms"]["n"] == 5
    assert found["running"][0]["at"] == "2026-11-24T23:15:00.000Z"


def test_an_export_goes_to_the_bytes_it_was_given(terminal: Terminal) -> None:
    raw = io.BytesIO()
    terminal.commands.export(Form.SYSLOG, Wanted(kind="stop"), raw, lambda record: record.kind.encode())
    assert raw.getvalue() == b"stop\n"
