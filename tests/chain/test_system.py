"""Sleep, lock, logout and shutdown at a real counter, on a real bus with a logind that the test commands."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

from typing import TYPE_CHECKING

import pytest

from tests.support.counter import PATIENCE, Counter, counter
from tests.support.login1 import Logind, SystemBus
from tests.support.site import PORTAL_COLOUR, web_site
from tests.support.waiting import until
from tests.support.xvfb import Xvfb

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.pcsc import VirtualReader

pytestmark = pytest.mark.chain
pytest_plugins = ("tests.support.pcsc",)


@pytest.fixture
def one(tmp_path: Path, practice_reader: VirtualReader) -> Iterator[Counter]:
    """A counter that has become READY, and found no system bus."""
    with (
        Xvfb() as server,
        web_site() as site,
        counter(tmp_path, practice_reader, server.display, site.profile(tmp_path)) as one,
    ):
        one.wait_state("READY")
        yield one


@pytest.fixture
def bus(one: Counter) -> Iterator[SystemBus]:
    with SystemBus(one.system_bus) as bus:
        yield bus


@pytest.fixture
def logind(bus: SystemBus) -> Iterator[Logind]:
    """A logind whose delay lock the guard holds."""
    with Logind(bus) as logind:
        logind.wait_greeted()
        assert logind.held() == [True]
        yield logind


def _is_covered_and_proven_gone(one: Counter, opened: int) -> bool:
    """Tell whether that is so now, not whether it becomes so."""
    since = [record for record in one.journal() if int(str(record["seq"])) > opened]
    good = [record for record in since if record["kind"] == "receipt" and record["good"] is True]
    return bool(good) and not one.shows(PORTAL_COLOUR)


def test_a_sleep_waits_for_the_proof_and_afterwards_the_counter_comes_back_by_itself(
    one: Counter, logind: Logind
) -> None:
    opened = one.open_session()
    logind.suspend()
    logind.wait_held([False])
    assert _is_covered_and_proven_gone(one, opened)
    one.reader.remove()
    logind.resume()
    awake = one.wait_record(lambda record: record.get("event") == "awake", "the end of the sleep")
    one.wait_state("READY", after=int(str(awake["seq"])))
    logind.wait_held([False, True])
    assert "clock_jumped" not in str(one.status()["alerts"])


def test_a_card_laid_while_the_pc_sleeps_opens_nothing_until_it_was_taken(
    one: Counter, logind: Logind
) -> None:
    before = one.now()
    logind.suspend()
    logind.suspend()
    logind.wait_held([False])
    one.reader.insert()
    one.wait_record(lambda record: record.get("event") == "card_present", "the card", after=before)
    logind.resume()
    logind.resume()
    one.wait_state("TAKE_CARD", after=before)
    one.reader.remove()
    one.wait_state("READY", after=before)
    assert not [record for record in one.journal() if record.get("after") == "ACTIVE"]


def test_a_shutdown_waits_for_the_proof_and_for_the_last_record(one: Counter, logind: Logind) -> None:
    opened = one.open_session()
    logind.prepare_for_shutdown()
    logind.wait_held([False], "shutdown")
    assert _is_covered_and_proven_gone(one, opened)
    assert one.journal()[-1]["kind"] == "stop"
    assert one.core
    assert one.core.wait(PATIENCE) == 0
    assert one.guard_processes() == []


@pytest.mark.parametrize("what", ["lock", "logout"])
def test_a_lock_or_logout_of_the_session_ends_what_the_citizen_left(
    one: Counter, logind: Logind, what: str
) -> None:
    opened = one.open_session()
    if what == "lock":
        logind.lock()
    else:
        logind.state = "closing"
    one.wait_record(lambda record: record.get("event") == what, what, after=opened)
    one.wait_state("TAKE_CARD", after=opened)
    assert _is_covered_and_proven_gone(one, opened)
    one.reader.remove()
    one.wait_state("READY", after=opened)
    assert logind.held() == [True]


def test_a_bus_that_goes_away_ends_no_session_and_is_found_again(
    one: Counter, bus: SystemBus, logind: Logind
) -> None:
    opened = one.open_session()
    assert logind.held() == [True]
    losses = one.log().count("the system bus does not answer (")
    bus.kill()
    one.until(lambda: one.log().count("the system bus does not answer (") > losses, "the loss")
    assert one.status()["state"] == "ACTIVE"
    bus.start()
    with Logind(bus) as again:
        again.wait_greeted()
        assert one.status()["state"] == "ACTIVE"
        again.suspend()
        again.wait_held([False])
        assert _is_covered_and_proven_gone(one, opened)


def test_a_logind_that_never_answers_for_a_lock_holds_up_nothing(one: Counter, bus: SystemBus) -> None:
    with Logind(bus, inhibits=False) as logind:
        logind.wait_greeted()
        opened = one.open_session()
        assert "(no answer)" in str(one.status()["system"])
        logind.suspend()
        one.wait_state("STARTING", after=opened)
        assert _is_covered_and_proven_gone(one, opened)
        one.reader.remove()
        logind.resume()
        one.wait_state("READY", after=opened)
        until(lambda: logind.answered.count("Inhibit") > 2, "the lock was not asked for again")
