from __future__ import annotations

import errno
import itertools
import queue
import threading
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING, Protocol

import pytest

from guard.browser.pool import APART, BACK_OFF_FIRST, BACK_OFF_MOST, SPARE_LIFE, STEADY_AFTER, CapsulePool
from guard.browser.port import CapsuleListener, Geometry, Logout
from guard.clock import Clock, SystemClock
from guard.errors import MachineError
from guard.session.events import SessionId
from tests.support.clock import TurnedClock
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SOON = 20.0


@dataclass
class StandIn:
    """A capsule without a browser."""

    session: SessionId
    listener: CapsuleListener
    calls: list[str] = field(default_factory=list)
    stays: int = 0

    def pids(self) -> tuple[int, ...]:
        return (1,)

    def begin(self) -> None:
        self.calls.append("begin")

    def resize(self, area: Geometry) -> None:
        self.calls.append(f"resize {area.width}")

    def not_printed(self) -> None:
        self.calls.append("not printed")

    def logout(self) -> tuple[Logout, float]:
        return Logout.CONFIRMED, 1.0

    def kill(self) -> None:
        self.calls.append("kill")

    def prove_gone(self, timeout: float) -> tuple[int, bool, float, float]:
        assert timeout
        if self.stays:
            self.stays -= 1
            raise OSError(errno.EMFILE, "too many open files")
        self.calls.append("gone")
        return 0, False, 1.0, 1.0


class Ear:
    """Listens to the pool."""

    def __init__(self) -> None:
        self.heard: queue.SimpleQueue[tuple[str, str]] = queue.SimpleQueue()
        self.sites: dict[SessionId, str] = {}
        """The portal that each session was said to be of, the last time."""

    def spare_appeared(self, session: SessionId, site: str, window: int) -> None:
        assert window
        self.sites[session] = site
        self.heard.put(("appeared", session))

    def spare_lost(self, session: SessionId, site: str) -> None:
        self.sites[session] = site
        self.heard.put(("spare lost", session))

    def capsule_lost(self, session: SessionId) -> None:
        self.heard.put(("capsule lost", session))

    def refused(self, session: SessionId, what: str, host: str) -> None:
        self.heard.put((f"refused {what} {host}", session))

    def paper(self, session: SessionId, pdf: bytes) -> None:
        self.heard.put((f"paper {pdf.decode()}", session))


class Workshop:
    """Makes stand-ins, or fails as often as it is told to."""

    def __init__(self) -> None:
        self.made: queue.SimpleQueue[StandIn] = queue.SimpleQueue()
        self.pool: CapsulePool
        """Whose they are."""
        self.fail = 0.0
        self.error: Exception = MachineError("no bubblewrap here")

    def __call__(self, session: SessionId, listener: CapsuleListener) -> StandIn:
        if self.fail:
            self.fail -= 1
            raise self.error
        capsule = StandIn(session, listener)
        self.made.put(capsule)
        return capsule

    def take(self) -> StandIn:
        """Return the next one, once its pool knows it."""
        capsule = self.made.get(timeout=SOON)
        until(lambda: self.pool.capsule(capsule.session) is not None)
        return capsule


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
def workshop() -> Workshop:
    return Workshop()


@pytest.fixture
def clock() -> TurnedClock:
    return TurnedClock()


class Make(Protocol):
    def __call__(self, warm: int, clock: Clock, **others: Workshop) -> CapsulePool: ...


@pytest.fixture
def make(ear: Ear, workshop: Workshop) -> Iterator[Make]:
    """Make a pool of the portal "one", whose capsules come from ``workshop``, and of others besides."""
    numbers = itertools.count()
    pools: list[CapsulePool] = []

    def make(warm: int, clock: Clock, **others: Workshop) -> CapsulePool:
        factories = {"one": workshop, **others}
        pool = CapsulePool(factories, lambda: SessionId(f"s{next(numbers)}"), warm, clock, ear)
        pools.append(pool)
        for maker in factories.values():
            maker.pool = pool
        return pool

    yield make
    for pool in pools:
        pool.close()


@pytest.fixture
def pool(make: Make) -> CapsulePool:
    return make(1, SystemClock())


def test_a_warm_spare_is_announced_and_handed_out_once(
    pool: CapsulePool, ear: Ear, workshop: Workshop
) -> None:
    pool.warm_up()
    capsule = workshop.take()
    capsule.listener.warm(capsule.session, 77, 0)
    assert ear.heard.get(timeout=SOON) == ("appeared", capsule.session)
    assert pool.begin(capsule.session) == 77
    assert capsule.calls == ["begin"]
    pool.warm_up()
    assert workshop.take().session != capsule.session


def test_no_more_spares_are_made_than_wanted(pool: CapsulePool, workshop: Workshop) -> None:
    for _ in range(5):
        pool.warm_up()
    capsule = workshop.take()
    capsule.listener.warm(capsule.session, 1, 0)
    pool.warm_up()
    assert len(pool.pids()) == 1
    assert workshop.made.empty()


def test_a_spare_that_dies_is_proven_gone_and_replaced(
    pool: CapsulePool, ear: Ear, workshop: Workshop
) -> None:
    pool.warm_up()
    first = workshop.take()
    lose(ear, first)
    second = workshop.take()
    assert first.calls == ["gone"]
    assert pool.capsule(first.session) is None
    assert second.session != first.session


def test_a_lost_capsule_is_kept_until_its_end_is_proven(
    pool: CapsulePool, ear: Ear, workshop: Workshop
) -> None:
    pool.warm_up()
    capsule = workshop.take()
    capsule.listener.warm(capsule.session, 1, 0)
    pool.begin(capsule.session)
    ear.heard.get(timeout=SOON)
    capsule.listener.lost(capsule.session, "crash")
    assert ear.heard.get(timeout=SOON) == ("capsule lost", capsule.session)
    assert pool.capsule(capsule.session) is capsule
    assert pool.begin(capsule.session) is None
    pool.forget(capsule.session)
    assert pool.capsule(capsule.session) is None


def test_a_late_word_from_a_forgotten_capsule_is_dropped(
    pool: CapsulePool, ear: Ear, workshop: Workshop
) -> None:
    pool.warm_up()
    capsule = workshop.take()
    pool.forget(capsule.session)
    capsule.listener.warm(capsule.session, 1, 0)
    capsule.listener.lost(capsule.session, "late")
    assert ear.heard.empty()


@pytest.mark.parametrize("error", [MachineError("no bubblewrap here"), OSError(errno.EMFILE, "too many")])
def test_a_pc_that_cannot_make_capsules_is_tried_again(
    pool: CapsulePool, ear: Ear, workshop: Workshop, error: Exception
) -> None:
    workshop.fail, workshop.error = 2, error
    pool.warm_up()
    assert ear.heard.get(timeout=SOON)[0] == "spare lost"
    assert ear.heard.get(timeout=SOON)[0] == "spare lost"
    assert workshop.take().session


def test_a_spare_whose_page_lacks_more_than_the_one_before_is_replaced(
    pool: CapsulePool, ear: Ear, workshop: Workshop
) -> None:
    """What the next one lacks as well is how the portal is; nobody hears of one that is replaced."""
    pool.warm_up()
    for lacks, good in ((2, False), (2, True), (3, False), (1, True), (2, False), (0, True), (1, False)):
        spare = workshop.take()
        spare.listener.warm(spare.session, 7, lacks)
        if good:
            assert ear.heard.get(timeout=SOON) == ("appeared", spare.session)
            pool.begin(spare.session)
        else:
            until(lambda: spare.calls == ["gone"])  # noqa: B023 -- asked at once
    assert ear.heard.empty()


def test_what_a_page_may_lack_is_forgotten_when_the_portal_does_not_answer(
    pool: CapsulePool, ear: Ear, workshop: Workshop
) -> None:
    pool.warm_up()
    first = workshop.take()
    first.listener.warm(first.session, 7, 1)
    second = workshop.take()
    lose(ear, second)
    third = workshop.take()
    third.listener.warm(third.session, 7, 1)
    until(lambda: third.calls == ["gone"])
    assert ear.heard.empty()


def test_of_two_spares_that_were_loading_when_the_network_was_cut_none_is_kept(
    make: Make, clock: TurnedClock, ear: Ear, workshop: Workshop
) -> None:
    pool = make(2, clock)
    pool.warm_up()
    first = workshop.take()
    clock.turn(APART)
    pool.warm_up()
    second = workshop.take()
    for spare in (first, second):
        spare.listener.warm(spare.session, 7, 1)
    until(lambda: first.calls == second.calls == ["gone"])
    assert ear.heard.empty()


def test_a_portal_that_cannot_be_reached_for_days_is_tried_still(
    pool: CapsulePool, workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pause that doubled without end was too large a number after 1024 times: the pool's thread died."""
    monkeypatch.setattr("guard.browser.pool.BACK_OFF_FIRST", 1e-9)
    monkeypatch.setattr("guard.browser.pool.BACK_OFF_MOST", 1e-6)
    workshop.fail = 1100
    pool.warm_up()
    assert workshop.take().session == "s1100"


def get_warm(ear: Ear, workshop: Workshop, window: int = 7) -> StandIn:
    """Let the next one that is made get warm."""
    capsule = workshop.take()
    capsule.listener.warm(capsule.session, window, 0)
    assert ear.heard.get(timeout=SOON) == ("appeared", capsule.session)
    return capsule


def lose(ear: Ear, capsule: StandIn) -> None:
    """Let it die before a citizen has used it."""
    capsule.listener.lost(capsule.session, "it ended")
    assert ear.heard.get(timeout=SOON) == ("spare lost", capsule.session)


def lose_warm(ear: Ear, capsule: StandIn) -> None:
    """Let it get warm and then die."""
    capsule.listener.warm(capsule.session, 7, 0)
    assert ear.heard.get(timeout=SOON) == ("appeared", capsule.session)
    lose(ear, capsule)


def test_spares_that_die_although_they_got_warm_are_tried_less_and_less_often(
    pool: CapsulePool, ear: Ear, workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("guard.browser.pool.BACK_OFF_FIRST", 0.05)
    pool.warm_up()
    for _ in range(4):
        lose_warm(ear, workshop.take())
    fifth = workshop.take()
    clock = SystemClock()
    began = clock.monotonic()
    lose_warm(ear, fifth)
    workshop.take()
    assert clock.monotonic() - began >= 0.05 * 2**4


@pytest.mark.parametrize("begun", [True, False], ids=["begun", "warm for long"])
def test_a_good_spare_ends_a_row_of_failures(
    make: Make,
    ear: Ear,
    workshop: Workshop,
    clock: TurnedClock,
    *,
    begun: bool,
) -> None:
    """The clock stands still, so that a next one is made only when the delay has been turned past."""
    pool = make(1, clock)
    pool.warm_up()
    for _ in range(4):
        lose_warm(ear, workshop.take())
        clock.turn(10)
        pool.warm_up()
    fifth = workshop.take()
    fifth.listener.warm(fifth.session, 7, 0)
    assert ear.heard.get(timeout=SOON) == ("appeared", fifth.session)
    if begun:
        assert pool.begin(fifth.session) == 7
        pool.warm_up()
        lose_warm(ear, workshop.take())
    else:
        clock.turn(STEADY_AFTER)
        fifth.listener.lost(fifth.session, "crash")
        assert ear.heard.get(timeout=SOON) == ("spare lost", fifth.session)
    clock.turn(BACK_OFF_FIRST)
    pool.warm_up()
    assert workshop.take().session


def test_a_dead_spare_that_cannot_be_proven_gone_is_looked_for_again(
    pool: CapsulePool, workshop: Workshop
) -> None:
    pool.warm_up()
    first = workshop.take()
    first.stays = 1
    first.listener.lost(first.session, "crash")
    assert workshop.take().session != first.session
    until(lambda: first.calls == ["gone"])


def test_a_dead_spare_that_is_never_proven_gone_keeps_nobody_from_others(
    make: Make, workshop: Workshop
) -> None:
    other = Workshop()
    pool = make(1, SystemClock(), two=other)
    pool.warm_up()
    stays = workshop.take()
    stays.stays = 1_000_000
    stays.listener.lost(stays.session, "crash")
    for maker in (workshop, other, workshop, other):
        spare = maker.take()
        spare.listener.lost(spare.session, "crash")
    assert stays.calls == []
    stays.stays = 0


def test_a_second_warm_spare_is_announced_as_soon_as_it_is_needed(
    make: Make, ear: Ear, workshop: Workshop
) -> None:
    pool = make(2, SystemClock())
    pool.warm_up()
    first, second = (get_warm(ear, workshop) for _ in range(2))
    pool.begin(first.session)
    pool.warm_up()
    assert ear.heard.get(timeout=SOON) == ("appeared", second.session)


@pytest.mark.parametrize("passes", [TurnedClock.turn, TurnedClock.sleep], ids=["awake", "asleep"])
def test_a_spare_that_has_waited_too_long_is_replaced_before_it_is_discarded(
    make: Make,
    clock: TurnedClock,
    ear: Ear,
    workshop: Workshop,
    passes: Callable[[TurnedClock, float], None],
) -> None:
    pool = make(1, clock)
    pool.warm_up()
    old = workshop.take()
    old.listener.warm(old.session, 7, 0)
    ear.heard.get(timeout=SOON)
    passes(clock, SPARE_LIFE + 1)
    pool.warm_up()
    fresh = workshop.take()
    while ear.heard.get(timeout=SOON) != ("appeared", old.session):
        pass
    assert pool.capsule(old.session) is old, "until the fresh one is warm, the old one serves"
    fresh.listener.warm(fresh.session, 8, 0)
    pool.adopted(fresh.session)
    while pool.capsule(old.session) is not None:
        threading.Event().wait(0.001)
    assert old.calls == ["gone"]
    assert pool.begin(fresh.session) == 8


def test_an_old_spare_that_a_citizen_has_begun_to_use_is_never_discarded(
    make: Make, clock: TurnedClock, workshop: Workshop
) -> None:
    pool = make(1, clock)
    pool.warm_up()
    old = workshop.take()
    old.listener.warm(old.session, 7, 0)
    clock.turn(SPARE_LIFE + 1)
    assert pool.begin(old.session) == 7
    pool.warm_up()
    fresh = workshop.take()
    fresh.listener.warm(fresh.session, 8, 0)
    pool.adopted(fresh.session)
    assert pool.capsule(old.session) is old
    assert old.calls == ["begin"]


def test_closing_kills_and_proves_every_capsule(ear: Ear, workshop: Workshop) -> None:
    pool = workshop.pool = CapsulePool({"one": workshop}, lambda: SessionId("only"), 1, SystemClock(), ear)
    pool.warm_up()
    capsule = workshop.take()
    pool.close()
    assert capsule.calls == ["kill", "gone"]
    assert pool.pids() == ()


def test_every_portal_has_spares_of_its_own_and_each_is_announced_with_its_portal(
    make: Make, ear: Ear, workshop: Workshop
) -> None:
    other = Workshop()
    pool = make(1, SystemClock(), two=other)
    pool.warm_up()
    first, second = get_warm(ear, workshop, 7), get_warm(ear, other, 8)
    assert ear.sites == {first.session: "one", second.session: "two"}
    assert pool.begin(second.session) == 8
    pool.warm_up()
    assert ear.heard.get(timeout=SOON) == ("appeared", first.session)
    assert other.take().session not in {first.session, second.session}
    assert workshop.made.empty(), "the other portal's spare was not used up"


def test_as_many_spares_as_wanted_are_kept_of_each_portal(make: Make, ear: Ear, workshop: Workshop) -> None:
    other = Workshop()
    pool = make(2, SystemClock(), two=other)
    pool.warm_up()
    for maker in (workshop, workshop, other, other):
        get_warm(ear, maker)
    pool.warm_up()
    assert len(pool.pids()) == 4
    assert workshop.made.empty()
    assert other.made.empty()


def test_a_portal_that_cannot_be_reached_is_tried_less_and_less_often_and_the_other_is_kept_warm(
    make: Make, clock: TurnedClock, ear: Ear, workshop: Workshop
) -> None:
    """The clock stands still, so that a next one is made only when the delay has been turned past."""
    other = Workshop()
    pool = make(1, clock, two=other)
    pool.warm_up()
    for failure in range(6):
        capsule = workshop.take()
        capsule.listener.lost(capsule.session, "start page not reachable")
        assert ear.heard.get(timeout=SOON) == ("spare lost", capsule.session)
        assert ear.sites[capsule.session] == "one"
        citizen = get_warm(ear, other)
        assert pool.begin(citizen.session) == 7
        assert workshop.made.empty(), "it waits"
        clock.turn(min(BACK_OFF_FIRST * 2**failure, BACK_OFF_MOST))
        pool.warm_up()
    assert workshop.take().session


def test_a_portal_of_which_no_capsule_can_be_made_does_not_keep_the_others_from_being_made(
    make: Make, ear: Ear, workshop: Workshop
) -> None:
    workshop.fail = inf
    other = Workshop()
    pool = make(1, SystemClock(), two=other)
    pool.warm_up()
    made = other.take()
    made.listener.warm(made.session, 7, 0)
    while ear.heard.get(timeout=SOON) != ("appeared", made.session):
        pass
    assert pool.begin(made.session) == 7


def test_a_spare_that_warms_is_alone_in_it_unless_it_takes_too_long(
    make: Make, clock: TurnedClock, ear: Ear, workshop: Workshop
) -> None:
    other, third = Workshop(), Workshop()
    pool = make(1, clock, two=other, three=third)
    pool.warm_up()
    hung = workshop.take()
    clock.turn(APART)
    pool.warm_up()
    second = other.take()
    assert third.made.empty()
    second.listener.warm(second.session, 7, 0)
    assert ear.heard.get(timeout=SOON) == ("appeared", second.session)
    assert third.take().session != hung.session


def test_an_old_spare_of_another_portal_stays_until_a_fresh_one_of_its_own_is_warm(
    make: Make, clock: TurnedClock, ear: Ear, workshop: Workshop
) -> None:
    other = Workshop()
    pool = make(1, clock, two=other)
    pool.warm_up()
    old, second = get_warm(ear, workshop), get_warm(ear, other)
    clock.turn(SPARE_LIFE + 1)
    pool.warm_up()
    fresh = workshop.take()
    fresh.listener.warm(fresh.session, 9, 0)
    pool.adopted(fresh.session)
    while pool.capsule(old.session) is not None:
        threading.Event().wait(0.001)
    assert other.take().session
    assert pool.begin(second.session) == 7
