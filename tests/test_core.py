"""The loop with stand-ins for its parts and a clock that is turned."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from guard import inbox as letters
from guard.browser.port import Geometry, Logout, Receipt
from guard.core import CURTAIN_CHECK, Core, Parts
from guard.journal.alerts import Alerts
from guard.readers.port import ReaderStatus
from guard.screens.port import Scene, Screen, Sound
from guard.session import events as ev
from guard.session.policy import OnRemoval, Policy
from guard.session.table import State
from tests.support.clock import TurnedClock

if TYPE_CHECKING:
    from guard.journal.port import Field

AREA = Geometry(x=0, y=0, width=1280, height=800)
A, B = ev.SessionId("a"), ev.SessionId("b")


@dataclass
class Calls:
    """What the core asked its parts for, in order."""

    made: list[str] = field(default_factory=list)

    def take(self) -> list[str]:
        taken = list(self.made)
        self.made.clear()
        return taken


class Reader:
    def __init__(self, clock: TurnedClock, calls: Calls) -> None:
        self.alive = True
        self._clock = clock
        self._calls = calls
        self._sign = clock.monotonic()

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def refresh(self) -> None:
        self._calls.made.append("refresh")

    def heartbeat(self) -> float:
        return 0.5

    def last_sign(self) -> float:
        if self.alive:
            self._sign = self._clock.monotonic()
        return self._sign

    def status(self) -> ReaderStatus:
        return ReaderStatus(name="r", state="absent", counter=0)


class Shade:
    def __init__(self, clock: TurnedClock, calls: Calls) -> None:
        self._clock = clock
        self._calls = calls

    def start(self) -> None: ...

    def close(self) -> None: ...

    def areas(self) -> tuple[Geometry, Geometry, Geometry]:
        return AREA, AREA, AREA

    def cover(self) -> float:
        self._calls.made.append("cover")
        return self._clock.monotonic()

    def uncover(self, portal: int) -> None:
        self._calls.made.append(f"uncover {portal}")

    def adopt_curtain(self, curtain: int, strip: int) -> None:
        self._calls.made.append(f"adopt curtain {curtain} {strip}")

    def forget_curtain(self) -> None:
        self._calls.made.append("forget curtain")

    def adopt_capsule(self, window: int) -> None:
        self._calls.made.append(f"adopt capsule {window}")

    def covered(self) -> bool:
        return True

    def clear_clipboard(self, timeout: float) -> bool:
        return timeout > 0


class Curtain:
    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self.scenes: list[Scene] = []
        self.pulses = 0

    def start(self, areas: tuple[Geometry, Geometry, Geometry]) -> None:
        assert areas
        self._calls.made.append("start curtain")

    def show(self, scene: Scene) -> None:
        self.scenes.append(scene)

    def pulse(self) -> None:
        self.pulses += 1

    def check(self) -> None:
        self._calls.made.append("check curtain")

    def resize(self, areas: tuple[Geometry, Geometry, Geometry]) -> None:
        assert areas
        self._calls.made.append("resize curtain")

    def pids(self) -> tuple[int, ...]:
        return ()

    def close(self) -> None: ...


class Speaker:
    def __init__(self) -> None:
        self.played: list[Sound] = []

    def play(self, sound: Sound) -> None:
        self.played.append(sound)

    def close(self) -> None: ...


class Capsules:
    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self.windows: dict[ev.SessionId, int] = {A: 1, B: 2}

    def warm_up(self) -> None:
        self._calls.made.append("warm up")

    def adopted(self, session: ev.SessionId) -> None:
        self._calls.made.append(f"adopted {session}")

    def begin(self, session: ev.SessionId) -> int | None:
        return self.windows.get(session)

    def resize(self, area: Geometry) -> None:
        self._calls.made.append(f"resize capsules {area.width}")


class Ending:
    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def end(self, session: ev.SessionId, *, logout: bool) -> None:
        self._calls.made.append(f"end {session}" + (" with logout" if logout else ""))

    def kill(self, session: ev.SessionId) -> None:
        self._calls.made.append(f"kill {session}")


class Journal:
    def __init__(self) -> None:
        self.records: list[tuple[str, dict[str, Field]]] = []

    def record(self, kind: str, session: ev.SessionId | None = None, **fields: Field) -> None:
        self.records.append((kind, {"session": session, **fields}))

    def close(self) -> None: ...

    def kinds(self) -> list[str]:
        return [kind for kind, _ in self.records]


class Desk:
    """A core on stand-ins, turned letter by letter."""

    def __init__(self, policy: Policy) -> None:
        self.clock = TurnedClock()
        self.calls = Calls()
        self.reader = Reader(self.clock, self.calls)
        self.curtain = Curtain(self.calls)
        self.speaker = Speaker()
        self.capsules = Capsules(self.calls)
        self.journal = Journal()
        self.alerts = Alerts(self.journal, self.clock)
        self.inbox = letters.Inbox(self.clock)
        parts = Parts(
            reader=self.reader,
            shade=Shade(self.clock, self.calls),
            curtain=self.curtain,
            speaker=self.speaker,
            capsules=self.capsules,
            ending=Ending(self.calls),
            journal=self.journal,
            alerts=self.alerts,
        )
        self.core = Core(parts, policy, self.inbox, self.clock)

    def say(self, *contents: ev.Event | letters.Report) -> list[str]:
        """Post, let the core read everything, and return what it asked for."""
        for content in contents:
            self.inbox.post(content)
        self.turn(0)
        return self.calls.take()

    def turn(self, seconds: float) -> None:
        """Turn the clock, then let the loop go round until it has nothing to do."""
        self.clock.turn(seconds)
        self.core.turn(0)
        while self.core.turn(0):
            pass

    def is_in(self, state: State) -> bool:
        return self.core.snapshot().session.state is state

    def make_ready(self, session: ev.SessionId = A) -> None:
        self.say(
            ev.LeftoversSwept(),
            ev.CardAbsent(counter=0),
            letters.CurtainAppeared(curtain=10, strip=11),
            letters.SpareAppeared(session=session, window=self.capsules.windows[session]),
        )
        assert self.is_in(State.READY)

    def open_session(self) -> None:
        self.make_ready()
        self.say(ev.CardPresent(counter=1))
        assert self.is_in(State.ACTIVE)

    def hold_session(self) -> None:
        self.open_session()
        self.say(ev.CardAbsent(counter=2), letters.CoverAnswered(asked_at=1000.0, confirmed_at=1000.0))
        assert self.is_in(State.HELD)

    def leave_card(self) -> None:
        self.open_session()
        self.say(ev.EndRequested(by=ev.EndedBy.CITIZEN), _receipt(A))
        assert self.is_in(State.TAKE_CARD)


@pytest.fixture
def desk() -> Desk:
    return Desk(Policy())


def _receipt(session: ev.SessionId, *, good: bool = True, logout: Logout = Logout.CONFIRMED) -> letters.Ended:
    return letters.Ended(
        receipt=Receipt(
            session=session,
            logout=logout,
            processes_left=0 if good else 1,
            storage_left=False,
            clipboard_empty=True,
            print_jobs="none possible",
            downloads="none possible",
            logout_ms=1.0,
            kill_ms=1.0,
            verify_ms=1.0,
            clipboard_ms=1.0,
        )
    )


def test_removal_covers_before_anything_else_is_asked_for(desk: Desk) -> None:
    desk.open_session()
    assert desk.say(ev.CardAbsent(counter=2))[:2] == ["cover", "end a with logout"]
    assert desk.is_in(State.ENDING)


def test_a_cover_that_is_not_confirmed_in_time_kills_the_capsule(desk: Desk) -> None:
    desk.open_session()
    desk.say(ev.CardAbsent(counter=2))
    desk.turn(0.09)
    assert "kill a" not in desk.calls.take()
    desk.turn(0.02)
    assert "kill a" in desk.calls.take()
    assert [alert.kind.value for alert in desk.alerts.open()] == ["cover_late"]


def test_a_cover_confirmed_in_time_kills_nothing_early(desk: Desk) -> None:
    desk.open_session()
    desk.say(ev.CardAbsent(counter=2))
    desk.say(letters.CoverAnswered(asked_at=1000.0, confirmed_at=1000.001))
    desk.turn(1.0)
    assert "kill a" not in desk.calls.take()
    assert ("covered", {"session": A, "cover_ms": 1.0}) in desk.journal.records


def test_the_answer_to_an_earlier_cover_does_not_stop_the_clock_of_a_later_one(desk: Desk) -> None:
    desk.open_session()
    desk.clock.turn(1)
    desk.say(ev.CardAbsent(counter=2), letters.CoverAnswered(asked_at=1000.0, confirmed_at=1000.001))
    desk.turn(0.2)
    assert "kill a" in desk.calls.take()


def test_a_held_session_that_could_not_be_covered_in_time_is_ended() -> None:
    desk = Desk(Policy(on_removal=OnRemoval.HOLD))
    desk.open_session()
    desk.say(ev.CardAbsent(counter=2))
    assert desk.is_in(State.HELD)
    desk.turn(0.2)
    assert desk.is_in(State.ENDING)
    assert "end a" in desk.calls.take(), "without wasting time on a logout"


def test_a_held_session_ends_when_its_time_is_over() -> None:
    desk = Desk(Policy(on_removal=OnRemoval.HOLD, hold_seconds=60))
    desk.open_session()
    desk.say(ev.CardAbsent(counter=2), letters.CoverAnswered(asked_at=1000.0, confirmed_at=1000.0))
    assert desk.curtain.scenes[-1].seconds_left == 60
    desk.turn(59)
    assert desk.is_in(State.HELD)
    desk.turn(2)
    assert desk.is_in(State.ENDING)


def test_the_curtain_is_asked_for_a_sign_of_life_now_and_then(desk: Desk) -> None:
    desk.open_session()
    desk.turn(CURTAIN_CHECK)
    assert desk.calls.take().count("check curtain") == 1
    assert desk.curtain.pulses == 1
    for _ in range(16):
        desk.turn(0.25)
    assert desk.curtain.pulses == 5


def test_the_staff_line_names_what_keeps_the_counter_closed(desk: Desk) -> None:
    desk.open_session()
    desk.say(ev.ReaderLost(why=ev.ReaderLoss.READER_GONE))
    assert desk.curtain.scenes[-1].cause == "reader_lost"
    desk.say(_receipt(A))
    assert desk.is_in(State.OUT_OF_SERVICE)
    assert desk.curtain.scenes[-1].cause == "reader_lost"


def test_the_longest_duration_ends_a_session(desk: Desk) -> None:
    desk.open_session()
    desk.turn(60 * 60 + 1)
    assert desk.is_in(State.ENDING)


def test_a_silent_reader_watch_counts_as_removal_once_and_is_asked_for_a_fresh_look(desk: Desk) -> None:
    desk.open_session()
    desk.reader.alive = False
    desk.turn(1.2)
    assert desk.is_in(State.ACTIVE)
    desk.turn(0.1)
    assert desk.is_in(State.ENDING)
    desk.turn(5)
    assert desk.calls.take().count("refresh") == 1


@pytest.mark.parametrize("jump", [timedelta(hours=-1), timedelta(seconds=3)])
def test_a_clock_that_is_set_ends_the_session(desk: Desk, jump: timedelta) -> None:
    desk.open_session()
    desk.clock.set_wall(jump)
    desk.turn(0.25)
    assert desk.is_in(State.ENDING)


def test_a_pc_that_slept_ends_the_session(desk: Desk) -> None:
    desk.open_session()
    desk.clock.sleep(30)
    desk.turn(0.25)
    assert desk.is_in(State.ENDING)


def test_time_that_merely_passes_is_no_jump(desk: Desk) -> None:
    desk.open_session()
    desk.turn(600)
    assert desk.is_in(State.ACTIVE)


def test_ready_comes_only_after_a_good_receipt_of_this_session(desk: Desk) -> None:
    desk.open_session()
    desk.say(ev.CardAbsent(counter=2), letters.SpareAppeared(session=B, window=2))
    assert desk.is_in(State.ENDING)
    desk.say(_receipt(B))
    assert desk.is_in(State.ENDING), "another session's receipt proves nothing"
    assert "stale" in desk.journal.kinds()
    desk.say(_receipt(A))
    assert desk.is_in(State.READY)


def test_a_failed_wipe_stays_locked_alerts_and_is_tried_again_until_proven(desk: Desk) -> None:
    desk.open_session()
    desk.say(ev.CardAbsent(counter=2), letters.SpareAppeared(session=B, window=2))
    desk.say(_receipt(A, good=False))
    assert desk.is_in(State.WIPE_FAILED)
    desk.turn(1.1)
    assert "end a" in desk.calls.take()
    desk.say(_receipt(A))
    assert desk.is_in(State.READY)
    assert "wipe_failed" in [alert.kind.value for alert in desk.alerts.open()], "the alert stays"


def test_a_wipe_that_keeps_failing_is_tried_less_and_less_often(desk: Desk) -> None:
    desk.open_session()
    desk.say(ev.CardAbsent(counter=2))
    waits: list[int] = []
    for _ in range(8):
        desk.say(_receipt(A, good=False))
        waits.append(0)
        while "end a" not in desk.calls.take():
            desk.turn(0.5)
            waits[-1] += 1
    assert waits == [2, 4, 8, 16, 32, 60, 60, 60]


@pytest.mark.parametrize("outcome", [Logout.NOT_CONFIRMED, Logout.NOT_TRIED])
def test_a_logout_that_is_not_confirmed_stays_open_as_an_alert(desk: Desk, outcome: Logout) -> None:
    desk.open_session()
    desk.say(ev.CardAbsent(counter=2), _receipt(A, logout=outcome))
    assert [alert.kind.value for alert in desk.alerts.open()] == ["logout_not_confirmed"]


def test_a_portal_without_a_logout_recipe_raises_no_alert_for_every_citizen(desk: Desk) -> None:
    desk.open_session()
    desk.say(ev.CardAbsent(counter=2), _receipt(A, logout=Logout.NO_RECIPE))
    assert desk.alerts.open() == ()


def test_a_spare_that_died_at_the_very_moment_ends_the_session_it_would_have_been(desk: Desk) -> None:
    desk.make_ready()
    desk.capsules.windows.clear()
    desk.say(ev.CardPresent(counter=1))
    assert desk.is_in(State.ENDING)


def test_monitors_that_change_move_portal_and_curtain(desk: Desk) -> None:
    small = Geometry(x=0, y=0, width=640, height=400)
    asked = desk.say(letters.AreasMoved(portal=small, strip=small, curtain=small))
    assert asked == ["resize capsules 640", "resize curtain"]


def test_a_lost_curtain_is_forgotten_before_a_new_one_starts(desk: Desk) -> None:
    desk.open_session()
    asked = desk.say(ev.CurtainLost())
    assert asked[:2] == ["cover", "end a with logout"]
    assert asked[-2:] == ["forget curtain", "start curtain"]


def test_a_curtain_that_falls_again_and_again_is_started_again_only_after_a_pause(desk: Desk) -> None:
    desk.make_ready()
    assert "start curtain" in desk.say(ev.CurtainLost())
    assert "start curtain" not in desk.say(ev.CurtainLost())
    desk.turn(5)
    assert "start curtain" in desk.calls.take()


@pytest.mark.parametrize(
    "ending", [ev.SystemChanging(what=ev.SystemChange.SHUTDOWN), ev.DisplayLost()], ids=["stop", "display"]
)
def test_the_loop_ends_only_after_the_session_is_proven_gone(desk: Desk, ending: ev.Event) -> None:
    desk.open_session()
    desk.say(ending)
    assert not desk.core.over()
    desk.say(_receipt(A))
    assert desk.core.over()


def test_every_state_has_its_screen() -> None:
    assert {state.value for state in State} == {screen.value for screen in Screen}


def test_refused_navigation_is_journalled_by_host_alone(desk: Desk) -> None:
    desk.say(letters.Refused(session=A, what="navigation", host="evil.example"))
    assert ("refused", {"session": A, "what": "navigation", "host": "evil.example"}) in desk.journal.records


def test_a_card_that_was_left_is_called_for_at_once_and_every_8_seconds_until_it_is_taken(desk: Desk) -> None:
    desk.leave_card()
    assert desk.speaker.played == [Sound.TAKE_CARD]
    desk.turn(7.9)
    assert desk.speaker.played == [Sound.TAKE_CARD]
    desk.turn(0.2)
    desk.turn(8.1)
    assert desk.speaker.played == [Sound.TAKE_CARD] * 3
    desk.say(letters.SpareAppeared(session=B, window=2), ev.CardAbsent(counter=2))
    assert desk.is_in(State.READY)
    desk.turn(60)
    assert desk.speaker.played == [Sound.TAKE_CARD] * 3


def test_a_reminder_that_fell_due_as_the_card_was_taken_is_not_heard_any_more(desk: Desk) -> None:
    desk.leave_card()
    desk.say(ev.CardAbsent(counter=2), letters.SoundDue(sound=Sound.TAKE_CARD))
    desk.turn(60)
    assert desk.speaker.played == [Sound.TAKE_CARD]


def test_a_held_session_calls_staff_and_says_once_when_ten_seconds_are_left() -> None:
    desk = Desk(Policy(on_removal=OnRemoval.HOLD, hold_seconds=60))
    desk.hold_session()
    assert desk.speaker.played == [Sound.STAFF]
    desk.turn(49.9)
    assert desk.speaker.played == [Sound.STAFF]
    desk.turn(0.2)
    assert desk.speaker.played == [Sound.STAFF, Sound.TIME]
    desk.turn(9)
    assert desk.is_in(State.HELD)
    assert desk.speaker.played == [Sound.STAFF, Sound.TIME]


@pytest.mark.parametrize("seconds", [5, 10])
def test_a_hold_of_ten_seconds_or_less_has_nothing_to_warn_of(seconds: int) -> None:
    desk = Desk(Policy(on_removal=OnRemoval.HOLD, hold_seconds=seconds))
    desk.hold_session()
    for _ in range(seconds - 1):
        desk.turn(1)
    assert desk.is_in(State.HELD)
    assert desk.speaker.played == [Sound.STAFF]


def test_a_held_session_that_ended_early_does_not_say_later_that_time_runs_out() -> None:
    desk = Desk(Policy(on_removal=OnRemoval.HOLD, hold_seconds=60))
    desk.hold_session()
    desk.say(ev.EndRequested(by=ev.EndedBy.CONTROL))
    desk.turn(55)
    assert desk.is_in(State.ENDING)
    assert desk.speaker.played == [Sound.STAFF]


def test_a_failed_wipe_calls_staff_once_however_often_it_is_tried_again(desk: Desk) -> None:
    desk.open_session()
    desk.say(ev.CardAbsent(counter=2), _receipt(A, good=False))
    assert desk.is_in(State.WIPE_FAILED)
    desk.turn(1.1)
    desk.say(_receipt(A, good=False))
    desk.turn(60)
    assert desk.is_in(State.WIPE_FAILED)
    assert desk.speaker.played == [Sound.STAFF]


def test_a_session_that_comes_and_goes_in_order_is_silent(desk: Desk) -> None:
    desk.open_session()
    desk.say(ev.CardAbsent(counter=2), letters.SpareAppeared(session=B, window=2), _receipt(A))
    assert desk.is_in(State.READY)
    desk.turn(60)
    assert desk.speaker.played == []
