"""The adapter to logind on a real bus, with a logind that does what the test says."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import logging
import re
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from guard.clock import SystemClock
from guard.doctor import Doctor, State, finding
from guard.readers.scard import PyscardScard
from guard.system.login1 import AGAIN, CHECK, Login1Watch
from tests.support.clock import TurnedClock
from tests.support.login1 import NAME, OTHER, OURS, Logind, Stranger, SystemBus
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from guard.session.events import SystemChange

AWAKE = "awake"
SUSPEND, LOCK, LOGOUT, SHUTDOWN = "suspend", "lock", "logout", "shutdown"


class Ear:
    """Remembers what was told."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def system_changing(self, what: SystemChange) -> None:
        self.heard.append(what.value)

    def system_awake(self) -> None:
        self.heard.append(AWAKE)

    def wait(self, *heard: str) -> None:
        """Wait until so much was told; it must be this."""
        until(lambda: len(self.heard) >= len(heard), f"{heard} was not told, but {self.heard}")
        assert self.heard == list(heard)


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[SystemBus]:
    with SystemBus(tmp_path / "bus") as bus:
        yield bus


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
def watch(tmp_path: Path, ear: Ear) -> Iterator[Login1Watch]:
    """A watch that is yet to be started."""
    watch = Login1Watch({"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={tmp_path / 'bus'}"}, ear, SystemClock())
    yield watch
    watch.close()


@pytest.fixture
def logind(bus: SystemBus, watch: Login1Watch) -> Iterator[Logind]:
    """A logind whose lock the watch holds."""
    with Logind(bus) as logind:
        watch.start()
        logind.wait_greeted()
        assert logind.held() == [True]
        yield logind


def test_delay_locks_on_sleep_and_shutdown_are_held_from_the_start_to_the_end(
    logind: Logind, watch: Login1Watch
) -> None:
    asked = [(what, who, mode) for what, who, _, mode in logind.asked]
    assert asked == [("sleep", "Madoguchi Guard", "delay"), ("shutdown", "Madoguchi Guard", "delay")]
    assert logind.held("shutdown") == [True]
    watch.close()
    assert (logind.held("sleep"), logind.held("shutdown")) == ([False], [False])


def test_a_sleep_waits_until_it_is_let_go_and_so_does_the_next_one(
    logind: Logind, watch: Login1Watch, ear: Ear
) -> None:
    for n in range(1, 4):
        ear.heard.clear()
        logind.suspend()
        ear.wait(SUSPEND)
        assert logind.held()[-1]
        watch.let_go()
        assert not any(logind.held())
        assert logind.held("shutdown") == [True]
        logind.resume()
        ear.wait(SUSPEND, AWAKE)
        logind.wait_held([False] * n + [True])


def test_a_sleep_that_came_before_it_was_let_go_leaves_one_lock_held(
    logind: Logind, watch: Login1Watch, ear: Ear
) -> None:
    logind.suspend()
    logind.resume()
    ear.wait(SUSPEND, AWAKE)
    logind.wait_held([False, True])
    watch.let_go()  # by a core that comes too late
    assert logind.held() == [False, True]


def test_signals_that_come_twice_are_told_once(logind: Logind, ear: Ear) -> None:
    logind.resume()
    logind.suspend()
    logind.suspend()
    logind.resume()
    logind.resume()
    logind.lock()
    ear.wait(SUSPEND, AWAKE, LOCK)


def test_a_sleep_whose_end_is_never_told_ends_when_logind_says_so_if_asked(logind: Logind, ear: Ear) -> None:
    logind.resume()
    logind.prepare_for_sleep(start=True)  # in the wrong order: nothing is being prepared
    ear.wait(SUSPEND, AWAKE)
    logind.suspend()
    ear.wait(SUSPEND, AWAKE, SUSPEND)
    logind.preparing = ""
    ear.wait(SUSPEND, AWAKE, SUSPEND, AWAKE)


def test_signals_of_anybody_but_logind_are_not_heeded(bus: SystemBus, logind: Logind, ear: Ear) -> None:
    logind.suspend()
    ear.wait(SUSPEND)
    stranger = Stranger(bus, logind.client)
    stranger.claim_the_name()
    stranger.prepare_for_sleep(start=False)
    stranger.prepare_for_shutdown()
    stranger.lock()
    stranger.remove_session()
    logind.lock()
    ear.wait(SUSPEND, LOCK)
    stranger.close()


def test_lock_and_logout_are_those_of_the_own_session(logind: Logind, ear: Ear) -> None:
    logind.lock(OTHER)
    logind.remove_session(OTHER)
    logind.lock()
    logind.unlock()
    logind.remove_session()
    ear.wait(LOCK, LOGOUT)


def test_a_program_outside_every_session_hears_of_the_one_on_its_display(
    bus: SystemBus, watch: Login1Watch, ear: Ear
) -> None:
    with Logind(bus, session_of_all=None) as logind:
        logind.session_on_display = OURS
        watch.start()
        until(lambda: "GetSession" in logind.answered)
        logind.lock()
        ear.wait(LOCK)
        assert watch.lacks() == ()
        assert Doctor({"DBUS_SYSTEM_BUS_ADDRESS": bus.address}, PyscardScard).system().startswith("logind")


def test_a_session_that_is_being_closed_is_a_logout_and_told_once(
    logind: Logind, watch: Login1Watch, ear: Ear
) -> None:
    logind.state = "closing"
    ear.wait(LOGOUT)
    assert ["is over" in one.sentence for one in watch.lacks()] == [True]
    logind.remove_session()
    logind.suspend()
    ear.wait(LOGOUT, SUSPEND)


@pytest.mark.parametrize("told", ["signal", "before the guard was there"])
def test_a_shutdown_is_told_and_waits_until_the_watch_is_closed(
    bus: SystemBus, watch: Login1Watch, ear: Ear, told: str
) -> None:
    with Logind(bus, preparing="" if told == "signal" else "PreparingForShutdown") as logind:
        watch.start()
        logind.wait_greeted()
        if told == "signal":
            logind.prepare_for_shutdown()
        ear.wait(SHUTDOWN)
        watch.let_go()
        assert logind.held("shutdown") == [True]


@pytest.mark.parametrize("answer", [False, "org.freedesktop.DBus.Error.AccessDenied"])
def test_without_a_lock_all_is_told_the_same(
    bus: SystemBus, watch: Login1Watch, ear: Ear, *, answer: bool | str
) -> None:
    with Logind(bus, inhibits=answer) as logind:
        watch.start()
        logind.wait_greeted()
        logind.suspend()
        logind.resume()
        logind.lock()
        ear.wait(SUSPEND, AWAKE, LOCK)
        assert "Inhibit" in logind.answered


def test_a_lock_that_never_comes_is_lacking_from_the_start_is_said_and_asked_for_again(
    bus: SystemBus, tmp_path: Path, ear: Ear, caplog: pytest.LogCaptureFixture
) -> None:
    clock = TurnedClock()
    watch = Login1Watch({"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={tmp_path / 'bus'}"}, ear, clock)
    assert ["(no answer)" in one.sentence for one in watch.lacks()] == [True]
    with Logind(bus, inhibits=False) as logind, closing(watch):
        watch.start()
        logind.wait_greeted()
        assert ["(no answer)" in one.sentence for one in watch.lacks()] == [True]
        assert caplog.messages == []
        logind.inhibits = True
        clock.turn(AGAIN)
        until(lambda: watch.lacks() == ())
        assert (logind.held(), logind.held("shutdown")) == ([True], [True])
    assert ["(no answer)" in message for message in caplog.messages] == [True]


def test_a_logind_that_does_not_answer_any_more_is_lacking_until_it_does(
    bus: SystemBus, tmp_path: Path, ear: Ear
) -> None:
    clock = TurnedClock()
    watch = Login1Watch({"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={tmp_path / 'bus'}"}, ear, clock)
    with Logind(bus) as logind, closing(watch):
        watch.start()
        logind.wait_greeted()
        until(lambda: watch.lacks() == ())

        def silent() -> bool:
            clock.turn(CHECK)
            return ["logind does not answer" in one.sentence for one in watch.lacks()] == [True]

        with logind.hanging():
            until(silent)
        until(lambda: watch.lacks() == ())


@pytest.mark.parametrize("lack", ["lock", "session"])
def test_what_was_refused_is_asked_for_again_and_what_is_lacking_is_told_until_it_is_not(
    bus: SystemBus, tmp_path: Path, ear: Ear, caplog: pytest.LogCaptureFixture, lack: str
) -> None:
    clock = TurnedClock()
    watch = Login1Watch({"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={tmp_path / 'bus'}"}, ear, clock)
    with Logind(bus) as logind, closing(watch):
        if lack == "lock":
            logind.inhibits = f"{NAME}.AccessDenied"
        else:
            logind.session_of_all = None
        watch.start()
        logind.wait_greeted()
        wanted = "AccessDenied" if lack == "lock" else "no session"
        until(lambda: [wanted in one.sentence for one in watch.lacks()] == [True])
        logind.inhibits, logind.session_of_all = True, OURS
        clock.turn(AGAIN)
        until(lambda: watch.lacks() == ())
        logind.lock()
        ear.wait(LOCK)
        assert logind.held()[-1]
        assert logind.held("shutdown")[-1]
    assert len(caplog.messages) == 1


def test_a_logind_that_was_restarted_gets_a_new_lock_and_what_was_missed_is_told(
    bus: SystemBus, watch: Login1Watch, ear: Ear
) -> None:
    with Logind(bus) as logind:
        watch.start()
        logind.wait_greeted()
        logind.suspend()
        ear.wait(SUSPEND)
    with Logind(bus) as again:
        ear.wait(SUSPEND, AWAKE)
        again.wait_held([False, True])  # one for the greeting, and one for the end of the sleep
        again.lock()
        ear.wait(SUSPEND, AWAKE, LOCK)


@pytest.mark.usefixtures("logind")
def test_a_bus_that_went_away_is_found_again_and_said_once(
    bus: SystemBus, ear: Ear, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    bus.kill()
    until(lambda: "the system bus does not answer (FileNotFoundError)" in caplog.text)
    bus.start()
    with Logind(bus) as again:
        again.wait_greeted()
        assert again.held() == [True]
        again.suspend()
        ear.wait(SUSPEND)
    lost = re.findall(r"the system bus does not answer \(\w+\)", caplog.text)
    assert len(lost) == len(set(lost)), "what is the same is said once"


def test_a_bus_that_comes_later_is_found_and_that_it_was_missing_is_said_once(
    tmp_path: Path, watch: Login1Watch, ear: Ear, caplog: pytest.LogCaptureFixture
) -> None:
    watch.start()
    until(lambda: "the system bus does not answer (FileNotFoundError)" in caplog.text)
    with SystemBus(tmp_path / "bus") as bus:
        until(lambda: "logind is not on the system bus" in caplog.text)
        with Logind(bus) as logind:
            logind.wait_greeted()
            logind.lock()
            ear.wait(LOCK)
            assert caplog.text.count("FileNotFoundError") == 1
            assert caplog.text.count("logind is not on the system bus") == 1
        until(lambda: caplog.text.count("logind is not on the system bus") == 2)  # it is lost once more


def test_a_program_outside_every_session_is_told_of_sleep_and_says_that_it_is_not_told_of_locks(
    bus: SystemBus, watch: Login1Watch, ear: Ear, caplog: pytest.LogCaptureFixture
) -> None:
    with Logind(bus, session_of_all=None) as logind:
        watch.start()
        logind.wait_greeted()
        logind.suspend()
        ear.wait(SUSPEND)
        until(lambda: "belongs to no session" in caplog.text)


def test_a_bus_that_lets_nobody_in_is_given_up_and_tried_again(
    tmp_path: Path, watch: Login1Watch, ear: Ear, caplog: pytest.LogCaptureFixture
) -> None:
    with SystemBus(tmp_path / "bus", answers=False) as silent:
        found = finding("system", Doctor({"DBUS_SYSTEM_BUS_ADDRESS": silent.address}, PyscardScard).system)
        assert (found.state, "(TimeoutError)" in found.found) == (State.WARN, True)
        watch.start()
        until(lambda: "the system bus does not answer (TimeoutError)" in caplog.text)
    with SystemBus(tmp_path / "bus") as bus, Logind(bus) as logind:
        logind.wait_greeted()
        logind.lock()
        ear.wait(LOCK)


@pytest.mark.parametrize(
    ("inhibits", "session", "sentence", "mend"),
    [
        (f"{NAME}.AccessDenied", OURS, "does not wait for the guard (AccessDenied)", "polkitd"),
        (True, None, "belongs to no session", "X11 session"),
    ],
)
def test_doctor_says_what_logind_does_not_do_and_how_to_mend_it(
    bus: SystemBus, *, inhibits: bool | str, session: str | None, sentence: str, mend: str
) -> None:
    with Logind(bus, inhibits=inhibits, session_of_all=session):
        found = finding("system", Doctor({"DBUS_SYSTEM_BUS_ADDRESS": bus.address}, PyscardScard).system)
    assert found.state is State.WARN
    assert sentence in found.found
    assert mend in found.mend


def test_doctor_says_how_long_logind_waits_or_that_it_or_the_bus_is_missing(bus: SystemBus) -> None:
    doctor = Doctor({"DBUS_SYSTEM_BUS_ADDRESS": bus.address}, PyscardScard)
    with Logind(bus) as logind:
        assert doctor.system() == "logind, which waits up to 5 s"
        logind.wait_held([False])
    found = finding("system", doctor.system)
    assert (found.state, "logind is not on the system bus" in found.found) == (State.WARN, True)
    bus.kill()
    found = finding("system", doctor.system)
    assert (found.state, "the system bus does not answer" in found.found) == (State.WARN, True)
    assert "dbus" in found.mend
