"""The rules at the head of guard.keeper.watch, for every order of events."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from guard.keeper.watch import Act, Event, Limits, Looked, Order, Phase, Start, State, step

LIMITS = Limits()
LIVE = {Phase.STARTING, Phase.SERVING, Phase.ENDING, Phase.KILLING}


def after(*happened: tuple[float, Looked | Event]) -> tuple[State, tuple[Order, ...]]:
    """Return the state, and the orders of the last event alone."""
    state = State()
    orders: tuple[Order, ...] = ()
    for now, event in happened:
        state, orders = step(state, event, now, LIMITS)
    return state, orders


SERVING = ((0.0, Looked(1)), (1.0, Event.READY))


def test_a_logon_starts_a_guard_and_looking_again_does_not() -> None:
    assert after((0, Looked(None)))[1] == ()
    assert after((0, Looked(None)), (1, Looked(3)))[1] == (Start(3),)
    assert after((0, Looked(3)), (1, Looked(3)))[1] == ()


def test_a_guard_that_dies_is_started_again_within_a_second() -> None:
    state, _ = after(*SERVING, (9, Event.ENDED))
    assert state.until is not None
    assert state.until <= 10
    assert step(state, Event.PASSED, state.until, LIMITS)[1] == (Start(1),)


def test_one_that_never_becomes_ready_waits_longer_each_time_up_to_half_a_minute() -> None:
    state, now, rests = after((0, Looked(1)))[0], 0.0, []
    for _ in range(9):
        state, _ = step(state, Event.ENDED, now, LIMITS)
        assert state.until is not None
        rests.append(state.until - now)
        now = state.until
        state, orders = step(state, Event.PASSED, now, LIMITS)
        assert orders == (Start(1),)
    assert rests == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
    state, _ = step(state, Event.READY, now, LIMITS)
    assert step(state, Event.ENDED, now, LIMITS)[0].until == now + LIMITS.rest


def test_one_that_gives_no_sign_of_life_is_killed_and_one_that_does_is_not() -> None:
    assert after(*SERVING, (10.9, Event.PASSED))[1] == ()
    assert after(*SERVING, (11, Event.PASSED))[1] == (Act.KILL,)
    assert after(*SERVING, (10, Event.ALIVE), (11, Event.PASSED))[1] == ()


def test_one_that_does_not_become_ready_is_killed_unless_its_loop_turns() -> None:
    assert after((0, Looked(1)), (30, Event.PASSED))[1] == (Act.KILL,)
    assert after((0, Looked(1)), (29, Event.ALIVE), (30, Event.PASSED))[1] == ()


@pytest.mark.parametrize("reason", [Looked(None), Looked(2), Event.STOP_ASKED])
def test_it_is_asked_to_end_and_killed_only_when_it_does_not(reason: Looked | Event) -> None:
    assert after(*SERVING, (2, reason))[1] == (Act.ASK_TO_END,)
    assert after(*SERVING, (2, reason), (31, Event.PASSED))[1] == ()
    assert after(*SERVING, (2, reason), (32, Event.PASSED))[1] == (Act.KILL,)


def test_signs_of_life_put_the_end_off_only_so_far() -> None:
    begun = (*SERVING, (2.0, Event.STOP_ASKED))
    signs = tuple((float(now), Event.ALIVE) for now in range(3, 92))
    assert after(*begun, *signs, (91.5, Event.PASSED))[1] == ()
    assert after(*begun, *signs, (92, Event.PASSED))[1] == (Act.KILL,)


def test_after_a_change_of_session_the_guard_starts_in_the_new_one() -> None:
    state, _ = after(*SERVING, (2, Looked(2)), (3, Event.ENDED))
    assert state.until == 3.5
    assert step(state, Event.PASSED, 3.5, LIMITS)[1] == (Start(2),)


def test_a_line_that_carries_nonsense_is_a_kill() -> None:
    assert after(*SERVING, (2, Event.GARBLED))[1] == (Act.KILL,)


def test_the_keeper_is_over_once_its_guard_is_gone() -> None:
    assert after((0, Event.STOP_ASKED))[0].over
    asked = (*SERVING, (2.0, Event.STOP_ASKED))
    assert not after(*asked)[0].over
    assert after(*asked, (3, Event.ENDED))[0].over
    assert after(*asked, (3, Event.ENDED), (4, Looked(1)))[1] == ()


class Any(RuleBasedStateMachine):
    """Every order of events, with a PC that does what it is ordered to."""

    def __init__(self) -> None:
        super().__init__()
        self.state = State()
        self.now = 0.0
        self.lives = False
        self.asked = False
        self.logged_on: int | None = None
        self.stopping = False
        self.silent_since = 0.0

    def tell(self, event: Looked | Event) -> None:
        self.state, orders = step(self.state, event, self.now, LIMITS)
        for order in orders:
            match order:
                case Start(session=session):
                    assert not self.lives, "rule 1"
                    assert session == self.logged_on
                    assert not self.stopping
                    self.lives, self.asked, self.silent_since = True, False, self.now
                case Act.ASK_TO_END:
                    assert self.lives
                    assert not self.asked, "rule 5"
                    self.asked = True
                case Act.KILL:
                    assert self.lives

    @rule(seconds=st.floats(0, 40))
    def time_passes(self, seconds: float) -> None:
        end = self.now + seconds
        while self.state.until is not None and self.state.until <= end:
            self.now = max(self.now, self.state.until)
            before = self.state
            self.tell(Event.PASSED)
            assert self.state != before, "a time that has come is followed by something"
        self.now = end
        self.tell(Event.PASSED)

    @rule(session=st.sampled_from([None, 1, 2]))
    def somebody_looks(self, session: int | None) -> None:
        self.logged_on = session
        self.tell(Looked(session))

    @precondition(lambda self: self.lives)
    @rule(sign=st.sampled_from([Event.READY, Event.ALIVE, Event.STOPPING, Event.GARBLED]))
    def it_says(self, sign: Event) -> None:
        self.silent_since = self.now
        self.tell(sign)

    @precondition(lambda self: self.lives)
    @rule()
    def it_ends(self) -> None:
        self.lives = False
        self.tell(Event.ENDED)

    @rule()
    def the_keeper_is_stopped(self) -> None:
        self.stopping = True
        self.tell(Event.STOP_ASKED)

    @invariant()
    def what_is_remembered_is_true(self) -> None:
        assert self.lives == (self.state.phase in LIVE), "rule 1"

    @invariant()
    def somebody_who_is_logged_on_has_a_guard_or_will_have(self) -> None:
        if self.logged_on is not None and not self.stopping:
            assert self.lives or self.state.until is not None, "rule 2"
            if not self.lives and self.state.until is not None:
                assert self.state.until <= self.now + LIMITS.rest_most, "rule 3"

    @invariant()
    def a_guard_that_lives_has_a_time_limit(self) -> None:
        if self.lives:
            assert self.state.until is not None, "rule 4"
            assert self.state.until <= self.now + max(LIMITS.start, LIMITS.end), "rule 4"

    @invariant()
    def one_that_nobody_wants_was_asked_or_ends_by_itself(self) -> None:
        if self.lives and (self.stopping or self.logged_on is None):
            assert self.state.phase in {Phase.ENDING, Phase.KILLING}, "rule 5"


TestEveryOrderOfEvents = Any.TestCase
