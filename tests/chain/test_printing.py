"""A citizen prints: whole guard, real page, real CUPS; what is not printed when they go never is."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from guard.practice.hands import XTestHands
from tests.support.counter import PATIENCE, Counter
from tests.support.cups import OwnCups
from tests.support.site import PORTAL_COLOUR, START, web_site
from tests.support.waiting import until
from tests.support.xvfb import Xvfb

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.pcsc import VirtualReader

pytestmark = pytest.mark.chain
pytest_plugins = ("tests.support.pcsc",)

WRITTEN = "住民票の写し"
PAGE = START.replace(
    "<input",
    f"""<p>{WRITTEN}</p><script>
let printed = false;
addEventListener('keydown', event => {{
  fetch('/pressed');
  if (event.key !== 'F9' || printed) return;
  printed = true;
  print();
}});
</script><input""",
)


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    with Xvfb() as server:
        yield server.display


@pytest.fixture
def cups() -> Iterator[OwnCups]:
    with OwnCups() as one:
        yield one


@contextmanager
def counter_at(
    queue: str, folder: Path, reader: VirtualReader, display: str, cups: OwnCups
) -> Iterator[Counter]:
    """Run a counter whose pages print on this queue."""
    with web_site({"/": PAGE}) as site:
        profile = site.profile(folder)
        profile.write_text(profile.read_text("utf-8") + "[permit]\nprinting = true\n", "utf-8")
        one = Counter(folder, reader, display, profile, f'[printing]\nprinter = "{queue}"\n')
        one.environment["CUPS_SERVER"] = cups.environment["CUPS_SERVER"]
        one.start()
        try:
            one.wait_state("READY")
            yield one
        finally:
            if one.core and one.core.is_running():
                one.stop()


def print_something(one: Counter) -> int:
    """Open a session and print its page; return the number of the record that opened it."""
    opened = one.open_session()
    with XTestHands(one.display, beyond_keyboard="") as hands:

        def asked() -> bool:
            hands.press("F9")
            return not one.shows(PORTAL_COLOUR)

        def answered() -> bool:
            hands.press(
                "Return"
            )  # again and again: under load, a key of the first moment was seen to get lost
            return one.shows(PORTAL_COLOUR)

        one.until(asked, "the question")
        one.until(answered, "the answer")
    printed = one.wait_record(lambda record: record["kind"] == "print", "the print", after=opened)
    assert printed["outcome"] == "queued"
    assert int(str(printed["bytes"])) > 1000
    return opened


def receipt(one: Counter, opened: int) -> tuple[object, object]:
    found = one.wait_record(lambda record: record["kind"] == "receipt", "the receipt", after=opened)
    return found["print_jobs"], found["good"]


def text_of(pdf: Path) -> str:
    return subprocess.run(
        ["pdftotext", pdf, "-"], capture_output=True, timeout=PATIENCE, check=True
    ).stdout.decode()


def test_a_page_comes_out_of_the_printer_and_nothing_of_it_stays(
    tmp_path: Path, practice_reader: VirtualReader, display: str, cups: OwnCups
) -> None:
    with counter_at("paper", tmp_path, practice_reader, display, cups) as one:
        opened = print_something(one)
        until(lambda: cups.jobs() != [] and cups.tell("lpstat", "-W", "not-completed", "-o") == "")
        assert WRITTEN in text_of(cups.printed("paper"))
        piece = cups.printed("paper").read_bytes()[-400:]
        assert cups.files_with(piece), "CUPS keeps it, and the search finds it"
        one.reader.remove()
        assert receipt(one, opened) == ("1 finished", True)
        assert cups.jobs() == []
        assert cups.files_with(piece) == []
        one.wait_state("READY", after=opened)


def test_what_is_not_printed_when_the_card_goes_never_is(
    tmp_path: Path, practice_reader: VirtualReader, display: str, cups: OwnCups
) -> None:
    with counter_at("stuck", tmp_path, practice_reader, display, cups) as one:
        opened = print_something(one)
        assert len(cups.jobs()) == 1
        one.reader.remove()
        assert receipt(one, opened) == ("1 cancelled", True)
        assert cups.jobs() == []
        one.wait_state("READY", after=opened)

        opened = print_something(one)
        cups.kill()
        one.reader.remove()
        assert receipt(one, opened) == ("not proven", False)
        one.wait_state("WIPE_FAILED", after=opened)
        cups.start()
        one.wait_state("READY", after=opened)
        assert cups.jobs() == []

        opened = print_something(one)
        one.kill()
        assert len(cups.jobs()) == 1
        one.start()
        one.reader.remove()
        one.wait_state("READY", after=opened)
        assert cups.jobs() == []
        cups.tell("cupsenable", "stuck")
        assert not cups.printed("stuck").exists()
