"""What core and curtain say to each other arrives whole, and is refused when it is not what it must be."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import pytest

from guard.channel import MAX_LINE
from guard.errors import BrokenPromiseError
from guard.screens.messages import (
    KeyPressed,
    PortalPressed,
    Show,
    read_order,
    read_report,
    write_order,
    write_report,
)
from guard.screens.port import PORTALS_MOST, Choice, DeskNote, DeskScene, DeskStep, Key, Scene, Screen, Warned
from guard.settings.model import Language
from tests.screens.curtain_desks import desks, scene
from tests.screens.curtain_portals import STRIPS, idle

DESK = DeskScene(
    step=DeskStep.CHOOSE, who="見本 一郎", note=DeskNote.CARD_MISSING, choices=(Choice.RESUME, Choice.CLOSE)
)
IDLE = dict(idle())[f"portals.{PORTALS_MOST}.full"]
PORTAL = asdict(IDLE.portals[0])
FULL = Show(seq=7, scene=replace(scene(DESK), card_back=True), language=Language.EN)


def through(message: object) -> dict[str, object]:
    """Return the message as the other end of the channel gets it."""
    read = json.loads(json.dumps(message))
    assert isinstance(read, dict)
    return read


def test_every_scene_of_the_pad_arrives_as_it_was_sent_and_fits_into_a_line() -> None:
    for _, desk in desks():
        order = Show(seq=1, scene=scene(desk), language=Language.JA)
        message = write_order(order)
        assert read_order(through(message)) == order
        assert len(json.dumps(message)) < MAX_LINE / 10


@pytest.mark.parametrize(
    "shown",
    [
        Scene(screen=Screen.READY),
        Scene(screen=Screen.HELD, cause="card_absent", seconds_left=3, card_back=True),
        *(Scene(screen=Screen.ACTIVE, warned=warned, seconds_left=20) for warned in Warned),
        *(Scene(screen=Screen.ACTIVE, strip=words, printed=True) for words in STRIPS.values()),
        *(scene for _, scene in idle()),
    ],
)
def test_a_scene_arrives_as_it_was_sent(shown: Scene) -> None:
    order = Show(seq=1, scene=shown, language=Language.EASY_JA)
    assert read_order(through(write_order(order))) == order


@pytest.mark.parametrize("key", Key)
def test_every_key_arrives(key: Key) -> None:
    assert read_report(through(write_report(KeyPressed(seq=5, key=key)))) == KeyPressed(seq=5, key=key)


@pytest.mark.parametrize("key", ["practice", "", "no such portal"])
def test_a_press_of_a_portal_arrives_whether_or_not_there_is_one_of_this_key(key: str) -> None:
    assert read_report(through(write_report(PortalPressed(seq=5, key=key)))) == PortalPressed(seq=5, key=key)


@pytest.mark.parametrize("wrong", [{}, {"key": None}, {"key": 1}, {"key": ["practice"]}])
def test_a_press_of_a_portal_that_names_none_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(BrokenPromiseError):
        read_report({"is": "portal"} | wrong)


@pytest.mark.parametrize("key", [None, 5, "", "10", "enter ", "pick9", ["1"]])
def test_a_key_that_the_pad_does_not_have_is_refused(key: object) -> None:
    with pytest.raises(BrokenPromiseError):
        read_report({"is": "key", "key": key})


@pytest.mark.parametrize(
    "wrong",
    [
        {"warned": "soon"},
        {"card_back": 1},
        {"card_back": None},
        {"desk": []},
        {"desk": {}},
        {"seconds_left": "3"},
        {"portals": None},
        {"portals": [PORTAL] * (PORTALS_MOST + 1)},
        {"portals": ["practice"]},
        {"portals": [PORTAL | {"key": 1}]},
        {"portals": [PORTAL | {"label": "a text"}]},
        {"portals": [PORTAL | {"label": {"ja": "a text"}}]},
        {"portals": [PORTAL | {"state": "odd"}]},
        {"chosen": None},
        {"strip": "a text"},
        {"strip": {"ja": "", "en": "", "easy_ja": 1}},
        {"printed": "yes"},
    ],
)
def test_a_scene_that_is_none_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(BrokenPromiseError):
        read_order(through(write_order(FULL)) | wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        {"step": "what"},
        {"names": "a name"},
        {"names": [1]},
        {"names": ["a name"] * 9},
        {"more": "no"},
        {"who": None},
        {"digits": "123456"},
        {"digits": True},
        {"note": "odd"},
        {"wait": 1.5},
        {"choices": ["erase"]},
        {"alert": None},
        {"reasons": ["checked"] * 9},
    ],
)
def test_a_pad_that_is_none_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(BrokenPromiseError):
        read_order(through(write_order(FULL)) | {"desk": through(asdict(DESK)) | wrong})


@pytest.mark.parametrize("field", ["warned", "card_back", "desk", "portals", "chosen", "strip", "printed"])
def test_a_scene_that_lacks_something_is_refused(field: str) -> None:
    message = through(write_order(FULL))
    del message[field]
    with pytest.raises(BrokenPromiseError):
        read_order(message)
