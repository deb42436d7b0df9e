"""Two portals on a real counter: buttons pressed by a pointer, and only the marked portal opens."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.screens.curtain_lab import Stranger
from tests.support.counter import Counter, Record, counter
from tests.support.site import PORTAL_COLOUR, START, WebSite, web_site
from tests.support.xvfb import Xvfb

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.pcsc import VirtualReader

pytestmark = pytest.mark.chain
pytest_plugins = ("tests.support.pcsc",)

OTHER_COLOUR = 0xFADE00
"""The ground of the second portal, and of nothing else."""
FIRST, SECOND = (80, 610), (700, 610)
"""Beside the words on the buttons of two portals, on a screen of 1280x800."""
MARKED, UNAVAILABLE = (0x00, 0x17, 0xC1), (0xF2, 0xF2, 0xF2)


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    with Xvfb() as server:
        yield server.display


@pytest.fixture(scope="module")
def first() -> Iterator[WebSite]:
    with web_site() as site:
        yield site


@pytest.fixture(scope="module")
def second() -> Iterator[WebSite]:
    with web_site({"/": START.replace(f"{PORTAL_COLOUR:06x}", f"{OTHER_COLOUR:06x}")}) as site:
        yield site


@pytest.fixture
def one(
    tmp_path: Path, practice_reader: VirtualReader, display: str, first: WebSite, second: WebSite
) -> Iterator[Counter]:
    profiles = [first.profile(tmp_path, "first"), second.profile(tmp_path, "second")]
    with counter(tmp_path, practice_reader, display, profiles) as one:
        yield one


def out_of_reach(folder: Path, key: str) -> Path:
    """Return the profile of a portal whose address nobody answers at."""
    profile = folder / f"{key}.toml"
    profile.write_text(
        'name = "nobody there"\nstart = "http://127.0.0.1:1/"\nallow = ["127.0.0.1:1"]\n', encoding="utf-8"
    )
    return profile


def looks(one: Counter, place: tuple[int, int], colour: tuple[int, int, int]) -> bool:
    return one.picture().convert("RGB").getpixel(place) == colour


def click(one: Counter, place: tuple[int, int]) -> None:
    with closing(Stranger(one.display)) as hand:
        hand.click(*place)


def choose(one: Counter, place: tuple[int, int]) -> None:
    """Press this button until the idle screen marks it."""

    def marked() -> bool:
        if looks(one, place, MARKED):
            return True
        if one.status().get("state") == "READY":
            click(one, place)
        return False

    one.until(marked, "the mark on the button that is pressed")


def lay_card(one: Counter) -> Record:
    """Return the record of the session that opens."""
    before = one.now()
    one.reader.insert()
    return one.wait_state("ACTIVE", after=before)


def take_card(one: Counter) -> Record:
    """Return the receipt, once the counter is ready again."""
    before = one.now()
    one.reader.remove()
    receipt = one.wait_record(lambda record: record["kind"] == "receipt", "the receipt", after=before)
    one.until(lambda: one.status().get("state") == "READY", "READY")
    return receipt


def test_the_button_that_was_pressed_opens_its_portal_and_after_the_session_the_first_is_marked_again(
    one: Counter,
) -> None:
    one.until(lambda: looks(one, FIRST, MARKED), "the first portal, marked without a press")
    choose(one, SECOND)
    opened = lay_card(one)
    one.until(lambda: one.shows(OTHER_COLOUR), "the second portal")
    assert opened["site"] == "second"
    assert not one.shows(PORTAL_COLOUR)
    receipt = take_card(one)
    assert (receipt["good"], receipt["logout"]) == (True, "confirmed")
    one.until(lambda: looks(one, FIRST, MARKED), "the first portal, marked again")
    assert not one.shows(OTHER_COLOUR)
    opened = lay_card(one)
    one.until(lambda: one.shows(PORTAL_COLOUR), "the first portal")
    assert opened["site"] == "first"
    assert not one.shows(OTHER_COLOUR)
    assert take_card(one)["good"] is True


def test_whoever_changes_their_mind_opens_what_is_marked_last(one: Counter) -> None:
    choose(one, SECOND)
    choose(one, FIRST)
    assert lay_card(one)["site"] == "first"
    one.until(lambda: one.shows(PORTAL_COLOUR), "the first portal")
    assert take_card(one)["good"] is True


def test_a_portal_that_is_down_cannot_be_chosen_and_the_other_opens(
    tmp_path: Path, practice_reader: VirtualReader, display: str, first: WebSite
) -> None:
    profiles = [first.profile(tmp_path, "first"), out_of_reach(tmp_path, "second")]
    with counter(tmp_path, practice_reader, display, profiles) as one:
        one.until(lambda: looks(one, SECOND, UNAVAILABLE), "the portal that is down, called unavailable")
        click(one, SECOND)
        assert lay_card(one)["site"] == "first"
        one.until(lambda: one.shows(PORTAL_COLOUR), "the first portal")
        assert take_card(one)["good"] is True


def test_when_the_first_portal_is_down_the_counter_opens_the_second(
    tmp_path: Path, practice_reader: VirtualReader, display: str, second: WebSite
) -> None:
    profiles = [out_of_reach(tmp_path, "first"), second.profile(tmp_path, "second")]
    with counter(tmp_path, practice_reader, display, profiles) as one:
        one.until(lambda: looks(one, SECOND, MARKED), "the second portal, marked without a press")
        assert looks(one, FIRST, UNAVAILABLE)
        assert lay_card(one)["site"] == "second"
        one.until(lambda: one.shows(OTHER_COLOUR), "the second portal")
        assert take_card(one)["good"] is True
