"""Stories of three citizens at one counter, with a turned clock, crashes and late answers.

The counter here keeps books of its own: whose card really lies on the reader, which capsule really holds
whose data, what is really on the screen. The session's table is told events only, as the core would tell it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from guard.session import effects as ef
from guard.session import events as ev
from guard.session import machine
from guard.session.machine import step
from guard.session.policy import OnRemoval, Policy
from guard.session.table import TABLE, TIMER_EVENTS, Do, Row, Session, State, Then

if TYPE_CHECKING:
    from collections.abc import Callable

_STOPS: Final = (ev.SystemChange.SHUTDOWN, ev.SystemChange.STOP)
"""After these no story goes on."""

_STAFF: Final = ev.StaffId("7")
_RETRY_SECONDS: Final = 5.0
_CITIZENS: Final = st.sampled_from(["A", "B", "C"])
_LIVE: Final = {State.ACTIVE, State.HELD}


@dataclass(frozen=True, slots=True)
class Owed:
    """An answer that some part has yet to give."""

    good: ev.Event
    bad: ev.Event

    @property
    def wipes(self) -> bool:
        return isinstance(self.good, ev.WipeProven)


class Counter(RuleBasedStateMachine):
    """One counter; every rule is something that people, parts or the clock do."""

    @initialize(on_removal=st.sampled_from(OnRemoval))
    def switch_on(self, on_removal: OnRemoval) -> None:
        self.policy = Policy(on_removal=on_removal)
        self.session = Session()
        self.now = 0.0
        self.timers: dict[ef.Timer, tuple[float, ev.SessionId]] = {}
        self.owed: list[Owed] = []
        self.born = 0
        self.spare: ev.SessionId | None = None
        self.card: str | None = None
        self.watching = True
        self.asked_by: str | None = None
        self.pin_entered = False
        self.shown: ev.SessionId | None = None
        self.by_card = True
        self.used_by: dict[ev.SessionId, str] = {}
        self.holding_data: set[ev.SessionId] = set()
        self.begun_at = self.touched_at = self.held_at = 0.0
        self.said: list[Callable[[ev.SessionId], ev.Event]] = [
            lambda session: ev.SpareWarm(session=session),
            lambda session: ev.CapsuleLost(session=session),
            lambda session: ev.WipeProven(session=session),
            lambda session: ev.WipeFailed(session=session),
            lambda session: ev.HoldOver(session=session),
            lambda session: ev.RetryDue(session=session),
            lambda session: ev.StaffResume(session=session, staff=_STAFF),
        ]
        self._warm()
        self._owe(ev.CurtainUp(), ev.CurtainLost())
        self._post(ev.LeftoversSwept())
        self._post(ev.CardAbsent(counter=0))

    # --- the core, as far as the table needs one

    def _post(self, event: ev.Event) -> None:
        before = self.session
        outcome = step(before, event, self.policy)
        self.session = outcome.session
        for effect in outcome.effects:
            self._carry_out(effect)
        if self.session.state is State.HELD and before.state is not State.HELD:
            self.held_at = self.now

    def _carry_out(self, effect: ef.Effect) -> None:
        match effect:
            case ef.Cover():
                self.shown = None
                self._owe(ev.CoverConfirmed(), ev.CoverLate())
            case ef.Uncover():
                self._show(effect.session)
            case ef.EndCapsule() | ef.RetryWipe():
                self._owe(ev.WipeProven(session=effect.session), ev.WipeFailed(session=effect.session))
            case ef.WarmSpare():
                self._warm()
            case ef.RestartCurtain():
                self._owe(ev.CurtainUp(), ev.CurtainLost())
            case ef.Arm():
                self.timers[effect.timer] = (self.now + self._seconds(effect.timer), effect.session)
            case ef.Disarm():
                self.timers.pop(effect.timer, None)

    def _seconds(self, timer: ef.Timer) -> float:
        return {
            ef.Timer.HOLD: float(self.policy.hold_seconds),
            ef.Timer.IDLE: float(self.policy.idle_seconds),
            ef.Timer.LONGEST: self.policy.longest_minutes * 60.0,
            ef.Timer.RETRY: _RETRY_SECONDS,
        }[timer]

    def _owe(self, good: ev.Event, bad: ev.Event) -> None:
        self.owed.append(Owed(good, bad))

    def _warm(self) -> None:
        if self.spare is None:
            self.born += 1
            self.spare = ev.SessionId(f"capsule {self.born}")
            self._owe(ev.SpareWarm(session=self.spare), ev.SpareLost(session=self.spare))

    def _show(self, session: ev.SessionId) -> None:
        if session not in self.used_by:
            assert not self.holding_data, "a session begins while data of an earlier one is left"
            assert session == self.spare, "a session begins in a capsule that is no spare"
            assert self.asked_by is not None, "a session begins and nobody asked for it"
            self.spare = None
            self.used_by[session] = self.asked_by
            self.holding_data.add(session)
            self.begun_at = self.now
        else:
            assert self.pin_entered, "a covered session comes back without staff"
        assert self.asked_by == self.used_by[session], "a citizen is shown another one's session"
        self.shown, self.touched_at = session, self.now

    def _asking(self, citizen: str | None, event: ev.Event) -> None:
        self.asked_by, self.pin_entered = citizen, isinstance(event, ev.StaffResume)
        self._post(event)
        self.asked_by, self.pin_entered = None, False

    # --- people

    @precondition(lambda self: self.card is None)
    @rule(citizen=_CITIZENS)
    def lay_the_card(self, citizen: str) -> None:
        self.card, self.by_card = citizen, True
        if self.watching:
            self._asking(citizen, ev.CardPresent(counter=1))

    @precondition(lambda self: self.card is not None)
    @rule()
    def lift_the_card(self) -> None:
        self.card = None
        if self.watching:
            self._post(ev.CardAbsent(counter=1))

    @precondition(lambda self: self.card is not None and self.watching)
    @rule(citizen=_CITIZENS)
    def swap_the_card_between_two_looks(self, citizen: str) -> None:
        self.card = citizen
        self._post(ev.CardChanged(counter=1))

    @rule(citizen=_CITIZENS)
    def staff_start_for(self, citizen: str) -> None:
        if self.session.state is State.READY:
            self.by_card = False
        self._asking(citizen, ev.StaffStart(staff=_STAFF))

    @precondition(lambda self: self.session.state is State.HELD)
    @rule()
    def staff_resume_for_the_one_they_held(self) -> None:
        session = self.session.current
        assert session is not None
        if self.card is None or self.card == self.used_by[session]:
            self._asking(self.used_by[session], ev.StaffResume(session=session, staff=_STAFF))

    @rule()
    def staff_end(self) -> None:
        self._post(ev.StaffEnd(staff=_STAFF))

    @rule()
    def staff_close_the_counter(self) -> None:
        self._post(ev.StaffOutOfService(staff=_STAFF))

    @rule()
    def staff_open_the_counter(self) -> None:
        self._post(ev.StaffInService(staff=_STAFF))

    @rule()
    def press_the_hotkey(self) -> None:
        self._post(ev.CoverRequested())

    @rule(by=st.sampled_from(ev.EndedBy))
    def press_end(self, by: ev.EndedBy) -> None:
        self._post(ev.EndRequested(by=by))

    @precondition(lambda self: self.shown is not None)
    @rule()
    def touch_the_portal(self) -> None:
        self.touched_at = self.now
        if self.shown is not None:
            self._carry_out(ef.Arm(timer=ef.Timer.IDLE, session=self.shown))

    # --- the clock

    @rule(seconds=st.sampled_from([0.1, 4.0, 30.0, 59.0, 120.0, 900.0]))
    def wait(self, seconds: float) -> None:
        until = self.now + seconds
        while due := [(at, timer) for timer, (at, _) in self.timers.items() if at <= until]:
            self.now, timer = min(due)
            _, session = self.timers.pop(timer)
            self._post(TIMER_EVENTS[timer](session=session))
        self.now = until

    # --- parts

    @precondition(lambda self: self.owed)
    @rule(data=st.data(), good=st.booleans())
    def a_part_answers(self, data: st.DataObject, good: bool) -> None:  # noqa: FBT001 -- drawn by hypothesis
        self._answer(data.draw(st.integers(0, len(self.owed) - 1)), good=good)

    def _answer(self, index: int, *, good: bool) -> None:
        owed = self.owed.pop(index)
        if good and isinstance(owed.good, ev.WipeProven):
            self.holding_data.discard(owed.good.session)
        if not good and isinstance(owed.bad, ev.SpareLost):
            if owed.bad.session != self.spare:
                return
            self.spare = None
        self._post(owed.good if good else owed.bad)

    @precondition(lambda self: self.holding_data or self.used_by)
    @rule(data=st.data())
    def a_late_word_of_an_earlier_session_comes(self, data: st.DataObject) -> None:
        earlier = [session for session in self.used_by if session != self.session.current]
        if earlier:
            session = data.draw(st.sampled_from(earlier))
            self._post(data.draw(st.sampled_from(self.said))(session))

    @precondition(lambda self: self.session.facts.spare is not None)
    @rule()
    def the_spare_dies(self) -> None:
        spare = self.session.facts.spare
        assert spare is not None
        self.spare = None
        self._post(ev.SpareLost(session=spare))

    @precondition(lambda self: self.session.state is State.READY and self.card is None)
    @rule(citizen=_CITIZENS)
    def the_spare_dies_in_the_moment_the_card_is_laid(self, citizen: str) -> None:
        spare = self.session.facts.spare
        assert spare is not None
        self.lay_the_card(citizen)
        self._post(ev.SpareLost(session=spare))
        assert self.session.state is State.ENDING

    @precondition(lambda self: self.session.state in _LIVE)
    @rule()
    def the_capsule_dies(self) -> None:
        session = self.session.current
        assert session is not None
        self._post(ev.CapsuleLost(session=session))

    @precondition(lambda self: self.session.facts.curtain)
    @rule()
    def the_curtain_dies(self) -> None:
        self._post(ev.CurtainLost())

    @rule(why=st.sampled_from(ev.ReaderLoss))
    def the_reader_goes(self, why: ev.ReaderLoss) -> None:
        self.watching = False
        self._post(ev.ReaderLost(why=why))

    @precondition(lambda self: not self.watching)
    @rule()
    def the_reader_comes_back(self) -> None:
        self.watching = True
        self._post(ev.CardAbsent(counter=0) if self.card is None else ev.CardPresent(counter=0))

    @rule(back=st.booleans())
    def the_journal_goes_or_comes(self, back: bool) -> None:  # noqa: FBT001 -- drawn by hypothesis
        self._post(ev.JournalBack() if back else ev.JournalLost())

    @rule(
        event=st.sampled_from([*(ev.SystemChanging(what=what) for what in ev.SystemChange), ev.ClockJumped()])
    )
    def the_system_changes(self, event: ev.Event) -> None:
        if not (isinstance(event, ev.SystemChanging) and event.what in _STOPS):
            self._post(event)

    @precondition(lambda self: self.session.facts.asleep)
    @rule()
    def the_pc_wakes(self) -> None:
        self._post(ev.SystemAwake())
        if self.watching:
            self._post(ev.CardAbsent(counter=0) if self.card is None else ev.CardPresent(counter=0))

    # --- what must always be true

    @invariant()
    def data_of_one_citizen_at_most_is_on_the_pc(self) -> None:
        assert len(self.holding_data) <= 1

    @invariant()
    def a_counter_without_a_session_is_clean(self) -> None:
        assert self.session.current is not None or not self.holding_data

    @invariant()
    def the_screen_shows_the_session_of_whoever_is_there(self) -> None:
        if self.shown is None:
            assert self.session.state is not State.ACTIVE
        else:
            assert self.session.state is State.ACTIVE
            assert self.card == (self.used_by[self.shown] if self.by_card else None)

    @invariant()
    def nobody_outstays_a_limit(self) -> None:
        since = {
            State.ACTIVE: (self.touched_at, ef.Timer.IDLE),
            State.HELD: (self.held_at, ef.Timer.HOLD),
        }
        if self.session.state in since:
            began, timer = since[self.session.state]
            assert self.now - began <= self._seconds(timer)
            assert self.now - self.begun_at <= self._seconds(ef.Timer.LONGEST)

    @invariant()
    def something_is_always_under_way(self) -> None:
        wiping = any(owed.wipes for owed in self.owed)
        match self.session.state:
            case State.ACTIVE:
                assert set(self.timers) >= {ef.Timer.IDLE, ef.Timer.LONGEST}
            case State.HELD:
                assert set(self.timers) >= {ef.Timer.HOLD, ef.Timer.LONGEST}
            case State.ENDING:
                assert wiping
            case State.WIPE_FAILED:
                assert wiping or ef.Timer.RETRY in self.timers
            case _:
                assert set(self.timers) <= {ef.Timer.RETRY}

    @rule(citizen=_CITIZENS)
    def all_is_mended_and_a_citizen_comes(self, citizen: str) -> None:
        self._mend()
        self.lay_the_card(citizen)
        assert self.session.state is State.ACTIVE

    def teardown(self) -> None:
        """However the story went, the counter can be made ready again."""
        self._mend()

    def _mend(self) -> None:
        """Do what each screen asks for until the counter is ready."""
        self._post(ev.EndRequested(by=ev.EndedBy.CONTROL))
        self.staff_open_the_counter()
        self._post(ev.JournalBack())
        if self.session.facts.asleep:
            self.the_pc_wakes()
        if not self.watching:
            self.the_reader_comes_back()
        if self.card is not None:
            self.lift_the_card()
        while self.owed or (self.session.state is State.WIPE_FAILED and self.timers):
            if self.owed:
                self._answer(0, good=True)
            else:
                self.wait(_RETRY_SECONDS)
        assert self.session.state is State.READY
        assert not self.holding_data


_SETTINGS: Final = settings(
    max_examples=300,
    stateful_step_count=50,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)


def test_no_story_breaks_a_promise() -> None:
    """Three citizens, staff, crashes, late answers and the clock, in any order."""
    run_state_machine_as_test(Counter, settings=_SETTINGS)


_MISTAKES: Final[dict[str, tuple[State, type[ev.Event], Row]]] = {
    "the card alone brings a held session back": (
        State.HELD,
        ev.CardPresent,
        Row(State.ACTIVE, (Do.RESUME, Do.UNCOVER)),
    ),
    "removal is taken for proof": (State.ENDING, ev.CardAbsent, Row(Then.SETTLE)),
    "a swapped card is overlooked": (State.ACTIVE, ev.CardChanged, Row(Then.STAY)),
    "the idle limit is not kept": (State.ACTIVE, ev.IdleOver, Row(Then.STAY)),
    "a failed wipe is tried no more": (State.WIPE_FAILED, ev.RetryDue, Row(Then.STAY)),
}


@pytest.mark.parametrize("mistake", _MISTAKES)
def test_a_wrong_table_makes_a_story_fail(mistake: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stories find each of these mistakes."""
    state, event, row = _MISTAKES[mistake]
    monkeypatch.setattr(machine, "TABLE", {**TABLE, state: {**TABLE[state], event: (row,)}})
    quick = settings(_SETTINGS, max_examples=1000, phases=[Phase.generate], derandomize=True)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(Counter, settings=quick)
