from __future__ import annotations

from guard.session.events import CoverLate, HoldOver, SessionId
from guard.timers import Timers
from tests.support.clock import TurnedClock

LATE = CoverLate()
HOLD = HoldOver(session=SessionId("a"))


def test_a_deadline_is_due_once_and_only_when_its_time_has_come() -> None:
    clock = TurnedClock()
    timers = Timers(clock)
    timers.arm("cover", 0.5, LATE)
    clock.turn(0.25)
    assert timers.take_due() == []
    clock.turn(0.25)
    assert timers.take_due() == [LATE]
    assert timers.take_due() == []


def test_a_deadline_armed_again_counts_from_now() -> None:
    clock = TurnedClock()
    timers = Timers(clock)
    timers.arm("hold", 1, HOLD)
    clock.turn(0.75)
    timers.arm("hold", 1, HOLD)
    clock.turn(0.75)
    assert timers.take_due() == []
    assert timers.left("hold") == 0.25


def test_a_disarmed_deadline_never_comes() -> None:
    clock = TurnedClock()
    timers = Timers(clock)
    timers.arm("hold", 1, HOLD)
    timers.disarm("hold")
    clock.turn(5)
    assert timers.take_due() == []
    assert not timers.armed("hold")
    assert timers.left("hold") is None


def test_the_longest_overdue_comes_first() -> None:
    clock = TurnedClock()
    timers = Timers(clock)
    timers.arm("hold", 2, HOLD)
    timers.arm("cover", 1, LATE)
    clock.turn(3)
    assert timers.take_due() == [LATE, HOLD]


def test_the_loop_sleeps_until_the_next_deadline_but_never_longer_than_it_may() -> None:
    clock = TurnedClock()
    timers = Timers(clock)
    assert timers.sleep(0.25) == 0.25
    timers.arm("cover", 0.125, LATE)
    assert timers.sleep(0.25) == 0.125
    clock.turn(1)
    assert timers.sleep(0.25) == 0
