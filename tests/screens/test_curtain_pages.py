"""Every screen, in every language and size, as a real engine lays it out."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import json
import os
import re
import subprocess
from itertools import combinations
from pathlib import Path
from typing import TypedDict, cast

import pytest

from guard.screens.port import PORTALS_MOST, DeskStep
from guard.settings.model import Language
from tests.screens.curtain_desks import DIGITS
from tests.support.xvfb import Xvfb

pytestmark = pytest.mark.chain

Box = tuple[float, float, float, float]
ROUNDING = 1.0


class Text(TypedDict):
    text: str
    boxes: list[Box]
    contrast: float
    size: float


class Portal(TypedDict):
    key: str
    pressed: bool
    disabled: bool
    ground: str
    word: str
    sign: str


class Measured(TypedDict):
    size: tuple[int, int]
    language: str
    screen: str
    texts: list[Text]
    buttons: dict[str, Box]
    portals: list[Portal]
    main: float
    fits: bool
    viewport: tuple[int, int]
    words: Box | None
    footer: Box | None
    picture: Box | None
    field: str | None
    dots: int
    printed: bool
    panels: list[Box]
    spilt: list[str]
    cut: list[str]


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> list[Measured]:
    folder = tmp_path_factory.mktemp("measured")
    out = folder / "measured.json"
    with Xvfb((3840, 2160)) as server:
        subprocess.run(
            [sys.executable, "-m", "tests.screens.curtain_measure", str(out)],
            check=True,
            timeout=600,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(folder),
                "XDG_RUNTIME_DIR": str(folder),
                "DISPLAY": server.display,
                "QT_ENABLE_HIGHDPI_SCALING": "0",
            },
            cwd=Path(__file__).parents[2],
        )
    return cast("list[Measured]", json.loads(out.read_text("utf-8")))


def where(one: Measured) -> str:
    return f"{one['screen']} {one['language']} {one['size']}"


def inside(box: Box, one: Measured) -> bool:
    width, height = one["viewport"]
    left, top, right, bottom = box
    return min(left, top) > -ROUNDING and right < width + ROUNDING and bottom < height + ROUNDING


def meet(one: Box, other: Box) -> bool:
    """Tell whether they overlap by more than what is rounded away."""
    return (
        min(one[2], other[2]) - max(one[0], other[0]) > ROUNDING
        and min(one[3], other[3]) - max(one[1], other[1]) > ROUNDING
    )


def within(box: Box, around: Box) -> bool:
    return (
        box[0] > around[0] - ROUNDING
        and box[1] > around[1] - ROUNDING
        and box[2] < around[2] + ROUNDING
        and box[3] < around[3] + ROUNDING
    )


def test_nothing_is_cut_off(measured: list[Measured]) -> None:
    assert len(measured) >= 5 * 3 * 9
    assert [where(one) for one in measured if not one["fits"]] == []
    cut = [
        (where(one), text["text"])
        for one in measured
        for text in one["texts"]
        if not all(inside(box, one) for box in text["boxes"])
    ]
    assert cut == []


def test_only_what_no_button_or_strip_has_room_for_is_cut_short(measured: list[Measured]) -> None:
    """A profile's name of a hundred characters, three sentences on the strip."""
    assert {name for one in measured for name in one["cut"] if not one["screen"].startswith("strip")} == {
        "longest",
        "entry-portal",
    }
    assert {one["screen"] for one in measured if "main" in one["cut"]} == {"strip.own.long"}


def test_no_words_spill_out_of_their_button_box_or_bar(measured: list[Measured]) -> None:
    assert [(where(one), one["spilt"]) for one in measured if one["spilt"]] == []


def test_no_words_lie_under_a_button(measured: list[Measured]) -> None:
    hidden = [
        (where(one), text["text"], name)
        for one in measured
        for text in one["texts"]
        for name, button in one["buttons"].items()
        if any(meet(box, button) and not within(box, button) for box in text["boxes"])
    ]
    assert hidden == []


def test_no_two_buttons_overlap(measured: list[Measured]) -> None:
    """The language buttons share an edge."""
    crowded = [
        (where(one), a, b)
        for one in measured
        for (a, first), (b, second) in combinations(one["buttons"].items(), 2)
        if meet(first, second) and not {a, b} <= set(Language)
    ]
    assert crowded == []


def test_the_pad_is_measured_in_every_step_and_its_parts_keep_apart(measured: list[Measured]) -> None:
    pads = [one for one in measured if one["screen"].startswith("desk.")]
    assert {one["screen"].split(".")[1] for one in pads} == set(DeskStep)
    touching = [
        where(one) for one in pads for first, second in combinations(one["panels"], 2) if meet(first, second)
    ]
    assert touching == []


def test_on_the_pad_no_picture_and_no_words_for_citizens_remain(measured: list[Measured]) -> None:
    for one in measured:
        if one["screen"].startswith("desk."):
            assert (one["words"], one["footer"], one["picture"]) == (None, None, None), where(one)
            assert not {"staff", *Language} & one["buttons"].keys(), where(one)


def test_the_pad_shows_how_many_digits_there_are_and_never_which(measured: list[Measured]) -> None:
    for one in measured:
        if one["screen"].startswith(("desk.pin.plain", "desk.code.plain")):
            assert one["field"] == "", where(one)
            assert one["dots"] == DIGITS[DeskStep(one["screen"].split(".")[1])], where(one)


def test_the_keypad_is_a_regular_grid_with_the_largest_targets(measured: list[Measured]) -> None:
    rows = (("1", "2", "3"), ("4", "5", "6"), ("7", "8", "9"), ("erase", "0", "enter"))
    for one in measured:
        keys = one["buttons"]
        if "enter" not in keys:
            continue
        boxes = [keys[key] for row in rows for key in row]
        wide, high = [box[2] - box[0] for box in boxes], [box[3] - box[1] for box in boxes]
        assert max(wide) - min(wide) <= 1, where(one)
        assert max(high) - min(high) <= 1, where(one)
        assert min(*wide, *high) >= 80 * min(one["size"]) / 800, where(one)
        for row in rows:
            assert len({round(keys[key][1]) for key in row}) == 1, where(one)
        for column in zip(*rows, strict=True):
            assert len({round(keys[key][0]) for key in column}) == 1, where(one)


def test_a_second_tap_on_the_enter_key_hits_no_choice(measured: list[Measured]) -> None:
    """On a screen as counters have it, wider than high."""
    pads = [one for one in measured if one["screen"].startswith("desk.") and one["size"][0] > one["size"][1]]
    enter = {tuple(one["size"]): one["buttons"]["enter"] for one in pads if "enter" in one["buttons"]}
    hit = [
        (where(one), name)
        for one in pads
        for name, box in one["buttons"].items()
        if one["screen"].startswith("desk.choose") and meet(box, enter[tuple(one["size"])])
    ]
    assert hit == []


def test_every_number_of_portals_is_measured_and_each_button_is_large(measured: list[Measured]) -> None:
    """88 px at 1280x800, twice what a target needs."""
    screens = [one for one in measured if one["screen"].startswith("portals.")]
    assert {len(one["portals"]) for one in screens} == set(range(2, PORTALS_MOST + 1))
    for one in screens:
        for portal in one["portals"]:
            box = one["buttons"][portal["key"]]
            assert min(box[2] - box[0], box[3] - box[1]) >= 88 * min(one["size"]) / 800, where(one)
    assert not [one for one in measured if one["portals"] and one not in screens]


def test_the_portal_that_opens_differs_in_colour_sign_and_word(measured: list[Measured]) -> None:
    for one in measured:
        if not one["portals"]:
            continue
        (chosen,) = (portal for portal in one["portals"] if portal["pressed"])
        others = [portal for portal in one["portals"] if portal is not chosen]
        assert chosen["ground"] not in {portal["ground"] for portal in others}, where(one)
        assert chosen["word"] not in {"", *(portal["word"] for portal in others)}, where(one)
        assert "\u2713" in chosen["sign"], where(one)
        assert not chosen["disabled"]


def test_a_portal_that_is_unavailable_says_so_and_cannot_be_pressed(measured: list[Measured]) -> None:
    full = [one for one in measured if re.fullmatch(r"portals\.\d\.full", one["screen"])]
    assert full
    for one in full:
        (closed,) = (portal for portal in one["portals"] if portal["disabled"])
        assert closed["word"], where(one)
        assert closed["ground"] not in {p["ground"] for p in one["portals"] if p is not closed}, where(one)


def test_words_of_the_strip_never_push_a_button_away(measured: list[Measured]) -> None:
    places: dict[tuple[str, str], dict[str, Box]] = {}
    for one in measured:
        if one["screen"].startswith("strip"):
            first = places.setdefault((str(one["size"]), one["language"]), one["buttons"])
            assert one["buttons"] == first, where(one)


def test_words_of_a_portals_own_stay_readable_on_the_strip(measured: list[Measured]) -> None:
    """They shrink by a quarter at most; what is longer is cut short."""
    for one in measured:
        if one["screen"].startswith("strip.own"):
            calm = next(
                other
                for other in measured
                if (other["screen"], other["size"], other["language"])
                == ("strip", one["size"], one["language"])
            )
            least = 1 if one["screen"] == "strip.own" else 0.75
            assert one["main"] >= least * calm["main"] - 0.01, where(one)


def test_whoever_printed_is_told_at_the_end_to_take_the_paper(measured: list[Measured]) -> None:
    told = {one["screen"] for one in measured if one["printed"]}
    screens = {one["screen"] for one in measured}
    ends = {name for name in screens if name.split(".")[0] in {"ENDING", "TAKE_CARD", "READY"}}
    assert ends
    assert told == ends | {name for name in screens if re.fullmatch(r"portals\.\d\.full", name)}


def test_words_picture_and_buttons_do_not_overlap(measured: list[Measured]) -> None:
    crowded = []
    for one in measured:
        words, footer, picture = one["words"], one["footer"], one["picture"]
        if words is None or footer is None or picture is None:
            assert one["screen"].startswith(("strip", "desk."))
        elif words[3] > footer[1] + ROUNDING or picture[3] > words[1] + ROUNDING:
            crowded.append(where(one))
    assert crowded == []


def test_a_picture_always_has_room(measured: list[Measured]) -> None:
    """A sixth of the screen's height at least."""
    for one in measured:
        if one["picture"]:
            assert one["picture"][3] - one["picture"][1] >= one["viewport"][1] / 6, where(one)


def test_the_sentence_is_at_least_48_px_and_grows_with_the_screen(measured: list[Measured]) -> None:
    for one in measured:
        if not one["screen"].startswith(("strip", "desk.")):
            assert one["main"] >= 48 * min(one["size"]) / 800, where(one)


def test_contrast_is_at_least_aa(measured: list[Measured]) -> None:
    """WCAG 2.2, 1.4.3: 4.5 to 1."""
    poor = {(where(one), text["text"]) for one in measured for text in one["texts"] if text["contrast"] < 4.5}
    assert poor == set()


def test_buttons_are_large_enough_for_a_trembling_finger(measured: list[Measured]) -> None:
    """44 px (WCAG 2.2, 2.5.5), 64 px where there is room."""
    for one in measured:
        least = 44 if one["screen"].startswith("strip") else 64
        for name, box in one["buttons"].items():
            assert box[2] - box[0] >= least, (where(one), name)
            assert box[3] - box[1] >= least, (where(one), name)
            assert inside(box, one), (where(one), name)
