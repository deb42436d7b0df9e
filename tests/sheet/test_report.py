"""``guard report`` makes a page that any office can print."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from guard.errors import MachineError
from guard.ground import KEPT_VARIABLES
from guard.journal.evidence import Evidence
from guard.journal.reading import Span
from guard.sheet.form import SheetForm
from guard.sheet.pdf import to_pdf
from tests.support import bare_process
from tests.support.journal_pages import japanese_time, report_command

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def _in_japan() -> Iterator[None]:
    with japanese_time():
        yield


def test_a_printer_that_fails_is_said_in_one_sentence() -> None:
    for script in ("raise SystemExit(1)", "print('%PDF-', end=''); raise SystemExit(1)", "print('no pdf')"):
        with pytest.raises(MachineError, match="could not be made a PDF"):
            to_pdf("", os.environ, (sys.executable, "-c", script))


def test_a_printer_that_does_not_end_is_killed() -> None:
    with pytest.raises(MachineError, match="was not printed within"):
        to_pdf("", os.environ, (sys.executable, "-c", "while True: pass"), timeout=0.2)


def test_the_printer_gets_nothing_of_the_environment_that_it_does_not_need() -> None:
    script = "import os; print('%PDF-', *sorted(os.environ), os.environ['HOME'])"
    told = to_pdf("", {**os.environ, "SECRET": "x"}, (sys.executable, "-c", script)).decode().split()
    assert "SECRET" not in told
    assert set(told[1:-1]) <= {
        *KEPT_VARIABLES,
        *bare_process.variables(),
        *("APPDATA", "HOME", "LOCALAPPDATA", "QT_QPA_PLATFORM", "TEMP", "TMP", "TMPDIR", "XDG_RUNTIME_DIR"),
    }
    assert not os.path.exists(told[-1])  # noqa: PTH110 -- a text from another process


def test_html_needs_no_printer(tmp_path: Path) -> None:
    page = report_command(Evidence(folder=tmp_path)).make(Span.month("2026-11"), SheetForm.HTML)
    assert page.startswith(b"<!DOCTYPE html>")
