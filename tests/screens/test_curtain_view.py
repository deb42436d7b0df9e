"""What the pages are told to draw."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import cast

import pytest

from guard.browser.site import Wording
from guard.screens.catalogue import Catalogue
from guard.screens.port import (
    PICKS,
    Choice,
    DeskNote,
    DeskScene,
    DeskStep,
    PortalButton,
    PortalState,
    Scene,
    Screen,
    Warned,
)
from guard.screens.view import curtain_view, strip_view
from guard.settings.model import Language
from tests.screens.curtain_desks import REASONS
from tests.screens.curtain_portals import scene as idle

JA = Language.JA
WARM = {"mynaportal": PortalState.WARM, "etax": PortalState.WARM}


@pytest.fixture
def catalogue() -> Catalogue:
    return Catalogue.load()


def drawn(
    catalogue: Catalogue, desk: DeskScene, screen: Screen = Screen.HELD, seconds_left: int | None = None
) -> dict[str, object]:
    view = curtain_view(Scene(screen=screen, desk=desk, seconds_left=seconds_left), JA, catalogue)["desk"]
    assert isinstance(view, dict)
    return view


def entries(view: dict[str, object], part: str = "list") -> list[dict[str, object]]:
    return cast("list[dict[str, object]]", view[part])


def test_without_a_pad_none_is_drawn(catalogue: Catalogue) -> None:
    assert curtain_view(Scene(screen=Screen.READY), JA, catalogue)["desk"] is None


def test_every_screen_offers_the_staff_button(catalogue: Catalogue) -> None:
    for screen in Screen:
        assert curtain_view(Scene(screen=screen), JA, catalogue)["staffLabel"]


def test_names_are_shown_as_they_are_and_never_as_html(catalogue: Catalogue) -> None:
    name = "<b>|{a:b}&"
    view = drawn(catalogue, DeskScene(step=DeskStep.WHO, names=(name,)))
    (button,) = entries(view, "names")
    assert button["label"] == "&lt;b&gt;|{a:b}&amp;"
    assert button["key"] == PICKS[0]
    assert drawn(catalogue, DeskScene(step=DeskStep.PIN, who=name))["who"] == "&lt;b&gt;|{a:b}&amp;"


def test_a_number_without_a_name_is_called_one(catalogue: Catalogue) -> None:
    who = drawn(catalogue, DeskScene(step=DeskStep.PIN, who="21"))["who"]
    assert who == f"{catalogue.html(JA, 'desk.number')} 21"
    view = drawn(catalogue, DeskScene(step=DeskStep.WHO, who="21"))
    assert (view["who"], view["number"], view["hint"]) == ("", "21", "")


def test_of_a_pin_the_page_is_told_the_number_of_digits_alone(catalogue: Catalogue) -> None:
    view = drawn(catalogue, DeskScene(step=DeskStep.PIN, who="A", digits=7))
    assert (view["digits"], view["number"], view["hint"]) == (7, "", "")


@pytest.mark.parametrize("step", DeskStep)
def test_only_where_something_is_typed_there_is_a_keypad(step: DeskStep, catalogue: Catalogue) -> None:
    view = drawn(catalogue, DeskScene(step=step))
    assert view["keypad"] == (step not in {DeskStep.CHOOSE, DeskStep.REASON})
    assert view["busy"] == (step is DeskStep.CHECKING)
    assert bool(view["emergency"]) == (step is DeskStep.WHO)
    assert view["back"]


def test_the_badge_of_a_button_is_the_digit_that_picks_it(catalogue: Catalogue) -> None:
    for desk in (
        DeskScene(step=DeskStep.CHOOSE, choices=tuple(Choice)),
        DeskScene(step=DeskStep.REASON, alert="cover_late", reasons=REASONS),
    ):
        for at, entry in enumerate(entries(drawn(catalogue, desk))):
            assert (entry["badge"], entry["key"]) == (str(at + 1), PICKS[at])
            assert entry["label"]


def test_to_resume_is_what_comes_first_and_says_what_to_look_at(catalogue: Catalogue) -> None:
    resume = drawn(catalogue, DeskScene(step=DeskStep.CHOOSE, choices=(Choice.RESUME, Choice.LOGOUT)))
    assert [entry["primary"] for entry in entries(resume)] == [True, False]
    assert resume["look"]
    start = drawn(catalogue, DeskScene(step=DeskStep.CHOOSE, choices=(Choice.START,)), Screen.READY)
    assert [entry["primary"] for entry in entries(start)] == [False]
    assert start["look"] == ""


def test_to_close_says_that_it_ends_a_held_session(catalogue: Catalogue) -> None:
    desk = DeskScene(step=DeskStep.CHOOSE, choices=(Choice.CLOSE,))
    (held,), (ready,) = entries(drawn(catalogue, desk)), entries(drawn(catalogue, desk, Screen.READY))
    assert held["about"] != ready["about"]


def test_an_alert_is_told_with_what_to_do(catalogue: Catalogue) -> None:
    view = drawn(catalogue, DeskScene(step=DeskStep.REASON, alert="reader_lost", reasons=REASONS))
    assert view["main"] == catalogue.html(JA, "alert.reader_lost.main")
    assert view["sub"] == catalogue.html(JA, "alert.reader_lost.sub")


@pytest.mark.parametrize("note", DeskNote)
def test_every_note_has_a_look_and_words_and_only_a_wrong_number_is_entered_again(
    note: DeskNote, catalogue: Catalogue
) -> None:
    view = drawn(catalogue, DeskScene(step=DeskStep.PIN, note=note, wait=9))["note"]
    assert isinstance(view, dict)
    assert view["look"] in {"error", "warning", "calm"}
    assert view["main"]
    again = note in {DeskNote.WRONG, DeskNote.WAIT}
    assert view["seconds"] == (9 if again else None)
    assert bool(view["now"]) == again


def test_a_wrong_code_is_not_called_a_wrong_pin(catalogue: Catalogue) -> None:
    pin = drawn(catalogue, DeskScene(step=DeskStep.PIN, note=DeskNote.WRONG))["note"]
    code = drawn(catalogue, DeskScene(step=DeskStep.CODE, note=DeskNote.WRONG))["note"]
    assert pin != code


def test_the_countdown_of_a_held_session_stays_on_the_pad(catalogue: Catalogue) -> None:
    held = drawn(catalogue, DeskScene(step=DeskStep.PIN), seconds_left=40)
    assert (held["hold"], held["seconds"]) == (catalogue.html(JA, "HELD.count"), 40)
    assert drawn(catalogue, DeskScene(step=DeskStep.PIN), Screen.READY)["hold"] == ""


def test_a_held_session_says_where_the_card_belongs(catalogue: Catalogue) -> None:
    def beneath(cause: str, *, back: bool) -> object:
        scene = Scene(screen=Screen.HELD, cause=cause, card_back=back)
        return curtain_view(scene, JA, catalogue)["sub"]

    assert beneath("card_absent", back=False) == catalogue.html(JA, "HELD.card_away")
    assert beneath("card_absent", back=True) == catalogue.html(JA, "HELD.card_back")
    assert beneath("cover_requested", back=True) == catalogue.html(JA, "HELD.sub")
    assert beneath("cover_requested", back=False) == catalogue.html(JA, "HELD.card_away")


def test_the_strip_warns_with_words_of_its_own_and_counts(catalogue: Catalogue) -> None:
    calm = strip_view(Scene(screen=Screen.ACTIVE), JA, catalogue)
    assert not calm["warned"]
    for warned in Warned:
        view = strip_view(Scene(screen=Screen.ACTIVE, warned=warned, seconds_left=20), JA, catalogue)
        assert view["warned"]
        assert view["seconds"] == 20
        assert view["main"] == catalogue.html(JA, f"strip.{warned}") != calm["main"]
        assert 'data-number="seconds"' in str(view["main"])


def portals(catalogue: Catalogue, scene: Scene, language: Language = JA) -> list[dict[str, object]]:
    return cast("list[dict[str, object]]", curtain_view(scene, language, catalogue)["portals"])


def test_with_one_portal_the_idle_screen_says_what_it_always_said(catalogue: Catalogue) -> None:
    view = curtain_view(Scene(screen=Screen.READY), JA, catalogue)
    assert view["portals"] == []
    assert view["main"] == catalogue.html(JA, "READY.main")
    assert view["sub"] == catalogue.html(JA, "READY.sub")


def test_with_several_portals_it_asks_to_choose_and_still_says_that_all_was_erased(
    catalogue: Catalogue,
) -> None:
    view = curtain_view(idle(WARM, "etax"), JA, catalogue)
    assert view["main"] == catalogue.html(JA, "portals.main")
    assert view["sub"] == catalogue.html(JA, "portals.sub")
    after = curtain_view(idle(WARM, "etax", cause="wipe_proven"), JA, catalogue)
    assert after["main"] == view["main"]
    assert after["sub"] == catalogue.html(JA, "READY.sub.wipe_proven")


def test_only_the_portal_that_opens_is_called_chosen(catalogue: Catalogue) -> None:
    first, second = portals(catalogue, idle(WARM, "etax"))
    assert (first["key"], first["chosen"], first["word"]) == ("mynaportal", False, "")
    assert (second["key"], second["chosen"]) == ("etax", True)
    assert second["word"] == catalogue.html(JA, "portals.chosen")


def test_a_portal_says_why_it_does_not_open_at_once(catalogue: Catalogue) -> None:
    states = {"mynaportal": PortalState.WARM, "etax": PortalState.PREPARING, "own": PortalState.UNAVAILABLE}
    _, preparing, closed = portals(catalogue, idle(states, "mynaportal"))
    assert (preparing["word"], preparing["unavailable"]) == (catalogue.html(JA, "portals.preparing"), False)
    assert (closed["word"], closed["unavailable"]) == (catalogue.html(JA, "portals.unavailable"), True)


def test_a_portals_own_words_have_readings_and_never_html(catalogue: Catalogue) -> None:
    label = Wording(ja="<b>|A&{seconds}", en="<i>", easy_ja="{申請:しんせい}")
    button = PortalButton(key="a", label=label, state=PortalState.WARM)
    scene = Scene(screen=Screen.READY, portals=(button, button), chosen="a", strip=label)
    drawn = [portals(catalogue, scene, language)[0]["label"] for language in Language]
    assert drawn == [
        "&lt;b&gt;<wbr>A&amp;{seconds}",
        "&lt;i&gt;",
        "<ruby>申請<rt>しんせい</rt></ruby>",
    ]
    assert [strip_view(scene, language, catalogue)["main"] for language in Language] == drawn


def test_a_long_label_is_written_smaller_and_readings_do_not_count(catalogue: Catalogue) -> None:
    def long(text: str) -> object:
        button = PortalButton(key="a", label=Wording(ja=text), state=PortalState.WARM)
        return portals(catalogue, Scene(screen=Screen.READY, portals=(button,), chosen="a"))[0]["long"]

    assert long("漢" * 19) is True
    assert long("漢" * 18) is False
    assert long("A" * 37) is True
    assert long("A" * 36) is False
    assert long("{漢字:かんじかんじ}|" * 9) is False


def test_the_strip_says_the_portals_words_where_it_has_some_and_warns_all_the_same(
    catalogue: Catalogue,
) -> None:
    own = Scene(screen=Screen.ACTIVE, strip=Wording(ja="手続き中です"))
    assert strip_view(own, JA, catalogue)["main"] == "手続き中です"
    assert strip_view(own, JA, catalogue)["own"] is True
    english = strip_view(own, Language.EN, catalogue)
    assert (english["main"], english["own"]) == (catalogue.html(Language.EN, "strip.main"), False)
    warned = strip_view(replace(own, warned=Warned.IDLE, seconds_left=9), JA, catalogue)
    assert (warned["main"], warned["own"]) == (catalogue.html(JA, "strip.idle"), False)


@pytest.mark.parametrize("screen", Screen)
def test_only_at_the_end_and_only_whoever_printed_is_told_to_take_the_paper(
    screen: Screen, catalogue: Catalogue
) -> None:
    for language in Language:
        told = curtain_view(Scene(screen=screen, printed=True), language, catalogue)["printed"]
        assert bool(told) == (screen in {Screen.ENDING, Screen.TAKE_CARD, Screen.READY})
        assert curtain_view(Scene(screen=screen), language, catalogue)["printed"] == ""


def test_staff_who_start_without_a_card_read_which_portal_opens(catalogue: Catalogue) -> None:
    desk = DeskScene(step=DeskStep.CHOOSE, choices=(Choice.START, Choice.CLOSE))
    view = curtain_view(replace(idle(WARM, "etax"), desk=desk), JA, catalogue)["desk"]
    start, close = entries(cast("dict[str, object]", view))
    assert "e-Tax" in str(start["about"])
    assert "マイナポータル" not in str(start["about"])
    assert "e-Tax" not in str(close["about"])


def test_a_view_is_plain_data(catalogue: Catalogue) -> None:
    scene = replace(idle(WARM, "etax"), desk=DeskScene(step=DeskStep.CHOOSE, choices=tuple(Choice)))
    assert json.loads(json.dumps(curtain_view(scene, JA, catalogue)))
