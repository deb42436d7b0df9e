"""What the core's loop tells its supervisor, with a clock that is turned."""

from __future__ import annotations

import pytest

from guard.core import PULSE
from guard.session import events as ev
from guard.session.policy import Policy
from guard.session.table import State
from guard.supervision.nobody import Nobody
from guard.supervision.signs import Signs
from tests.support.clock import TurnedClock
from tests.support.core import A, Lab, Supervisor, receipt


@pytest.fixture
def lab() -> Lab:
    return Lab(Policy())


def test_ready_is_told_once_when_leftovers_are_swept(lab: Lab) -> None:
    lab.turn(1)
    assert lab.supervisor.told == []
    lab.say(ev.LeftoversSwept())
    assert lab.supervisor.told == ["ready"]
    lab.make_ready()
    assert lab.supervisor.told == ["ready"]


def test_ready_is_not_told_before_the_cover_is_confirmed(lab: Lab) -> None:
    lab.shade.confirmed = False
    lab.say(ev.LeftoversSwept())
    assert lab.supervisor.told == []
    lab.shade.confirmed = True
    lab.turn(0)
    assert lab.supervisor.told == ["ready"]


def test_a_counter_without_a_reader_is_ready_all_the_same(lab: Lab) -> None:
    lab.say(ev.ReaderLost(why=ev.ReaderLoss.SILENT), ev.LeftoversSwept())
    assert lab.is_in(State.OUT_OF_SERVICE)
    assert lab.supervisor.told == ["ready"]


def test_life_is_told_as_often_as_is_wanted_and_only_by_a_turn(lab: Lab) -> None:
    lab.make_ready()
    lab.supervisor.told.clear()
    for _ in range(20):
        lab.turn(1)
    assert lab.supervisor.told == ["alive"] * 4
    lab.clock.turn(60)
    assert lab.supervisor.told == ["alive"] * 4


def test_stopping_is_told_once_and_life_goes_on_until_the_session_is_proven_gone(lab: Lab) -> None:
    lab.open_session()
    lab.supervisor.told.clear()
    lab.say(ev.SystemChanging(what=ev.SystemChange.STOP))
    assert lab.supervisor.told == ["stopping"]
    for _ in range(5):
        lab.turn(1)
    assert lab.supervisor.told == ["stopping", "alive"]
    assert not lab.core.over()
    lab.say(receipt(A))
    assert lab.core.over()
    assert lab.supervisor.told == ["stopping", "alive"]


def test_a_guard_that_loses_its_display_says_that_it_ends(lab: Lab) -> None:
    lab.make_ready()
    lab.say(ev.DisplayLost())
    assert lab.supervisor.told[-1] == "stopping"


@pytest.mark.parametrize(("every", "patience"), [(None, PULSE), (5.0, PULSE), (0.1, 0.05)])
def test_the_loop_waits_no_longer_than_the_next_sign_may_take(every: float | None, patience: float) -> None:
    supervisor = Supervisor()
    supervisor.every = every
    assert Signs(supervisor, TurnedClock()).patience(PULSE) == patience


def test_nobody_is_told_nothing_and_wants_nothing() -> None:
    clock = TurnedClock()
    signs = Signs(Nobody(), clock)
    clock.turn(1000)
    signs.turned(safe=True, stopping=True)
    assert signs.patience(PULSE) == PULSE
