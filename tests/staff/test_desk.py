"""The pad itself: pages of names, corrections, and what is offered to whom."""

from __future__ import annotations

import pytest

from guard.inbox import Content, PeopleFound, PinChecked
from guard.journal.alerts import Reason
from guard.screens.port import PICKS, Choice, DeskNote, DeskScene, DeskStep, Key
from guard.session.effects import AlertKind
from guard.session.events import SessionId, StaffId
from guard.session.table import Card, Facts, Session, State
from guard.staff.desk import SETTLE_SECONDS, Deed, Desk
from guard.staff.people import NUMBER_MOST
from guard.staff.pins import CODE_DIGITS, PIN_MOST
from guard.staff.port import EMERGENCY, Answer, Person, Verdict
from guard.timers import Timers
from tests.support.clock import TurnedClock
from tests.support.core import Book

A, B = SessionId("a"), SessionId("b")
FACTS = Facts(swept=True, curtain=True, card=Card.PRESENT)


def held(session: SessionId) -> Session:
    return Session(state=State.HELD, facts=FACTS, current=session)


class Pad:
    """A pad over a held session of A, with so many people in the book."""

    def __init__(self, people: int = 2) -> None:
        self.clock = TurnedClock()
        self.book = Book()
        self.posted: list[Content] = []
        self.session = held(A)
        self.alerts: tuple[AlertKind, ...] = ()
        self.desk = Desk(self.book, self.posted.append, Timers(self.clock), self.clock)
        self.book.known = tuple(Person(number=StaffId(str(n)), name=f"Name {n}") for n in range(people))
        self.desk.open()
        found = self.posted.pop()
        assert isinstance(found, PeopleFound)
        self.desk.people_found(found)

    @property
    def scene(self) -> DeskScene:
        scene = self.desk.scene(self.session, self.alerts)
        assert scene is not None
        return scene

    def press(self, *keys: Key | str) -> None:
        for key in keys:
            assert self.desk.press(Key(key), self.session, self.alerts) is None

    def answer(self, answer: Answer) -> None:
        self.book.say(answer)
        checked = self.posted.pop()
        assert isinstance(checked, PinChecked)
        self.desk.checked(checked)

    def grant(self, staff: StaffId = StaffId("0")) -> None:  # noqa: B008 -- a text
        self.press(Key.PICK1, *"739182", Key.ENTER)
        self.answer(Answer(verdict=Verdict.YES, staff=staff, name="Name 0"))


@pytest.mark.parametrize(("people", "pages"), [(1, [1]), (8, [8]), (9, [8, 1]), (20, [8, 8, 4])])
def test_more_shows_each_page_of_names_in_turn_and_then_the_first_again(
    people: int, pages: list[int]
) -> None:
    pad = Pad(people)
    names = [f"Name {n}" for n in range(people)]
    for _ in range(2):
        shown: list[str] = []
        for size in pages:
            assert len(pad.scene.names) == size
            assert pad.scene.more == (len(pages) > 1)
            shown += pad.scene.names
            pad.press(Key.MORE)
        assert shown == names


def test_with_names_to_choose_from_the_pad_has_nothing_to_say() -> None:
    scene = Pad(1).scene
    assert (scene.note, scene.wait) == (None, None)


def test_more_without_names_does_nothing() -> None:
    pad = Pad(0)
    pad.press(Key.MORE)
    assert pad.scene.names == ()
    assert pad.scene.note is DeskNote.NOBODY


def test_a_pick_beyond_the_names_on_the_page_chooses_nobody() -> None:
    pad = Pad(2)
    pad.press(PICKS[2])
    assert pad.scene.step is DeskStep.WHO
    pad.press(PICKS[1])
    assert (pad.scene.step, pad.scene.who, pad.scene.names) == (DeskStep.PIN, "Name 1", ())
    assert not pad.scene.more


def test_a_number_is_corrected_digit_by_digit_and_nothing_is_no_number() -> None:
    pad = Pad()
    pad.press(Key.ENTER)
    assert pad.scene.step is DeskStep.WHO
    pad.press(*"123", Key.ERASE)
    assert pad.scene.who == "12"
    pad.press(Key.ERASE, Key.ERASE, Key.ERASE)
    assert pad.scene.who == ""
    pad.press(*"9" * (NUMBER_MOST + 3))
    assert pad.scene.who == "9" * NUMBER_MOST
    pad.press(Key.ENTER)
    assert (pad.scene.step, pad.scene.who) == (DeskStep.PIN, "9" * NUMBER_MOST)


def test_a_pin_is_corrected_digit_by_digit_and_too_short_a_one_is_not_asked_about() -> None:
    pad = Pad()
    pad.press(Key.PICK1, *"739184", Key.ERASE)
    assert pad.scene.digits == 5
    pad.press(Key.ENTER)
    assert pad.scene.step is DeskStep.PIN
    assert pad.book.asked == []
    pad.press("2", Key.ENTER)
    assert pad.book.asked == [("0", "739182")]


@pytest.mark.parametrize(("door", "most"), [(Key.PICK1, PIN_MOST), (Key.EMERGENCY, CODE_DIGITS)])
def test_no_more_digits_are_taken_than_there_can_be(door: Key, most: int) -> None:
    pad = Pad()
    pad.press(door, *"1" * (most + 3))
    assert pad.scene.digits == most


def test_back_forgets_the_number_and_the_digits() -> None:
    pad = Pad()
    pad.press(Key.EMERGENCY, "1")
    assert (pad.scene.step, pad.scene.who) == (DeskStep.CODE, "")
    pad.press(Key.BACK)
    assert (pad.scene.step, pad.scene.who, pad.scene.digits) == (DeskStep.WHO, "", 0)


def test_while_a_pin_is_checked_no_key_does_anything() -> None:
    pad = Pad()
    pad.press(Key.PICK1, *"739182", Key.ENTER)
    before = pad.scene
    pad.press(*Key)
    assert pad.scene == before
    assert len(pad.book.asked) == 1


def test_a_wrong_code_leads_back_to_the_code_and_its_wait_counts_down() -> None:
    pad = Pad()
    pad.press(Key.EMERGENCY, *"1" * CODE_DIGITS, Key.ENTER)
    pad.answer(Answer(verdict=Verdict.WRONG, staff=EMERGENCY, wait_seconds=2.0))
    waits = []
    for _ in range(4):
        waits.append(pad.scene.wait)
        pad.clock.turn(0.75)
    assert waits == [2, 2, 1, None]
    assert (pad.scene.step, pad.scene.note) == (DeskStep.CODE, DeskNote.WRONG)


def test_a_wrong_pin_without_a_wait_shows_none() -> None:
    pad = Pad()
    pad.press(Key.PICK1, *"739182", Key.ENTER)
    pad.answer(Answer(verdict=Verdict.WRONG, staff=StaffId("0")))
    assert (pad.scene.step, pad.scene.wait) == (DeskStep.PIN, None)


def test_a_grant_for_one_session_offers_no_resume_of_another() -> None:
    pad = Pad()
    pad.grant()
    assert pad.scene.who == "Name 0"
    its_own = pad.scene.choices
    assert its_own == (Choice.RESUME, Choice.LOGOUT, Choice.CLOSE)
    pad.session = held(B)
    anothers = pad.scene.choices
    assert anothers == (Choice.LOGOUT, Choice.CLOSE)


def test_while_all_goes_down_nothing_is_offered() -> None:
    pad = Pad()
    pad.grant()
    pad.session = Session(state=State.ENDING, facts=Facts(stopping=True), current=A)
    assert pad.scene.choices == ()


def test_reasons_are_offered_for_the_first_alert_alone_and_back_leads_to_the_choices() -> None:
    pad = Pad()
    pad.alerts = (AlertKind.READER_LOST, AlertKind.COVER_LATE)
    pad.grant()
    assert (pad.scene.alert, pad.scene.reasons) == ("", ())
    pad.clock.turn(1)
    pad.press(str(pad.scene.choices.index(Choice.ALERTS) + 1))
    assert (pad.scene.step, pad.scene.alert, len(pad.scene.reasons)) == (DeskStep.REASON, "reader_lost", 3)
    pad.clock.turn(1)
    pad.press("4", Key.BACK)
    assert pad.scene.step is DeskStep.CHOOSE
    pad.press(Key.BACK)
    assert not pad.desk.is_open


def test_a_press_beyond_what_is_offered_chooses_nothing() -> None:
    pad = Pad()
    pad.grant()
    beyond = str(len(pad.scene.choices) + 1)
    pad.clock.turn(1)
    pad.press(beyond, "8")
    assert pad.scene.step is DeskStep.CHOOSE


def test_a_list_that_has_stood_for_just_long_enough_takes_a_press() -> None:
    pad = Pad()
    pad.clock.turn(-pad.clock.monotonic())  # at 0 s nothing of SETTLE_SECONDS is rounded away
    pad.grant()
    assert pad.scene.choices
    pad.clock.turn(SETTLE_SECONDS)
    deed = pad.desk.press(Key("2"), pad.session, ())
    assert deed == Deed(choice=Choice.LOGOUT, staff=StaffId("0"), session=A)


def test_an_alert_is_closed_by_whom_the_pin_belongs_to() -> None:
    pad = Pad()
    pad.alerts = (AlertKind.READER_LOST,)
    pad.grant()
    assert pad.scene.choices[3] is Choice.ALERTS
    pad.clock.turn(1)
    pad.press("4")
    assert pad.scene.alert
    pad.clock.turn(1)
    deed = pad.desk.press(Key("1"), pad.session, pad.alerts)
    assert deed == Deed(
        choice=Choice.ALERTS,
        staff=StaffId("0"),
        session=A,
        alert=AlertKind.READER_LOST,
        reason=Reason.CHECKED,
    )


def test_an_alert_that_comes_behind_the_one_on_the_pad_keeps_no_press_waiting() -> None:
    pad = Pad()
    pad.alerts = (AlertKind.READER_LOST,)
    pad.grant()
    assert pad.scene.choices[3] is Choice.ALERTS
    pad.clock.turn(1)
    pad.press("4")
    assert pad.scene.alert == "reader_lost"
    pad.clock.turn(1)
    pad.alerts = (AlertKind.READER_LOST, AlertKind.COVER_LATE)
    deed = pad.desk.press(Key("1"), pad.session, pad.alerts)
    assert deed is not None
    assert deed.alert is AlertKind.READER_LOST


def test_names_are_those_of_this_opening() -> None:
    pad = Pad()
    pad.desk.close()
    pad.desk.open()
    late = PeopleFound(serial=1, people=(Person(number=StaffId("9"), name="Late"),))
    pad.desk.people_found(late)
    assert not pad.scene.names
    assert pad.scene.note is DeskNote.LOADING
    pad.desk.close()
    pad.desk.people_found(late)
    assert not pad.desk.is_open
