"""Card in, card out, on pcscd, a virtual reader, real windows and a real browser engine."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from tests.support.counter import Counter, counter
from tests.support.processes import ended
from tests.support.site import HANGS_AT_B, PORTAL_COLOUR, WebSite, web_site
from tests.support.xvfb import Xvfb

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.pcsc import VirtualReader

pytestmark = pytest.mark.chain
pytest_plugins = ("tests.support.pcsc",)


@pytest.fixture(scope="module", params=["bare-embedded", "openbox-embedded", "openbox-chromium"])
def place(request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    """A display, with a window manager or without, and the settings that name the browser."""
    manager, _, kind = request.param.partition("-")
    with Xvfb(window_manager=None if manager == "bare" else manager) as server:
        yield server.display, f'[browser]\nkind = "{kind}"\n'


@pytest.fixture(scope="module")
def site() -> Iterator[WebSite]:
    with web_site() as site:
        site.pages["/"] += HANGS_AT_B
        yield site


@pytest.fixture
def one(
    tmp_path: Path, practice_reader: VirtualReader, place: tuple[str, str], site: WebSite
) -> Iterator[Counter]:
    """A counter that has become READY."""
    display, settings = place
    with counter(tmp_path, practice_reader, display, site.profile(tmp_path), settings) as one:
        one.wait_state("READY")
        yield one


def _capsule_processes(one: Counter) -> list[psutil.Process]:
    """Return all of all capsules that the guard names and that live."""
    found: list[psutil.Process] = []
    for pid in one.status()["capsule"]["pids"]:  # type: ignore[index]
        with suppress(psutil.NoSuchProcess):
            found.append(psutil.Process(pid))
    return found


def _ended_well(one: Counter, opened: int) -> None:
    """The session is covered, proven gone, and nothing of its container lives."""
    covered = one.wait_record(lambda record: record["kind"] == "covered", "the cover", after=opened)
    receipt = one.wait_record(lambda record: record["kind"] == "receipt", "the receipt", after=opened)
    assert covered
    assert receipt["good"] is True
    assert receipt["processes_left"] == 0
    assert receipt["storage_left"] is False
    assert not one.shows(PORTAL_COLOUR)


def test_a_card_opens_the_portal_and_its_removal_covers_wipes_and_makes_ready(one: Counter) -> None:
    assert not one.shows(PORTAL_COLOUR), "the warm spare is never seen"
    for _ in range(3):
        opened = one.open_session()
        pids = _capsule_processes(one)
        assert pids
        one.reader.remove()
        _ended_well(one, opened)
        receipt = one.wait_record(lambda record: record["kind"] == "receipt", "the receipt", after=opened)
        assert receipt["logout"] == "confirmed"
        one.wait_state("READY", after=opened)
        status = one.status()
        assert status["state"] == "READY"
        assert status["session"] is None
        assert status["covered"] is True


def test_card_swap_within_one_poll_ends_the_session(one: Counter) -> None:
    opened = one.open_session()
    one.reader.swap()
    _ended_well(one, opened)
    one.wait_state("TAKE_CARD", after=opened)
    before = one.now()
    one.reader.remove()
    one.wait_state("READY", after=before)


def test_two_hundred_quick_cards_leave_nothing_and_never_share_a_session(one: Counter) -> None:
    for _ in range(200):
        one.reader.insert()
        one.reader.remove()
    before = one.now()
    one.until(lambda: one.status().get("state") == "READY", "READY after the storm")
    records = one.journal()
    opened = [record["session"] for record in records if record.get("after") == "ACTIVE"]
    proven = [record["session"] for record in records if record["kind"] == "receipt" and record["good"]]
    assert len(set(opened)) == len(opened)
    assert proven == opened
    assert before


def test_pcscd_killed_in_a_session_ends_it_and_its_return_makes_ready(one: Counter) -> None:
    opened = one.open_session()
    os.kill(one.reader.pcscd_pid, signal.SIGKILL)
    _ended_well(one, opened)
    one.wait_state("OUT_OF_SERVICE", after=opened)
    one.reader.remove()
    one.reader.restart_service()
    one.until(lambda: one.status().get("state") == "READY", "READY after the service came back")
    assert one.status()["alerts_open"], "the loss stays open as an alert"


def test_a_reader_service_that_hangs_counts_as_removal(one: Counter) -> None:
    opened = one.open_session()
    os.kill(one.reader.pcscd_pid, signal.SIGSTOP)
    try:
        _ended_well(one, opened)
        one.wait_state("OUT_OF_SERVICE", after=opened)
    finally:
        os.kill(one.reader.pcscd_pid, signal.SIGCONT)
    one.until(lambda: one.status().get("state") == "TAKE_CARD", "the card that still lies there")
    one.reader.remove()
    one.until(lambda: one.status().get("state") == "READY", "READY")


def test_an_unplugged_reader_ends_the_session_and_comes_back(one: Counter) -> None:
    opened = one.open_session()
    one.reader.unplug()
    _ended_well(one, opened)
    one.wait_state("OUT_OF_SERVICE", after=opened)
    one.reader.remove()
    one.reader.plug()
    one.until(lambda: one.status().get("state") == "READY", "READY after replugging")


def test_a_killed_capsule_ends_the_session(one: Counter) -> None:
    spare = set(_capsule_processes(one))
    opened = one.open_session()
    for process in spare:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    _ended_well(one, opened)
    one.wait_state("TAKE_CARD", after=opened)


def test_a_stopped_capsule_cannot_delay_cover_nor_wipe(one: Counter) -> None:
    spare = _capsule_processes(one)
    opened = one.open_session()
    for process in spare:
        with suppress(psutil.NoSuchProcess):  # one that only the start needed
            process.suspend()
    one.reader.remove()
    _ended_well(one, opened)
    receipt = one.wait_record(lambda record: record["kind"] == "receipt", "the receipt", after=opened)
    assert receipt["logout"] == "not_confirmed"
    one.wait_state("READY", after=opened)
    assert one.status()["alerts_open"], "a logout that was not confirmed stays open as an alert"


def test_a_page_that_never_yields_cannot_delay_cover_nor_wipe(one: Counter, site: WebSite) -> None:
    opened = one.open_session()
    one.press_until("b", lambda: site.take("/hung"), "a page that hangs")
    one.reader.remove()
    _ended_well(one, opened)
    one.wait_state("READY", after=opened)


def test_a_killed_curtain_ends_the_session_and_comes_back(one: Counter) -> None:
    opened = one.open_session()
    curtain = one.curtain_processes()
    assert curtain
    for process in curtain:
        with suppress(psutil.NoSuchProcess):  # the death of one takes others along
            process.kill()
    _ended_well(one, opened)
    one.reader.remove()
    one.until(lambda: one.status().get("state") == "READY", "READY with a new curtain")


def test_a_killed_core_takes_the_capsule_with_it_and_the_screen_stays_covered(one: Counter) -> None:
    one.open_session()
    capsules = _capsule_processes(one)
    assert capsules
    one.kill()
    one.core = None
    ended(capsules)
    one.until(lambda: not one.shows(PORTAL_COLOUR), "the cover")
    one.come_back()
    namespaces = {Path(f"/proc/{process.pid}/ns/pid").readlink() for process in one.curtain_processes()}
    assert len(namespaces - {Path("/proc/self/ns/pid").readlink()}) == 1, "the orphaned curtain was ended"


def test_a_core_that_is_frozen_is_covered_by_the_curtain_and_the_session_ends_when_it_wakes(
    one: Counter,
) -> None:
    opened = one.open_session()
    with one.frozen():
        one.until(lambda: not one.shows(PORTAL_COLOUR), "the cover by the curtain")
    _ended_well(one, opened)
    one.wait_state("TAKE_CARD", after=opened)


def test_a_card_that_lies_there_at_the_start_opens_nothing(
    tmp_path: Path, practice_reader: VirtualReader, place: tuple[str, str], site: WebSite
) -> None:
    display, settings = place
    practice_reader.insert()
    with counter(tmp_path, practice_reader, display, site.profile(tmp_path), settings) as one:
        one.wait_state("TAKE_CARD")
        assert not one.shows(PORTAL_COLOUR)
        practice_reader.remove()
        one.wait_state("READY")
    assert not [record for record in one.journal() if record.get("after") == "ACTIVE"]


def test_a_card_left_in_after_guard_end_opens_nothing_until_it_was_taken(one: Counter) -> None:
    opened = one.open_session()
    answer = one.command("end")
    assert answer.returncode == 0, answer.stderr
    _ended_well(one, opened)
    one.wait_state("TAKE_CARD", after=opened)
    assert not one.shows(PORTAL_COLOUR)
    one.reader.remove()
    one.wait_state("READY", after=opened)


def test_guard_cover_covers_at_once_and_nothing_uncovers(one: Counter) -> None:
    opened = one.open_session()
    answer = one.command("cover")
    assert answer.returncode == 0, answer.stderr
    one.wait_state("HELD", after=opened)
    one.until(lambda: not one.shows(PORTAL_COLOUR), "the cover")
    one.reader.remove()
    _ended_well(one, opened)


def test_an_orderly_stop_in_a_session_wipes_it_and_leaves_no_process(one: Counter) -> None:
    opened = one.open_session()
    assert one.stop() == 0
    _ended_well(one, opened)
    assert one.guard_processes() == []
