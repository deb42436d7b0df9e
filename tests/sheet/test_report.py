"""``guard report`` makes a page that any office can print."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from guard.errors import MachineError
from guard.ground import KEPT_VARIABLES
from guard.journal.evidence import Evidence
from guard.journal.reading import Span
from guard.sheet.command import ReportCommand
from guard.sheet.form import SheetForm
from guard.sheet.pdf import to_pdf
from tests.support.clock import TurnedClock
from tests.support.journal_pages import DAY, Pages, japanese_time

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def _in_japan() -> Iterator[None]:
    with japanese_time():
        yield


def _command(evidence: Evidence) -> ReportCommand:
    return ReportCommand(
        evidence=evidence,
        host="pc-3",
        version="0.1.0",
        clock=TurnedClock(),
        environment=os.environ,
    )


def test_the_sheet_of_a_busy_day_is_printed_over_several_pages(tmp_path: Path) -> None:
    pages = Pages()
    pages.busy_day(DAY, 60)
    pdf = _command(pages.save(tmp_path)).make(Span.day("2026-11-25"), SheetForm.PDF)
    assert pdf.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) > 1
    boxes = {tuple(map(float, box.split())) for box in re.findall(rb"/MediaBox\s*\[([^\]]+)\]", pdf)}
    assert [[round(side) for side in box] for box in boxes] == [[0, 0, 595, 842]]  # points of A4 upright


def test_nothing_of_a_page_is_run_or_fetched_while_it_is_printed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}/"
        page = (
            f'<img src="{address}"><link rel="stylesheet" href="{address}"><iframe src="{address}"></iframe>'
            f'<script>location = "{address}"</script>'
        )
        assert to_pdf(f"<!DOCTYPE html><title>x</title>{page}", os.environ).startswith(b"%PDF-")
        server.settimeout(0)
        with pytest.raises(BlockingIOError):
            server.accept()


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
    assert set(told[1:-1]) - {"LC_CTYPE"} <= {
        *KEPT_VARIABLES,
        *("APPDATA", "HOME", "LOCALAPPDATA", "QT_QPA_PLATFORM", "TEMP", "TMP", "TMPDIR", "XDG_RUNTIME_DIR"),
    }
    assert not os.path.exists(told[-1])  # noqa: PTH110 -- a text from another process


def test_html_needs_no_printer(tmp_path: Path) -> None:
    page = _command(Evidence(folder=tmp_path)).make(Span.month("2026-11"), SheetForm.HTML)
    assert page.startswith(b"<!DOCTYPE html>")


def test_the_text_of_a_printed_sheet_can_be_searched(tmp_path: Path) -> None:
    pdf = _command(Evidence(folder=tmp_path)).make(Span.day("2026-11-25"), SheetForm.PDF)
    done = subprocess.run(["pdftotext", "-", "-"], input=pdf, capture_output=True, check=True)
    assert "利用記録（日報）" in done.stdout.decode()
    assert "1 / 1 ページ" in done.stdout.decode()
