"""Staff at the counter: the loop, the pad and the staff book, with stand-ins and a clock that is turned."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from guard import inbox as letters
from guard.front_desk import KEYS_GRACE
from guard.screens.port import Choice, DeskNote, DeskStep, Key, Sound, Warned
from guard.session import events as ev
from guard.session.effects import AlertKind
from guard.session.policy import OnRemoval, Policy
from guard.session.table import State
from guard.staff.desk import AUTHORITY_SECONDS, SETTLE_SECONDS, TYPING_SECONDS
from guard.staff.port import EMERGENCY, Answer, Verdict
from tests.support.core import COLLEAGUE, NAME, NO, NUMBER, PIN, YES, A, B, Lab, receipt, spare

HOLD: Final = Policy(on_removal=OnRemoval.HOLD)


@pytest.fixture
def lab() -> Lab:
    return Lab(Policy())


@pytest.fixture
def held() -> Lab:
    """A session that waits for staff, its card lifted and laid back."""
    lab = Lab(HOLD)
    lab.hold_session()
    lab.say(ev.CardPresent(counter=3))
    return lab


def choices_of(lab: Lab) -> tuple[Choice, ...]:
    assert lab.pad is not None
    return lab.pad.choices


def choose(lab: Lab, choice: Choice) -> list[str]:
    return lab.press(str(choices_of(lab).index(choice) + 1))


# --- the pad


def test_a_staff_button_covers_an_open_session_before_the_pad_is_shown(lab: Lab) -> None:
    lab.open_session()
    assert lab.call_staff()[0] == "cover"
    assert lab.is_in(State.HELD)
    assert lab.pad is not None
    assert lab.pad.step is DeskStep.WHO
    assert lab.pad.names == (NAME, "練習 花")


def test_calling_staff_to_a_held_session_asks_for_no_second_cover_that_could_be_late(held: Lab) -> None:
    assert "cover" not in held.call_staff()
    held.turn(1)
    assert held.is_in(State.HELD)


def test_a_right_pin_with_the_card_there_brings_the_held_session_back(held: Lab) -> None:
    held.grant()
    assert choose(held, Choice.RESUME) == ["uncover 1"]
    assert held.is_in(State.ACTIVE)
    assert held.pad is None
    assert held.book.asked == [(NUMBER, PIN)]
    assert ("staff", {"session": A, "act": "resume", "staff": NUMBER, "door": "pad"}) in held.journal.records


def test_without_the_card_a_right_pin_resumes_nothing_and_says_what_is_missing() -> None:
    lab = Lab(HOLD)
    lab.hold_session()
    lab.grant()
    assert choose(lab, Choice.RESUME) == []
    assert lab.is_in(State.HELD)
    assert lab.pad is not None
    assert lab.pad.note is DeskNote.CARD_MISSING
    lab.say(ev.CardPresent(counter=3))
    assert choose(lab, Choice.RESUME) == ["uncover 1"]


def test_forced_logout_ends_a_held_session(held: Lab) -> None:
    held.grant()
    assert choose(held, Choice.LOGOUT)[:2] == ["cover", "end a with logout"]
    assert held.is_in(State.ENDING)


def test_staff_start_a_session_without_a_card_and_a_card_laid_on_it_ends_it(lab: Lab) -> None:
    lab.make_ready()
    lab.grant()
    assert "uncover 1" in choose(lab, Choice.START)
    assert lab.is_in(State.ACTIVE)
    assert lab.say(ev.CardPresent(counter=1))[:2] == ["cover", "end a with logout"]


def test_staff_close_and_open_the_counter(lab: Lab) -> None:
    lab.make_ready()
    lab.grant()
    choose(lab, Choice.CLOSE)
    assert lab.is_in(State.OUT_OF_SERVICE)
    lab.say(ev.CardPresent(counter=1), ev.CardAbsent(counter=2))
    assert lab.is_in(State.OUT_OF_SERVICE)
    lab.grant()
    choose(lab, Choice.OPEN)
    assert lab.is_in(State.READY)


def test_an_alert_is_closed_by_a_named_person_with_a_reason_and_only_so(lab: Lab) -> None:
    lab.make_ready()
    lab.say(ev.ClockJumped(), ev.ClockJumped())
    lab.grant()
    choose(lab, Choice.ALERTS)
    assert lab.pad is not None
    assert (lab.pad.step, lab.pad.alert) == (DeskStep.REASON, "clock_jumped")
    lab.press(Key.PICK2)
    assert len(lab.alerts.open()) == 1, "a press that was meant for the list before is none for this one"
    lab.turn(SETTLE_SECONDS)
    lab.press(Key.PICK2)
    assert not lab.alerts.open()
    acknowledged = {"alert": "clock_jumped", "count": 2, "staff": NUMBER, "reason": "mended"}
    assert ("acknowledged", {"session": None, **acknowledged}) in lab.journal.records
    assert lab.pad is not None
    assert lab.pad.step is DeskStep.CHOOSE


def test_a_wrong_pin_opens_nothing_and_says_how_long_to_wait(held: Lab) -> None:
    held.call_staff()
    held.enter_pin()
    held.book.say(NO)
    held.turn(0)
    assert held.pad is not None
    assert (held.pad.step, held.pad.note, held.pad.wait) == (DeskStep.PIN, DeskNote.WRONG, 2)
    assert held.pad.digits == 0
    assert held.press(Key.PICK1) == []
    assert held.is_in(State.HELD)


def test_a_book_that_is_broken_opens_nothing_and_raises_an_alert(held: Lab) -> None:
    held.call_staff()
    held.enter_pin()
    held.book.say(Answer(verdict=Verdict.BROKEN))
    held.turn(0)
    assert held.pad is not None
    assert held.pad.note is DeskNote.BROKEN
    assert AlertKind.STAFF_BOOK_LOST in [alert.kind for alert in held.alerts.open()]


def test_a_book_that_cannot_be_read_is_said_on_the_pad_and_raises_an_alert(lab: Lab) -> None:
    lab.make_ready()
    lab.book.known = None
    lab.call_staff()
    assert lab.pad is not None
    assert lab.pad.note is DeskNote.BROKEN
    assert [alert.kind for alert in lab.alerts.open()] == [AlertKind.STAFF_BOOK_LOST]


def test_with_nobody_in_the_book_the_pad_says_so(lab: Lab) -> None:
    lab.make_ready()
    lab.book.known = ()
    lab.call_staff()
    assert lab.pad is not None
    assert lab.pad.note is DeskNote.NOBODY


def test_a_lock_out_and_a_used_emergency_code_raise_alerts(held: Lab) -> None:
    held.call_staff()
    held.enter_pin()
    held.book.say(replace(NO, locked=True))
    held.turn(0)
    held.press(Key.BACK, Key.EMERGENCY, *"1234567890123456", Key.ENTER)
    assert held.book.asked[-1] == (EMERGENCY, "1234567890123456")
    held.book.say(Answer(verdict=Verdict.YES, staff=EMERGENCY))
    held.turn(0)
    held.turn(SETTLE_SECONDS)
    kinds = [alert.kind for alert in held.alerts.open()]
    assert kinds == [AlertKind.TOO_MANY_WRONG_PINS, AlertKind.EMERGENCY_CODE_USED]
    assert held.pad
    assert Choice.ALERTS not in held.pad.choices, "the emergency code names nobody"
    assert choose(held, Choice.RESUME) == ["uncover 1"]


def test_a_yes_that_comes_after_the_pad_was_closed_opens_nothing(held: Lab) -> None:
    held.call_staff()
    held.enter_pin()
    held.turn(TYPING_SECONDS / 2)
    held.turn(TYPING_SECONDS / 2 - 1)
    held.say(ev.CurtainLost())
    held.call_staff()
    held.book.say(YES)
    held.turn(0)
    assert held.pad is not None
    assert held.pad.step is DeskStep.WHO
    assert not held.press("1", Key.ENTER)


def test_a_yes_to_a_question_of_a_pad_that_was_closed_is_none_to_the_question_that_is_under_way(
    held: Lab,
) -> None:
    held.call_staff()
    held.enter_pin()
    held.say(ev.CurtainLost())
    held.core._front_desk._desk.open()
    held.enter_pin("100000")
    held.book.say(YES)
    held.turn(0)
    assert held.pad is not None
    assert held.pad.step is DeskStep.CHECKING
    held.book.say(NO)
    held.turn(0)
    assert held.pad.note is DeskNote.WRONG


def test_a_question_that_is_answered_twice_has_the_first_answer(held: Lab) -> None:
    held.call_staff()
    held.enter_pin()
    answer = held.book.waiting[0]
    answer(NO)
    answer(YES)
    held.turn(0)
    assert held.pad is not None
    assert held.pad.step is DeskStep.PIN


def test_a_yes_for_the_last_citizen_resumes_no_later_session(held: Lab) -> None:
    held.grant()
    held.say(ev.CardChanged(counter=5), spare(B), receipt(A))
    held.say(ev.CardAbsent(counter=6), ev.CardPresent(counter=7))
    assert held.is_in(State.ACTIVE)
    held.say(ev.CardAbsent(counter=8), ev.CardPresent(counter=9))
    assert held.is_in(State.HELD)
    assert held.pad is None, "the pad, and with it the yes, went when the next session began"


def test_a_grant_for_a_session_that_ended_offers_no_resume_for_the_next_held_one() -> None:
    lab = Lab(HOLD)
    lab.hold_session()
    lab.grant()
    lab.say(ev.StaffResume(session=B, staff=NUMBER))
    assert lab.is_in(State.HELD), "another session's resume is stale"


@pytest.mark.parametrize(("seconds", "granted"), [(TYPING_SECONDS, False), (AUTHORITY_SECONDS, True)])
def test_the_pad_that_nobody_presses_goes_back_to_the_cover(
    lab: Lab, seconds: float, *, granted: bool
) -> None:
    lab.make_ready()
    if granted:
        lab.grant()
    else:
        lab.call_staff()
        lab.press(Key.PICK1, *"1234")
    lab.turn(seconds - 1)
    assert lab.pad is not None
    lab.turn(1)
    assert lab.pad is None
    assert lab.shade.keys_taken is False


def test_choices_that_change_under_a_finger_take_no_press_for_a_moment(held: Lab) -> None:
    held.grant()
    assert choices_of(held)[0] is Choice.RESUME
    held.say(ev.CardChanged(counter=9), letters.CoverAnswered(asked_at=9e9, confirmed_at=9e9))
    assert choices_of(held)[0] is Choice.CLOSE
    held.press("1")
    assert held.is_in(State.ENDING)
    assert not held.core.snapshot().session.facts.closed
    held.turn(0.7)
    held.press("1")
    assert held.core.snapshot().session.facts.closed


def test_the_keyboard_is_ours_while_the_pad_is_open(lab: Lab) -> None:
    lab.make_ready()
    assert not lab.shade.keys_taken
    lab.call_staff()
    assert lab.shade.keys_taken
    lab.press(Key.BACK)
    assert not lab.shade.keys_taken


def test_digits_of_a_pin_do_not_run_into_a_page_that_a_card_opens_meanwhile(lab: Lab) -> None:
    lab.make_ready()
    lab.call_staff()
    lab.press(Key.PICK1, *"123")
    lab.say(ev.CardPresent(counter=1))
    assert lab.is_in(State.ACTIVE)
    assert lab.pad is None
    assert lab.shade.keys_taken, "the rest of the PIN is still being typed"
    lab.turn(KEYS_GRACE)
    assert not lab.shade.keys_taken


@pytest.mark.parametrize("typed", [[], [Key.PICK1], [Key.PICK1, *map(Key, "123")]])
def test_whoever_closes_the_pad_the_rest_of_a_pin_reaches_no_page(lab: Lab, typed: list[Key]) -> None:
    lab.make_ready()
    lab.call_staff()
    lab.press(*typed)
    lab.say(ev.CurtainLost())
    assert lab.shade.keys_taken
    lab.turn(KEYS_GRACE)
    assert not lab.shade.keys_taken


@pytest.mark.parametrize(
    "event", [ev.ClockJumped(), ev.SystemChanging(what=ev.SystemChange.SUSPEND), ev.SystemAwake()]
)
def test_a_pin_does_not_stand_open_over_a_jump_of_time(lab: Lab, event: ev.Event) -> None:
    lab.make_ready()
    lab.grant()
    lab.say(event)
    assert lab.pad is None


def test_keys_that_do_nothing_do_not_keep_a_pin_open(lab: Lab) -> None:
    lab.make_ready()
    lab.grant()
    for _ in range(int(AUTHORITY_SECONDS)):
        lab.press("9")
        lab.turn(1)
    assert lab.pad is None


def test_a_pin_stands_open_anew_with_each_step_and_each_deed(lab: Lab) -> None:
    lab.make_ready()
    lab.say(ev.ClockJumped(), ev.CurtainLost(), letters.CurtainAppeared(curtain=10, strip=11))
    lab.grant()
    lab.turn(AUTHORITY_SECONDS - 1)
    choose(lab, Choice.ALERTS)
    lab.turn(AUTHORITY_SECONDS - 1)
    lab.press("1")
    assert len(lab.alerts.open()) == 1
    lab.turn(AUTHORITY_SECONDS - 1)
    assert lab.pad is not None
    assert lab.pad.step is DeskStep.REASON, "one more alert to close"
    lab.turn(1)
    assert lab.pad is None


def test_one_held_key_acknowledges_no_alert_that_nobody_read(lab: Lab) -> None:
    lab.make_ready()
    lab.say(ev.ClockJumped(), ev.CurtainLost(), letters.CurtainAppeared(curtain=10, strip=11))
    lab.grant()
    for _ in range(20):
        lab.press("3")
        lab.turn(0.03)
    assert len(lab.alerts.open()) == 2


def test_a_second_tap_on_enter_is_no_choice(held: Lab) -> None:
    held.call_staff()
    held.enter_pin()
    held.book.say(YES)
    held.turn(0)
    assert held.press(Key.PICK1) == []
    assert held.is_in(State.HELD)


def test_a_yes_to_guard_logout_that_comes_late_ends_nobody_elses_session(lab: Lab) -> None:
    lab.open_session()
    lab.say(ev.CardAbsent(counter=2), spare(B), receipt(A))
    lab.say(ev.CardPresent(counter=3))
    assert lab.is_in(State.ACTIVE)
    assert lab.say(letters.LogoutChecked(session=A, answer=YES)) == []
    assert lab.is_in(State.ACTIVE)
    assert ("stale", {"session": B, "event": "staff_end"}) in lab.journal.records


def test_nothing_of_a_pin_is_in_scenes_letters_or_journal(held: Lab) -> None:
    held.call_staff()
    held.enter_pin(PIN)
    held.book.say(NO)
    held.turn(0)
    assert PIN not in repr(held.curtain.scenes)
    assert PIN not in repr(held.journal.records)


def test_a_number_nobody_has_is_not_written_down(held: Lab) -> None:
    held.call_staff()
    held.press(*"739182", Key.ENTER, *PIN, Key.ENTER)
    held.book.say(Answer(verdict=Verdict.WRONG))
    held.turn(0)
    assert ("pin", {"session": A, "verdict": "wrong", "staff": None, "door": "pad"}) in held.journal.records


def test_a_try_that_was_not_looked_at_floods_no_journal(held: Lab) -> None:
    held.call_staff()
    held.enter_pin()
    held.book.say(Answer(verdict=Verdict.WAIT, wait_seconds=9))
    held.turn(0)
    assert "pin" not in held.journal.kinds()


def test_guard_logout_with_a_right_pin_ends_the_session_in_a_named_persons_name(lab: Lab) -> None:
    lab.open_session()
    assert lab.say(letters.LogoutChecked(session=A, answer=NO)) == []
    assert lab.is_in(State.ACTIVE)
    assert lab.say(letters.LogoutChecked(session=A, answer=YES))[:2] == ["cover", "end a with logout"]
    act = {"session": A, "act": "logout", "staff": NUMBER, "door": "control"}
    assert ("staff", act) in lab.journal.records


def test_of_two_staff_who_act_at_once_the_one_who_ends_wins(held: Lab) -> None:
    held.grant()
    held.inbox.post(letters.LogoutChecked(session=A, answer=replace(YES, staff=COLLEAGUE)))
    held.press("1")
    assert held.is_in(State.ENDING)


# --- nobody is there


def test_nobody_at_the_keyboard_is_warned_and_then_ended(lab: Lab) -> None:
    lab.open_session()
    lab.pass_time(149)
    assert lab.curtain.scenes[-1].warned is None
    lab.pass_time(2)
    scene = lab.curtain.scenes[-1]
    assert scene.warned is Warned.IDLE
    assert scene.seconds_left is not None
    assert 28 <= scene.seconds_left <= 30
    assert lab.speaker.played == [Sound.TIME]
    lab.pass_time(30)
    assert lab.is_in(State.ENDING)
    assert "idle_over" in [fields.get("cause") for _, fields in lab.journal.records]


def test_the_display_server_is_asked_before_anybody_is_warned(lab: Lab) -> None:
    lab.open_session()
    lab.pass_time(150)
    assert lab.shade.questions == 1
    assert lab.curtain.scenes[-1].warned is None
    lab.say(letters.InputSeen(age=3.0))
    lab.pass_time(146)
    assert not [scene for scene in lab.curtain.scenes if scene.warned]
    assert lab.speaker.played == []


def test_a_held_session_is_not_ended_by_the_idle_time() -> None:
    lab = Lab(Policy(on_removal=OnRemoval.HOLD, hold_seconds=600))
    lab.hold_session()
    lab.pass_time(300)
    assert lab.is_in(State.HELD)


def test_a_touch_takes_the_warning_away_and_starts_the_time_anew(lab: Lab) -> None:
    lab.open_session()
    lab.pass_time(160)
    assert lab.curtain.scenes[-1].warned is Warned.IDLE
    lab.say(letters.InputSeen(age=0.1))
    assert lab.curtain.scenes[-1].warned is None
    lab.pass_time(149)
    assert lab.is_in(State.ACTIVE)
    lab.pass_time(32)
    assert lab.is_in(State.ENDING)


def test_a_display_server_that_does_not_say_when_ends_the_session_all_the_same(lab: Lab) -> None:
    lab.open_session()
    lab.pass_time(181)
    assert lab.shade.questions > 1
    assert lab.is_in(State.ENDING)


def test_before_the_longest_duration_is_over_the_strip_warns(lab: Lab) -> None:
    lab.open_session()
    lab.pass_time(60 * 60 - 29, used=True)
    scene = lab.curtain.scenes[-1]
    assert scene.warned is Warned.LONGEST
    assert lab.speaker.played == [Sound.TIME]


def test_the_idle_time_starts_anew_when_staff_resume(held: Lab) -> None:
    held.pass_time(50)
    held.grant()
    choose(held, Choice.RESUME)
    held.pass_time(149)
    assert held.is_in(State.ACTIVE)


# --- no way from HELD to ACTIVE without a PIN


class Counter(RuleBasedStateMachine):
    """Whatever keys, cards, clocks and processes do: a held session comes back by its own PIN's yes only."""

    @initialize(on_removal=st.sampled_from(OnRemoval))
    def switch_on(self, on_removal: OnRemoval) -> None:
        self.lab = Lab(Policy(on_removal=on_removal))
        self.lab.open_session()
        self.counter = 1
        self.yes_for: set[ev.SessionId] = set()
        self.asked_for: list[ev.SessionId | None] = []
        self.illegal = ""

    def _say(self, *contents: ev.Event | letters.Report) -> None:
        """Let the letters be opened one by one, and watch the portal come up."""
        for content in contents:
            before = self.lab.core.snapshot().session
            asked = len(self.lab.book.asked)
            made = self.lab.say(content)
            if len(self.lab.book.asked) > asked:
                self.asked_for.append(before.current)
            uncovered = any(call.startswith("uncover") for call in made)
            if uncovered and before.state is State.HELD and before.current not in self.yes_for:
                self.illegal = f"{content} uncovered a held session"
            if uncovered and before.current is not None:
                self.yes_for.discard(before.current)  # a PIN opens once

    @rule(key=st.sampled_from(Key))
    def press(self, key: Key) -> None:
        self._say(letters.DeskPressed(key=key))

    @rule()
    def enter_a_pin(self) -> None:
        self._say(letters.StaffCalled())
        for key in (Key.PICK1, *map(Key, PIN), Key.ENTER):
            self._say(letters.DeskPressed(key=key))

    @rule()
    def call_staff(self) -> None:
        self._say(letters.StaffCalled())

    @rule(answer=st.sampled_from([YES, NO, Answer(verdict=Verdict.BROKEN), Answer(verdict=Verdict.WAIT)]))
    def book_answers(self, answer: Answer) -> None:
        if self.lab.book.waiting:
            session = self.asked_for.pop(0)
            if answer.verdict is Verdict.YES and session is not None:
                self.yes_for.add(session)
            self.lab.book.say(answer)
            self._say()
            self.lab.turn(0)

    @rule()
    def stale_yes(self) -> None:
        self._say(letters.PinChecked(serial=0, answer=YES))

    @rule(lay=st.booleans())
    def card_moves(self, *, lay: bool) -> None:
        self.counter += 1
        event = ev.CardPresent(counter=self.counter) if lay else ev.CardAbsent(counter=self.counter)
        self._say(event, letters.CoverAnswered(asked_at=9e9, confirmed_at=9e9))

    @rule()
    def card_flickers(self) -> None:
        self.counter += 2
        self._say(ev.CardChanged(counter=self.counter))

    @rule(seconds=st.sampled_from([0.1, 0.8, 5.0, 29.0]))
    def time_passes(self, seconds: float) -> None:
        self.lab.turn(seconds)
        self.lab.calls.take()

    @rule(hours=st.sampled_from([-30, -1, 1]))
    def clock_is_set(self, hours: int) -> None:
        self.lab.clock.set_wall(timedelta(hours=hours))
        self.lab.turn(0.25)

    @rule()
    def curtain_dies_and_comes_back(self) -> None:
        self._say(ev.CurtainLost(), letters.CurtainAppeared(curtain=10, strip=11))

    @rule()
    def the_other_member_of_staff_ends(self) -> None:
        current = self.lab.core.snapshot().session.current
        self._say(letters.LogoutChecked(session=current, answer=replace(YES, staff=COLLEAGUE)))

    @rule()
    def the_wipe_is_proven(self) -> None:
        current = self.lab.core.snapshot().session.current
        if current and self.lab.core.snapshot().session.state is State.ENDING:
            fresh = ev.SessionId(f"s{self.counter}{len(self.yes_for)}{len(self.lab.journal.records)}")
            self.lab.capsules.windows[fresh] = 1
            self._say(receipt(current), letters.SpareAppeared(session=fresh, site="one", window=1))

    @invariant()
    def nothing_came_back_without_a_pin(self) -> None:
        assert not getattr(self, "illegal", "")

    @invariant()
    def the_pad_never_lies_over_an_open_portal(self) -> None:
        lab = self.lab
        assert not (lab.is_in(State.ACTIVE) and lab.pad)


def test_nothing_but_a_pins_yes_brings_a_held_session_back() -> None:
    run_state_machine_as_test(
        Counter, settings=settings(max_examples=60, stateful_step_count=40, deadline=None)
    )
