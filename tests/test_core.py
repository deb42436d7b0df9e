"""The loop with stand-ins for its parts and a clock that is turned."""

from __future__ import annotations

from datetime import timedelta

import pytest

from guard import inbox as letters
from guard.browser.port import Geometry, Logout
from guard.core import CURTAIN_CHECK, RETRY_WIPE_MOST, STALLED_AFTER
from guard.journal.port import Ticket
from guard.screens.port import Screen, Sound
from guard.session import events as ev
from guard.session.effects import AlertKind
from guard.session.policy import OnRemoval, Policy
from guard.session.table import State
from tests.support.core import NUMBER, A, B, Lab, receipt, spare

CONFIRMED = letters.CoverAnswered(asked_at=1000.0, confirmed_at=1000.0)


@pytest.fixture
def lab() -> Lab:
    return Lab(Policy())


@pytest.fixture
def covered(lab: Lab) -> Lab:
    """A session is held, and all is proven covered."""
    lab.open_session()
    lab.say(ev.CoverRequested(), CONFIRMED)
    return lab


def test_removal_covers_before_anything_else_is_asked_for(lab: Lab) -> None:
    lab.open_session()
    assert lab.say(ev.CardAbsent(counter=2))[:2] == ["cover", "end a with logout"]
    assert lab.is_in(State.ENDING)


def test_a_cover_that_is_not_confirmed_in_time_kills_the_capsule(lab: Lab) -> None:
    lab.open_session()
    lab.say(ev.CardAbsent(counter=2))
    lab.turn(0.09)
    assert "kill a" not in lab.calls.take()
    lab.turn(0.02)
    assert "kill a" in lab.calls.take()
    assert [alert.kind.value for alert in lab.alerts.open()] == ["cover_late"]


def test_a_cover_confirmed_in_time_kills_nothing_early(lab: Lab) -> None:
    lab.open_session()
    lab.say(ev.CardAbsent(counter=2))
    lab.say(letters.CoverAnswered(asked_at=1000.0, confirmed_at=1000.001))
    lab.turn(1.0)
    assert "kill a" not in lab.calls.take()
    assert ("covered", {"session": A, "cover_ms": 1.0}) in lab.journal.records


def test_a_slow_loop_calls_no_cover_late_that_was_confirmed_in_time(lab: Lab) -> None:
    lab.open_session()
    lab.say(ev.CardAbsent(counter=2))
    lab.inbox.post(letters.Refused(session=A, what="request", host="x.jp"))
    lab.inbox.post(letters.CoverAnswered(asked_at=1000.0, confirmed_at=1000.001))
    lab.turn(0.2)
    assert "kill a" not in lab.calls.take()


def test_a_slow_loop_calls_a_cover_late_that_was_confirmed_late(lab: Lab) -> None:
    lab.open_session()
    lab.say(ev.CardAbsent(counter=2))
    lab.inbox.post(letters.CoverAnswered(asked_at=1000.0, confirmed_at=1000.15))
    lab.turn(0.2)
    assert "kill a" in lab.calls.take()


def test_the_answer_to_an_earlier_cover_does_not_stop_the_clock_of_a_later_one(lab: Lab) -> None:
    lab.open_session()
    lab.clock.turn(1)
    lab.say(ev.CardAbsent(counter=2), letters.CoverAnswered(asked_at=1000.0, confirmed_at=1000.001))
    lab.turn(0.2)
    assert "kill a" in lab.calls.take()


def test_a_cover_that_is_asked_for_again_kills_nobody_for_being_slow(covered: Lab) -> None:
    covered.say(ev.CardAbsent(counter=2))
    covered.turn(0.2)
    assert "kill a" not in covered.calls.take(), "its logout is under way"


def test_a_cover_that_is_asked_for_again_has_its_deadline_once_the_shade_does_not_hold(covered: Lab) -> None:
    covered.shade.confirmed = False
    covered.say(ev.CardAbsent(counter=2))
    covered.turn(0.2)
    assert "kill a" in covered.calls.take()


def test_each_portal_that_is_shown_has_a_deadline_to_go(covered: Lab) -> None:
    assert any(call.startswith("uncover") for call in covered.say(ev.StaffResume(session=A, staff=NUMBER)))
    covered.say(ev.CardAbsent(counter=2))
    covered.turn(0.2)
    assert "kill a" in covered.calls.take()


def test_the_answer_to_a_cover_before_the_portal_was_shown_proves_nothing_about_it(lab: Lab) -> None:
    lab.open_session()
    lab.say(ev.CoverRequested())
    lab.say(ev.StaffResume(session=A, staff=NUMBER))
    lab.say(letters.CoverAnswered(asked_at=1000.0, confirmed_at=1000.001))
    lab.say(ev.CardAbsent(counter=2))
    lab.turn(0.2)
    assert "kill a" in lab.calls.take()


def test_a_held_session_that_could_not_be_covered_in_time_is_ended() -> None:
    lab = Lab(Policy(on_removal=OnRemoval.HOLD))
    lab.open_session()
    lab.say(ev.CardAbsent(counter=2))
    assert lab.is_in(State.HELD)
    lab.turn(0.2)
    assert lab.is_in(State.ENDING)
    assert "end a" in lab.calls.take(), "without wasting time on a logout"


def test_a_held_session_ends_when_its_time_is_over() -> None:
    lab = Lab(Policy(on_removal=OnRemoval.HOLD, hold_seconds=60))
    lab.open_session()
    lab.say(ev.CardAbsent(counter=2), letters.CoverAnswered(asked_at=1000.0, confirmed_at=1000.0))
    assert lab.curtain.scenes[-1].seconds_left == 60
    lab.turn(59)
    assert lab.is_in(State.HELD)
    lab.turn(2)
    assert lab.is_in(State.ENDING)


def test_the_curtain_is_asked_for_a_sign_of_life_now_and_then(lab: Lab) -> None:
    lab.open_session()
    lab.turn(CURTAIN_CHECK)
    assert lab.calls.take().count("check curtain") == 1
    assert lab.curtain.pulses == 1
    for _ in range(16):
        lab.turn(0.25)
    assert lab.curtain.pulses == 5


def test_the_staff_line_names_what_keeps_the_counter_closed(lab: Lab) -> None:
    lab.open_session()
    lab.say(ev.ReaderLost(why=ev.ReaderLoss.READER_GONE))
    assert lab.curtain.scenes[-1].cause == "reader_lost"
    lab.say(receipt(A))
    assert lab.is_in(State.OUT_OF_SERVICE)
    assert lab.curtain.scenes[-1].cause == "reader_lost"


def test_the_longest_duration_ends_a_session(lab: Lab) -> None:
    lab.open_session()
    lab.pass_time(60 * 60 - 1, used=True)
    assert lab.is_in(State.ACTIVE)
    lab.pass_time(2, used=True)
    assert lab.is_in(State.ENDING)
    assert "longest_over" in [fields.get("cause") for _, fields in lab.journal.records]


def test_a_silent_reader_watch_counts_as_removal_once_and_is_asked_for_a_fresh_look(lab: Lab) -> None:
    lab.open_session()
    lab.reader.alive = False
    lab.turn(1.2)
    assert lab.is_in(State.ACTIVE)
    lab.turn(0.1)
    assert lab.is_in(State.ENDING)
    lab.turn(5)
    assert lab.calls.take().count("refresh") == 1


@pytest.mark.parametrize("jump", [timedelta(hours=-1), timedelta(seconds=3)])
def test_a_clock_that_is_set_ends_the_session(lab: Lab, jump: timedelta) -> None:
    lab.open_session()
    lab.clock.set_wall(jump)
    lab.turn(0.25)
    assert lab.is_in(State.ENDING)


@pytest.mark.parametrize("state", [State.READY, State.ACTIVE, State.HELD, State.ENDING])
def test_a_clock_that_is_set_ends_what_lives_uncovers_nothing_and_the_counter_serves_again(
    state: State,
) -> None:
    lab = Lab(Policy(on_removal=OnRemoval.HOLD))
    match state:
        case State.READY:
            lab.make_ready()
        case State.HELD:
            lab.hold_session()
        case _:
            lab.open_session()
    if state is State.ENDING:
        lab.say(ev.EndRequested(by=ev.EndedBy.CITIZEN))
    assert lab.is_in(state)
    lab.calls.take()
    lab.clock.set_wall(timedelta(hours=-1))
    lab.turn(0.25)
    assert lab.is_in(State.READY if state is State.READY else State.ENDING)
    assert not any("uncover" in call for call in lab.calls.take())
    assert "clock_jumped" in [alert.kind.value for alert in lab.alerts.open()]
    if state is not State.READY:
        lab.say(ev.CardAbsent(counter=3), receipt(A), spare(B))
    assert ("uncover 1" if state is State.READY else "uncover 2") in lab.say(ev.CardPresent(counter=4))


def test_a_pc_that_slept_ends_the_session(lab: Lab) -> None:
    lab.open_session()
    lab.clock.sleep(30)
    lab.turn(0.25)
    assert lab.is_in(State.ENDING)


SUSPEND = ev.SystemChanging(what=ev.SystemChange.SUSPEND)


def test_a_sleep_is_let_go_only_when_the_session_is_proven_gone_and_the_cover_confirmed(lab: Lab) -> None:
    lab.open_session()
    lab.shade.confirmed = False
    assert lab.say(SUSPEND)[:2] == ["cover", "end a with logout"]
    lab.shade.confirmed = True
    assert "let go" not in lab.say()
    lab.shade.confirmed = False
    assert "let go" not in lab.say(receipt(A))
    lab.shade.confirmed = True
    assert "let go" not in lab.say(), "the shade may not have got to what it was told last"
    assert "let go" in lab.say(CONFIRMED)


def test_a_failed_wipe_lets_no_sleep_go(lab: Lab) -> None:
    lab.open_session()
    assert "let go" not in lab.say(SUSPEND, CONFIRMED, receipt(A, good=False))
    assert lab.is_in(State.WIPE_FAILED)
    assert "let go" in lab.say(receipt(A))


def test_without_a_session_a_sleep_is_let_go_once_all_is_covered(lab: Lab) -> None:
    lab.make_ready()
    assert "let go" in lab.say(SUSPEND, CONFIRMED)


@pytest.mark.parametrize("change", set(ev.SystemChange) - {ev.SystemChange.SUSPEND})
def test_only_a_sleep_is_let_go(lab: Lab, change: ev.SystemChange) -> None:
    """A shutdown waits for the guard's own end."""
    lab.make_ready()
    assert "let go" not in lab.say(ev.SystemChanging(what=change))


def test_no_card_opens_a_counter_that_goes_to_sleep(lab: Lab) -> None:
    lab.make_ready()
    lab.say(SUSPEND, ev.CardPresent(counter=1))
    assert lab.is_in(State.STARTING)
    lab.say(ev.SystemAwake())
    assert lab.is_in(State.STARTING)
    lab.say(ev.CardPresent(counter=1))
    assert lab.is_in(State.TAKE_CARD)


def test_after_a_sleep_the_reader_is_looked_at_anew_before_the_counter_is_ready(lab: Lab) -> None:
    lab.make_ready()
    lab.say(SUSPEND)
    assert "refresh" in lab.say(ev.SystemAwake())
    assert lab.is_in(State.STARTING)
    lab.say(ev.CardAbsent(counter=0))
    assert lab.is_in(State.READY)


@pytest.mark.parametrize("first", ["the clock", "the system's word"])
def test_a_sleep_that_was_announced_is_no_jump_of_the_clock(lab: Lab, first: str) -> None:
    lab.make_ready()
    lab.say(SUSPEND, CONFIRMED)
    lab.clock.sleep(3600)
    if first == "the clock":
        lab.turn(0.25)
    lab.say(ev.SystemAwake(), ev.CardAbsent(counter=0))
    lab.turn(0.25)
    assert lab.is_in(State.READY)
    assert lab.alerts.open() == ()
    assert [fields for kind, fields in lab.journal.records if kind == "clock"] == [
        {"session": None, "jump_s": 3600.0}
    ]


@pytest.mark.parametrize("slept", [0, 3600])
def test_a_clock_that_is_set_in_an_announced_sleep_is_told(lab: Lab, slept: int) -> None:
    lab.make_ready()
    lab.say(SUSPEND)
    lab.clock.sleep(slept)
    lab.clock.set_wall(timedelta(hours=-1))
    lab.say(ev.SystemAwake())
    assert [alert.kind.value for alert in lab.alerts.open()] == ["clock_jumped"]


def test_a_sleep_that_nobody_announced_is_told_as_a_jump_of_the_clock(lab: Lab) -> None:
    lab.make_ready()
    lab.say(SUSPEND, CONFIRMED, ev.SystemAwake())
    lab.clock.sleep(30)
    lab.turn(0.25)
    assert [alert.kind.value for alert in lab.alerts.open()] == ["clock_jumped"]


def test_what_the_system_does_is_recorded(lab: Lab) -> None:
    lab.say(*(ev.SystemChanging(what=what) for what in ev.SystemChange), ev.SystemAwake())
    told = [fields["event"] for kind, fields in lab.journal.records if kind == "system"]
    assert told == ["suspend", "lock", "logout", "shutdown", "stop", "awake"]


def test_time_that_merely_passes_is_no_jump(lab: Lab) -> None:
    lab.open_session()
    lab.pass_time(600, used=True)
    assert lab.is_in(State.ACTIVE)


def test_ready_comes_only_after_a_good_receipt_of_this_session(lab: Lab) -> None:
    lab.open_session()
    lab.say(ev.CardAbsent(counter=2), spare(B))
    assert lab.is_in(State.ENDING)
    lab.say(receipt(B))
    assert lab.is_in(State.ENDING), "another session's receipt proves nothing"
    assert "stale" in lab.journal.kinds()
    lab.say(receipt(A))
    assert lab.is_in(State.READY)


def test_a_failed_wipe_stays_locked_alerts_and_is_tried_again_until_proven(lab: Lab) -> None:
    lab.open_session()
    lab.say(ev.CardAbsent(counter=2), spare(B))
    lab.say(receipt(A, good=False))
    assert lab.is_in(State.WIPE_FAILED)
    lab.turn(1.1)
    assert "end a" in lab.calls.take()
    lab.say(receipt(A))
    assert lab.is_in(State.READY)
    assert "wipe_failed" in [alert.kind.value for alert in lab.alerts.open()], "the alert stays"


def test_a_wipe_that_keeps_failing_is_tried_less_and_less_often(lab: Lab) -> None:
    lab.open_session()
    lab.say(ev.CardAbsent(counter=2))
    waits: list[int] = []
    for _ in range(8):
        lab.say(receipt(A, good=False))
        waits.append(0)
        while "end a" not in lab.calls.take():
            lab.turn(0.5)
            waits[-1] += 1
    assert waits == [2, 4, 8, 16, 32, 60, 60, 60]


def test_a_wipe_that_fails_all_night_is_tried_still(lab: Lab) -> None:
    """A pause that doubled without end was too large a number after 1024 times, and the core died."""
    lab.open_session()
    lab.say(ev.CardAbsent(counter=2))
    for _ in range(1100):
        lab.say(receipt(A, good=False))
        lab.turn(RETRY_WIPE_MOST)
        assert "end a" in lab.calls.take()


@pytest.mark.parametrize("outcome", [Logout.NOT_CONFIRMED, Logout.NOT_TRIED])
def test_a_logout_that_is_not_confirmed_stays_open_as_an_alert(lab: Lab, outcome: Logout) -> None:
    lab.open_session()
    lab.say(ev.CardAbsent(counter=2), receipt(A, logout=outcome))
    assert [alert.kind.value for alert in lab.alerts.open()] == ["logout_not_confirmed"]


def test_a_portal_without_a_logout_recipe_raises_no_alert_for_every_citizen(lab: Lab) -> None:
    lab.open_session()
    lab.say(ev.CardAbsent(counter=2), receipt(A, logout=Logout.NO_RECIPE))
    assert lab.alerts.open() == ()


def test_a_spare_that_died_at_the_very_moment_ends_the_session_it_would_have_been(lab: Lab) -> None:
    lab.make_ready()
    lab.capsules.windows.clear()
    lab.say(ev.CardPresent(counter=1))
    assert lab.is_in(State.ENDING)


def test_monitors_that_change_move_portal_and_curtain(lab: Lab) -> None:
    small = Geometry(x=0, y=0, width=640, height=400)
    asked = lab.say(letters.AreasMoved(portal=small, strip=small, curtain=small))
    assert asked == ["resize capsules 640", "resize curtain"]


def test_a_lost_curtain_is_forgotten_before_a_new_one_starts(lab: Lab) -> None:
    lab.open_session()
    asked = lab.say(ev.CurtainLost())
    assert asked[:2] == ["cover", "end a with logout"]
    assert asked[-2:] == ["forget curtain", "start curtain"]


def test_a_curtain_that_falls_again_and_again_is_started_again_only_after_a_pause(lab: Lab) -> None:
    lab.make_ready()
    assert "start curtain" in lab.say(ev.CurtainLost())
    assert "start curtain" not in lab.say(ev.CurtainLost())
    lab.turn(5)
    assert "start curtain" in lab.calls.take()


@pytest.mark.parametrize(
    "ending", [ev.SystemChanging(what=ev.SystemChange.SHUTDOWN), ev.DisplayLost()], ids=["stop", "display"]
)
def test_the_loop_ends_only_after_the_session_is_proven_gone(lab: Lab, ending: ev.Event) -> None:
    lab.open_session()
    lab.say(ending)
    assert not lab.core.over()
    lab.say(receipt(A))
    assert lab.core.over()


def test_every_state_has_its_screen() -> None:
    assert {state.value for state in State} == {screen.value for screen in Screen}


def test_refused_navigation_is_journalled_by_host_alone(lab: Lab) -> None:
    lab.say(letters.Refused(session=A, what="navigation", host="evil.example"))
    assert ("refused", {"session": A, "what": "navigation", "host": "evil.example"}) in lab.journal.records


def test_a_card_that_was_left_is_called_for_at_once_and_every_8_seconds_until_it_is_taken(lab: Lab) -> None:
    lab.leave_card()
    assert lab.speaker.played == [Sound.TAKE_CARD]
    lab.turn(7.9)
    assert lab.speaker.played == [Sound.TAKE_CARD]
    lab.turn(0.2)
    lab.turn(8.1)
    assert lab.speaker.played == [Sound.TAKE_CARD] * 3
    lab.say(spare(B), ev.CardAbsent(counter=2))
    assert lab.is_in(State.READY)
    lab.turn(60)
    assert lab.speaker.played == [Sound.TAKE_CARD] * 3


def test_a_reminder_that_fell_due_as_the_card_was_taken_is_not_heard_any_more(lab: Lab) -> None:
    lab.leave_card()
    lab.say(ev.CardAbsent(counter=2), letters.SoundDue(sound=Sound.TAKE_CARD))
    lab.turn(60)
    assert lab.speaker.played == [Sound.TAKE_CARD]


def test_a_held_session_calls_staff_and_says_once_when_ten_seconds_are_left() -> None:
    lab = Lab(Policy(on_removal=OnRemoval.HOLD, hold_seconds=60))
    lab.hold_session()
    assert lab.speaker.played == [Sound.STAFF]
    lab.turn(49.9)
    assert lab.speaker.played == [Sound.STAFF]
    lab.turn(0.2)
    assert lab.speaker.played == [Sound.STAFF, Sound.TIME]
    lab.turn(9)
    assert lab.is_in(State.HELD)
    assert lab.speaker.played == [Sound.STAFF, Sound.TIME]


@pytest.mark.parametrize("seconds", [5, 10])
def test_a_hold_of_ten_seconds_or_less_has_nothing_to_warn_of(seconds: int) -> None:
    lab = Lab(Policy(on_removal=OnRemoval.HOLD, hold_seconds=seconds))
    lab.hold_session()
    for _ in range(seconds - 1):
        lab.turn(1)
    assert lab.is_in(State.HELD)
    assert lab.speaker.played == [Sound.STAFF]


def test_a_held_session_that_ended_early_does_not_say_later_that_time_runs_out() -> None:
    lab = Lab(Policy(on_removal=OnRemoval.HOLD, hold_seconds=60))
    lab.hold_session()
    lab.say(ev.EndRequested(by=ev.EndedBy.CONTROL))
    lab.turn(55)
    assert lab.is_in(State.ENDING)
    assert lab.speaker.played == [Sound.STAFF]


def test_a_failed_wipe_calls_staff_once_however_often_it_is_tried_again(lab: Lab) -> None:
    lab.open_session()
    lab.say(ev.CardAbsent(counter=2), receipt(A, good=False))
    assert lab.is_in(State.WIPE_FAILED)
    lab.turn(1.1)
    lab.say(receipt(A, good=False))
    lab.turn(60)
    assert lab.is_in(State.WIPE_FAILED)
    assert lab.speaker.played == [Sound.STAFF]


def test_a_session_that_comes_and_goes_in_order_is_silent(lab: Lab) -> None:
    lab.open_session()
    lab.say(ev.CardAbsent(counter=2), spare(B), receipt(A))
    assert lab.is_in(State.READY)
    lab.turn(60)
    assert lab.speaker.played == []


def test_the_portal_comes_up_only_once_the_record_of_it_is_on_the_disk(lab: Lab) -> None:
    lab.make_ready()
    lab.journal.hangs = True
    lab.say(ev.CardPresent(counter=1))
    assert lab.is_in(State.ACTIVE)
    assert not any("uncover" in call for call in lab.calls.made)
    lab.journal.sync()
    assert "uncover 1" in lab.say()


def test_a_card_that_left_while_the_disk_was_slow_never_brings_the_portal_up(lab: Lab) -> None:
    lab.make_ready()
    lab.journal.hangs = True
    lab.say(ev.CardPresent(counter=1))
    assert "cover" in lab.say(ev.CardAbsent(counter=2))
    lab.journal.sync()
    assert not any("uncover" in call for call in lab.say())


def test_a_resumed_session_waits_for_its_own_record_not_for_an_earlier_one() -> None:
    lab = Lab(Policy(on_removal=OnRemoval.HOLD))
    lab.make_ready()
    lab.journal.hangs = True
    lab.say(ev.CardPresent(counter=1))
    through = len(lab.journal.records)
    lab.say(ev.CardAbsent(counter=2), letters.CoverAnswered(asked_at=1000.0, confirmed_at=1000.0))
    lab.say(ev.CardPresent(counter=3), ev.StaffResume(session=A, staff=NUMBER))
    assert lab.is_in(State.ACTIVE)
    assert "uncover 1" not in lab.say(letters.Durable(ticket=Ticket(through), seq=through))
    lab.journal.sync()
    assert lab.say().count("uncover 1") == 1


def test_ready_comes_only_once_the_receipt_is_on_the_disk(lab: Lab) -> None:
    lab.open_session()
    lab.say(ev.CardAbsent(counter=2), spare(B))
    lab.journal.hangs = True
    lab.say(receipt(A))
    assert lab.is_in(State.ENDING)
    lab.journal.sync()
    lab.say()
    assert lab.is_in(State.READY)


def test_a_failed_wipe_does_not_wait_for_the_disk(lab: Lab) -> None:
    lab.open_session()
    lab.say(ev.CardAbsent(counter=2))
    lab.journal.hangs = True
    lab.say(receipt(A, good=False))
    assert lab.is_in(State.WIPE_FAILED)


def test_a_disk_that_fails_over_a_receipt_closes_the_counter_until_it_is_back(lab: Lab) -> None:
    lab.open_session()
    lab.say(ev.CardAbsent(counter=2), spare(B))
    lab.journal.hangs = True
    lab.say(receipt(A), ev.JournalLost())
    assert lab.is_in(State.OUT_OF_SERVICE)
    assert "journal_lost" in [alert.kind.value for alert in lab.alerts.open()]
    lab.journal.sync()
    lab.say(ev.JournalBack())
    assert lab.is_in(State.READY)
    assert lab.journal.kinds().count("receipt") == 1


def test_a_receipt_while_the_disk_is_lost_closes_the_counter_too(lab: Lab) -> None:
    lab.open_session()
    lab.journal.hangs = True
    lab.say(ev.JournalLost(), spare(B))
    assert lab.is_in(State.ENDING)
    lab.say(receipt(A))
    assert lab.is_in(State.OUT_OF_SERVICE)


@pytest.mark.parametrize("waits_for", ["portal", "receipt"])
def test_a_disk_that_hangs_counts_as_lost_until_it_syncs_again(lab: Lab, waits_for: str) -> None:
    lab.make_ready()
    lab.journal.hangs = waits_for == "portal"
    lab.say(ev.CardPresent(counter=1))
    if waits_for == "receipt":
        lab.say(ev.CardAbsent(counter=2), spare(B))
        lab.journal.hangs = True
        lab.say(receipt(A))
    before = lab.core.snapshot().session.state
    lab.turn(STALLED_AFTER)
    assert lab.is_in(before)
    lab.turn(0.3)
    assert lab.is_in(State.ENDING if waits_for == "portal" else State.OUT_OF_SERVICE)
    assert "journal_lost" in [alert.kind.value for alert in lab.alerts.open()]
    if waits_for == "portal":
        lab.say(ev.CardAbsent(counter=2), spare(B), receipt(A))
    assert lab.is_in(State.OUT_OF_SERVICE)
    lab.journal.sync()
    lab.say()
    assert lab.is_in(State.READY)
    assert not any("uncover" in call for call in lab.calls.made)


@pytest.mark.parametrize("state", [State.READY, State.ACTIVE, State.HELD])
def test_a_disk_that_hangs_closes_the_counter_even_where_no_step_waits_for_it(lab: Lab, state: State) -> None:
    lab.make_ready() if state is State.READY else lab.open_session()
    if state is State.HELD:
        lab.say(ev.CoverRequested(), letters.CoverAnswered(asked_at=1000.0, confirmed_at=1000.0))
        assert lab.is_in(state)
    lab.journal.hangs = True
    lab.say(letters.Refused(session=A, what="navigation", host="evil.example"))
    lab.turn(STALLED_AFTER + 0.3)
    assert lab.is_in(State.OUT_OF_SERVICE if state is State.READY else State.ENDING)


@pytest.mark.parametrize("comes_back", ["stalled", "failed"])
def test_the_counter_opens_only_once_the_receipt_that_was_owed_is_on_the_disk(
    lab: Lab, comes_back: str
) -> None:
    lab.open_session()
    lab.journal.hangs = True
    lab.say(ev.CardAbsent(counter=2), spare(B))
    through = len(lab.journal.records)
    lab.say(receipt(A))
    if comes_back == "failed":
        lab.say(ev.JournalLost())
    lab.turn(STALLED_AFTER + 0.3)
    assert lab.is_in(State.OUT_OF_SERVICE)
    lab.say(letters.Durable(ticket=Ticket(through), seq=through))
    if comes_back == "failed":
        lab.say(ev.JournalBack())
    assert lab.is_in(State.OUT_OF_SERVICE), "an earlier batch is not the receipt"
    lab.journal.sync()
    lab.say()
    assert lab.is_in(State.READY)


def test_a_journal_that_is_told_lost_again_counts_once(lab: Lab) -> None:
    lab.make_ready()
    lab.journal.hangs = True
    lab.say(ev.JournalLost(), ev.JournalLost())
    (alert,) = lab.alerts.open()
    assert (alert.kind.value, alert.count) == ("journal_lost", 1)


def test_every_movement_of_a_card_is_recorded_with_the_readers_counter(lab: Lab) -> None:
    lab.open_session()
    lab.say(ev.CardAbsent(counter=2), receipt(A), ev.CardPresent(counter=3), ev.CardChanged(counter=5))
    lab.say(ev.ReaderLost(why=ev.ReaderLoss.SERVICE_GONE))
    found = [(fields["event"], fields["counter"]) for kind, fields in lab.journal.records if kind == "reader"]
    assert found == [
        ("card_absent", 0),
        ("card_present", 1),
        ("card_absent", 2),
        ("card_present", 3),
        ("card_changed", 5),
        ("service_gone", None),
    ]


def test_a_clock_that_jumped_is_recorded_with_how_far(lab: Lab) -> None:
    lab.clock.set_wall(timedelta(hours=-1))
    lab.turn(0.25)
    assert ("clock", {"session": None, "jump_s": -3600.0}) in lab.journal.records


def test_trouble_of_the_journal_opens_its_alert_and_ends_no_session(lab: Lab) -> None:
    lab.open_session()
    lab.say(letters.AlertDue(kind=AlertKind.JOURNAL_DAMAGED), letters.AlertDue(kind=AlertKind.ANCHOR_LOST))
    assert lab.is_in(State.ACTIVE)
    assert [alert.kind.value for alert in lab.alerts.open()] == ["journal_damaged", "anchor_lost"]
    assert lab.curtain.scenes[-1].alerts == 2


def test_records_are_forwarded_once_they_are_durable(lab: Lab) -> None:
    lab.journal.hangs = True
    lab.make_ready()
    assert lab.forwarded == []
    lab.journal.sync()
    lab.say()
    assert lab.forwarded[-1] == len(lab.journal.records)
