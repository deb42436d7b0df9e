"""What the engine prints of a sheet. Wine cannot run it, so the lab says nothing of this."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import os
import re
import socket
import subprocess
from typing import TYPE_CHECKING

import pytest

from guard.journal.evidence import Evidence
from guard.journal.reading import Span
from guard.sheet.form import SheetForm
from guard.sheet.pdf import to_pdf
from tests.support.journal_pages import DAY, Pages, japanese_time, report_command

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def _in_japan() -> Iterator[None]:
    with japanese_time():
        yield


def test_the_sheet_of_a_busy_day_is_printed_over_several_pages(tmp_path: Path) -> None:
    pages = Pages()
    pages.busy_day(DAY, 60)
    pdf = report_command(pages.save(tmp_path)).make(Span.day("2026-11-25"), SheetForm.PDF)
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


def test_the_text_of_a_printed_sheet_can_be_searched(tmp_path: Path) -> None:
    pdf = report_command(Evidence(folder=tmp_path)).make(Span.day("2026-11-25"), SheetForm.PDF)
    done = subprocess.run(["pdftotext", "-", "-"], input=pdf, capture_output=True, check=True)
    assert "利用記録（日報）" in done.stdout.decode()
    assert "1 / 1 ページ" in done.stdout.decode()
