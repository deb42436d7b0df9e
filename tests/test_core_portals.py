"""Several portals on one counter: what is chosen, for how long, and that nothing else ever opens."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from guard import inbox as letters
from guard.browser.site import Wording
from guard.portals import CHOICE_LASTS, SETTLES
from guard.screens.port import PortalState, Scene
from guard.session import events as ev
from guard.session.policy import Policy
from guard.session.table import State
from guard.staff.desk import SETTLE_SECONDS
from tests.support.core import NUMBER, A, B, C, Lab, receipt, site, spare

ONE = site("one", strip=Wording(ja="strip one"))
TWO = site("two", button=Wording(ja="nibanme", easy_ja="ni"), strip=Wording(en="strip two"))
THREE = site("three")


@pytest.fixture
def lab() -> Lab:
    """A READY counter with two portals, each with a warm spare: A and B."""
    lab = Lab(Policy(), (ONE, TWO))
    lab.make_ready()
    lab.say(spare(B, "two"))
    assert lab.is_in(State.READY)
    return lab


def press(key: str) -> letters.PortalPressed:
    return letters.PortalPressed(key=key)


def gone(session: ev.SessionId, portal: str) -> letters.SpareGone:
    return letters.SpareGone(session=session, site=portal)


def lay_card(lab: Lab) -> ev.SessionId | None:
    """Return the session that opens."""
    lab.say(ev.CardPresent(counter=1))
    return lab.core.snapshot().session.current


def marked(lab: Lab) -> str:
    """Return the portal that the idle screen marks."""
    shown = lab.curtain.scenes[-1]
    assert shown.screen.value == State.READY
    return shown.chosen


def states(lab: Lab) -> dict[str, str]:
    return {button.key: button.state.value for button in lab.curtain.scenes[-1].portals}


def opened(lab: Lab) -> list[object]:
    """Return the portals that sessions were opened on, as the journal has them."""
    return [
        fields["site"]
        for kind, fields in lab.journal.records
        if kind == "state" and fields["after"] == "ACTIVE"
    ]


def test_with_one_portal_there_is_nothing_to_choose() -> None:
    lab = Lab(Policy(), (ONE,))
    lab.make_ready()
    assert lab.curtain.scenes[-1].portals == ()
    assert lay_card(lab) == A
    assert opened(lab) == ["one"]


def test_the_first_portal_is_marked_and_opens_when_nobody_has_chosen(lab: Lab) -> None:
    assert marked(lab) == "one"
    assert lay_card(lab) == A


def test_the_portal_that_was_pressed_is_marked_and_opens(lab: Lab) -> None:
    lab.say(press("two"))
    assert marked(lab) == "two"
    assert "uncover 2" in lab.say(ev.CardPresent(counter=1))
    assert opened(lab) == ["two"]


def test_whoever_presses_twice_gets_the_last_one(lab: Lab) -> None:
    lab.say(press("two"), press("one"))
    assert marked(lab) == "one"
    assert lay_card(lab) == A


def test_staff_start_the_portal_that_is_chosen(lab: Lab) -> None:
    lab.say(press("two"))
    lab.say(ev.StaffStart(staff=NUMBER))
    assert lab.core.snapshot().session.current == B


@pytest.mark.parametrize("key", ["three", "", "../one", "ONE"])
def test_a_portal_that_is_none_is_ignored(lab: Lab, key: str) -> None:
    lab.say(press(key))
    assert marked(lab) == "one"
    assert lay_card(lab) == A


def test_buttons_say_what_the_profile_says_or_else_its_name(lab: Lab) -> None:
    first, second = (button.label for button in lab.curtain.scenes[-1].portals)
    assert first == Wording(ja="Portal one", en="Portal one", easy_ja="Portal one")
    assert second == Wording(ja="nibanme", en="Portal two", easy_ja="ni")


def test_buttons_are_in_the_order_of_the_settings_and_on_the_idle_screen_alone(lab: Lab) -> None:
    assert [button.key for button in lab.curtain.scenes[-1].portals] == ["one", "two"]
    lay_card(lab)
    assert (lab.curtain.scenes[-1].portals, lab.curtain.scenes[-1].chosen) == ((), "")


def test_after_a_session_the_first_portal_is_marked_again(lab: Lab) -> None:
    lab.say(press("two"))
    lay_card(lab)
    lab.say(ev.CardAbsent(counter=2), receipt(B))
    assert lab.is_in(State.READY)
    assert marked(lab) == "one"
    assert lay_card(lab) == A


def test_a_choice_that_nobody_makes_use_of_falls_back_and_nothing_opens_in_that_moment(lab: Lab) -> None:
    lab.say(press("two"))
    lab.turn(CHOICE_LASTS - 1)
    assert marked(lab) == "two"
    lab.turn(1)
    assert lab.is_in(State.STARTING), "no card opens what the screen does not show yet"
    lab.turn(SETTLES)
    assert marked(lab) == "one"
    assert lay_card(lab) == A


def test_a_card_in_the_moment_of_falling_back_opens_nothing(lab: Lab) -> None:
    lab.say(press("two"))
    lab.turn(CHOICE_LASTS)
    assert lay_card(lab) is None
    assert lab.is_in(State.TAKE_CARD)
    lab.turn(SETTLES)
    lab.say(ev.CardAbsent(counter=2))
    assert marked(lab) == "one"


def test_a_press_of_the_portal_that_is_chosen_gives_it_its_whole_time_again(lab: Lab) -> None:
    lab.say(press("two"))
    lab.turn(CHOICE_LASTS - 1)
    lab.say(press("two"))
    lab.turn(CHOICE_LASTS - 1)
    assert marked(lab) == "two"


def test_the_first_portal_when_it_is_pressed_needs_no_falling_back(lab: Lab) -> None:
    lab.say(press("two"), press("one"))
    lab.turn(CHOICE_LASTS * 2)
    assert lab.is_in(State.READY)
    assert lab.journal.kinds().count("state") == 1, "the counter never closed in between"


def test_a_choice_does_not_fall_back_beneath_the_pad_from_which_staff_may_start_it(lab: Lab) -> None:
    lab.say(press("two"))
    lab.turn(CHOICE_LASTS - 5)
    lab.grant()
    lab.turn(5)
    assert lab.is_in(State.READY)
    lab.turn(SETTLE_SECONDS)
    lab.press("pick1")
    assert lab.core.snapshot().session.current == B


def test_nothing_is_chosen_through_the_pad(lab: Lab) -> None:
    lab.call_staff()
    lab.say(press("two"))
    assert lab.curtain.scenes[-1].chosen == "one"


@pytest.mark.parametrize("order", ["card first", "press first"])
def test_a_card_in_the_very_moment_of_choosing_opens_what_came_first(lab: Lab, order: str) -> None:
    both = [ev.CardPresent(counter=1), press("two")]
    lab.say(*(both if order == "card first" else reversed(both)))
    assert lab.core.snapshot().session.current == (A if order == "card first" else B)


def test_a_press_during_a_session_changes_nothing_for_the_next(lab: Lab) -> None:
    lay_card(lab)
    lab.say(press("two"), spare(C), ev.CardAbsent(counter=2), receipt(A))
    assert marked(lab) == "one"
    assert lay_card(lab) == C


def test_a_portal_that_is_not_warm_yet_closes_the_counter_until_it_is() -> None:
    lab = Lab(Policy(), (ONE, TWO))
    lab.make_ready()
    assert states(lab) == {"one": "warm", "two": "preparing"}
    lab.say(press("two"))
    assert lab.is_in(State.STARTING)
    lab.say(spare(B, "two"))
    assert lab.is_in(State.READY)
    assert marked(lab) == "two"
    assert lay_card(lab) == B


def test_a_card_while_the_chosen_portal_is_prepared_opens_neither() -> None:
    lab = Lab(Policy(), (ONE, TWO))
    lab.make_ready()
    lab.say(press("two"))
    assert lay_card(lab) is None
    lab.say(spare(B, "two"))
    assert lab.is_in(State.TAKE_CARD)
    lab.say(ev.CardAbsent(counter=2))
    assert marked(lab) == "two"


def test_a_spare_of_another_portal_does_not_change_what_opens(lab: Lab) -> None:
    lab.say(spare(C, "two"))
    assert marked(lab) == "one"
    assert lay_card(lab) == A


def test_a_fresh_spare_takes_the_place_of_an_older_one_of_its_portal(lab: Lab) -> None:
    lab.say(press("two"), spare(C, "two"))
    assert lay_card(lab) == C


def test_a_spare_of_the_chosen_portal_that_dies_closes_the_counter_until_the_next(lab: Lab) -> None:
    lab.say(press("two"), gone(B, "two"))
    assert lab.is_in(State.STARTING)
    lab.say(spare(C, "two"))
    assert marked(lab) == "two"
    assert lay_card(lab) == C


def test_a_spare_of_another_portal_that_dies_closes_nothing(lab: Lab) -> None:
    assert "warm up" in lab.say(gone(B, "two"))
    assert marked(lab) == "one"
    assert states(lab) == {"one": "warm", "two": "preparing"}


def test_a_portal_that_cannot_be_started_is_unavailable_until_it_can(lab: Lab) -> None:
    lab.say(gone(B, "two"), gone(C, "two"))
    assert states(lab) == {"one": "warm", "two": PortalState.UNAVAILABLE}
    lab.say(press("two"))
    assert marked(lab) == "one", "to choose it is refused"
    lab.say(spare(C, "two"))
    assert states(lab) == {"one": "warm", "two": "warm"}
    lab.say(press("two"))
    assert lay_card(lab) == C


def test_a_portal_with_a_warm_spare_stays_available_when_a_fresh_one_cannot_be_started(lab: Lab) -> None:
    lab.say(gone(C, "two"))
    assert states(lab) == {"one": "warm", "two": "warm"}


def test_when_the_first_portal_is_out_of_reach_the_next_one_opens() -> None:
    lab = Lab(Policy(), (ONE, TWO, THREE))
    lab.say(ev.LeftoversSwept(), ev.CardAbsent(counter=0), letters.CurtainAppeared(curtain=10, strip=11))
    lab.say(gone(A, "one"))
    assert lab.is_in(State.STARTING)
    lab.say(spare(B, "two"))
    lab.turn(SETTLES)
    assert lab.is_in(State.READY)
    assert marked(lab) == "two"
    assert states(lab) == {"one": "unavailable", "two": "warm", "three": "preparing"}
    assert lay_card(lab) == B


def test_a_portal_that_comes_back_does_not_move_the_mark_under_anybodys_eyes(lab: Lab) -> None:
    lab.say(gone(A, "one"), gone(A, "one"))
    lab.turn(SETTLES)
    assert marked(lab) == "two"
    lab.say(spare(C))
    assert marked(lab) == "two"
    lab.turn(CHOICE_LASTS)
    assert lab.is_in(State.STARTING)
    lab.turn(SETTLES)
    assert marked(lab) == "one"
    assert lay_card(lab) == C


def test_without_any_portal_the_counter_prepares_until_there_is_one(lab: Lab) -> None:
    lab.say(gone(A, "one"), gone(B, "two"), gone(A, "one"), gone(B, "two"))
    assert lab.is_in(State.STARTING)
    lab.say(spare(C, "two"))
    lab.turn(SETTLES)
    assert marked(lab) == "two"
    assert lay_card(lab) == C


def test_a_chosen_portal_that_turns_out_to_be_out_of_reach_gives_way_to_the_first(lab: Lab) -> None:
    lab.say(press("two"), gone(B, "two"))
    assert lab.is_in(State.STARTING)
    lab.say(gone(C, "two"))
    assert lab.is_in(State.STARTING), "no card opens what the screen does not show yet"
    lab.turn(SETTLES)
    assert marked(lab) == "one"
    assert lay_card(lab) == A


def test_a_spare_that_died_as_its_session_began_does_not_make_its_portal_unavailable(lab: Lab) -> None:
    lay_card(lab)
    lab.say(gone(A, "one"))
    assert lab.is_in(State.ENDING)
    lab.say(ev.CardAbsent(counter=2), receipt(A), press("two"))
    lab.say(spare(C), press("two"))
    assert states(lab) == {"one": "warm", "two": "warm"}


def test_a_late_loss_of_a_used_capsule_does_not_make_the_next_ones_portal_unavailable(lab: Lab) -> None:
    lay_card(lab)
    lab.say(ev.CardAbsent(counter=2), receipt(A), press("two"), spare(C))
    assert lay_card(lab) == C
    lab.say(gone(A, "one"), ev.CardAbsent(counter=4), receipt(C))
    assert lab.core._portals.buttons()[0].state is PortalState.PREPARING


def test_a_late_word_of_a_used_capsule_opens_nothing(lab: Lab) -> None:
    lay_card(lab)
    lab.say(spare(A), ev.CardAbsent(counter=2), receipt(A), spare(A))
    assert lab.is_in(State.STARTING), "the first portal has no spare"
    assert lab.journal.kinds().count("stale") == 2


def test_the_strip_has_the_words_of_the_portal_that_is_open(lab: Lab) -> None:
    lab.say(press("two"))
    assert lab.curtain.scenes[-1].strip == Wording()
    lay_card(lab)
    assert lab.curtain.scenes[-1].strip == TWO.strip
    lab.say(ev.CardAbsent(counter=2), receipt(B))
    assert lab.curtain.scenes[-1].strip == Wording()


def test_the_journal_names_the_portal_of_a_session_and_none_where_none_is_open(lab: Lab) -> None:
    lab.say(press("two"))
    lay_card(lab)
    lab.say(ev.CardAbsent(counter=2), receipt(B))
    changes = [(fields["after"], fields["site"]) for kind, fields in lab.journal.records if kind == "state"]
    assert changes == [("READY", None), ("ACTIVE", "two"), ("ENDING", "two"), ("READY", "two")]


KEYS = ("one", "two", "three")


class AnythingHappens(RuleBasedStateMachine):
    """Spares come and go, buttons are pressed, time passes: what opens is what the screen shows."""

    def __init__(self) -> None:
        super().__init__()
        self.lab = Lab(Policy(), (ONE, TWO, THREE))
        self.portal: dict[ev.SessionId, str] = {}
        self.counter = 0
        self.wrong = ""

    @initialize()
    def begin(self) -> None:
        self.lab.say(
            ev.LeftoversSwept(), ev.CardAbsent(counter=0), letters.CurtainAppeared(curtain=10, strip=11)
        )

    @rule(key=st.sampled_from(KEYS))
    def spare_gets_warm(self, key: str) -> None:
        session = ev.SessionId(f"s{len(self.portal)}")
        self.portal[session] = key
        self.lab.capsules.windows[session] = len(self.portal) + 100
        self.lab.say(letters.SpareAppeared(session=session, site=key, window=len(self.portal) + 100))

    @rule(key=st.sampled_from(KEYS))
    def spare_cannot_be_started(self, key: str) -> None:
        session = ev.SessionId(f"s{len(self.portal)}")
        self.portal[session] = key
        self.lab.say(gone(session, key))

    @rule(data=st.data())
    def spare_dies(self, data: st.DataObject) -> None:
        used = self.lab.core.snapshot().session
        alive = [one for one in self.portal if one not in used.used and one != used.current]
        if alive:
            session = data.draw(st.sampled_from(alive))
            self.lab.say(gone(session, self.portal[session]))

    @rule(key=st.sampled_from((*KEYS, "four")))
    def button_is_pressed(self, key: str) -> None:
        self.lab.say(press(key))

    @rule(seconds=st.sampled_from([0.5, SETTLES, 59.0, CHOICE_LASTS]))
    def time_passes(self, seconds: float) -> None:
        self.lab.turn(seconds)
        self.lab.calls.take()

    @rule(before=st.lists(st.sampled_from(KEYS), max_size=2))
    def card_is_laid(self, before: list[str]) -> None:
        """Perhaps right after presses that the screen has had no time to show: these are the citizen's."""
        shown, number = self.lab.curtain.scenes[-1], self._count()
        self.lab.say(*map(press, before), ev.CardPresent(counter=number))
        session = self.lab.core.snapshot().session
        if session.state is State.ACTIVE and session.current:
            self._judge(shown, before, self.portal[session.current])

    def _judge(self, shown: Scene, before: list[str], opened: str) -> None:
        if shown.screen.value != State.READY:
            self.wrong = f"{opened} opened although nothing was marked"
        elif opened not in {shown.chosen, *before}:
            self.wrong = f"{opened} opened, but {shown.chosen} was marked"
        elif not before and opened != shown.chosen:
            self.wrong = f"{opened} opened without a press, but {shown.chosen} was marked"

    @rule()
    def card_is_taken_and_the_wipe_proven(self) -> None:
        self.lab.say(ev.CardAbsent(counter=self._count()))
        session = self.lab.core.snapshot().session
        if session.current and session.state is State.ENDING:
            self.lab.say(receipt(session.current))

    def _count(self) -> int:
        self.counter += 1
        return self.counter

    @invariant()
    def what_opened_was_marked(self) -> None:
        assert self.wrong == ""

    @invariant()
    def the_table_knows_the_spare_of_the_marked_portal_or_none(self) -> None:
        facts, shown = self.lab.core.snapshot().session.facts, self.lab.curtain.scenes[-1:]
        if shown and shown[0].portals:
            assert facts.spare is not None
            assert self.portal[facts.spare] == shown[0].chosen
            assert {one.key: one.state for one in shown[0].portals}[shown[0].chosen] is PortalState.WARM


TestAnythingHappens = AnythingHappens.TestCase
TestAnythingHappens.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
