"""Every screen, in every language and size, as a real engine lays it out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TypedDict, cast

import pytest

from tests.support.xvfb import Xvfb

pytestmark = pytest.mark.chain

Box = tuple[float, float, float, float]
ROUNDING = 1.0


class Text(TypedDict):
    text: str
    boxes: list[Box]
    contrast: float
    size: float


class Measured(TypedDict):
    size: tuple[int, int]
    language: str
    screen: str
    texts: list[Text]
    buttons: dict[str, Box]
    main: float
    fits: bool
    viewport: tuple[int, int]
    words: Box | None
    footer: Box | None
    picture: Box | None


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> list[Measured]:
    folder = tmp_path_factory.mktemp("measured")
    out = folder / "measured.json"
    with Xvfb((3840, 2160)) as server:
        subprocess.run(
            [sys.executable, "-m", "tests.screens.curtain_measure", str(out)],
            check=True,
            timeout=300,
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


def test_words_picture_and_buttons_do_not_overlap(measured: list[Measured]) -> None:
    crowded = []
    for one in measured:
        words, footer, picture = one["words"], one["footer"], one["picture"]
        if words is None or footer is None or picture is None:
            assert one["screen"] == "strip"
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
        if one["screen"] != "strip":
            assert one["main"] >= 48 * min(one["size"]) / 800, where(one)


def test_contrast_is_at_least_aa(measured: list[Measured]) -> None:
    """WCAG 2.2, 1.4.3: 4.5 to 1."""
    poor = {(where(one), text["text"]) for one in measured for text in one["texts"] if text["contrast"] < 4.5}
    assert poor == set()


def test_buttons_are_large_enough_for_a_trembling_finger(measured: list[Measured]) -> None:
    """44 px (WCAG 2.2, 2.5.5), 64 px where there is room."""
    for one in measured:
        least = 44 if one["screen"] == "strip" else 64
        for name, box in one["buttons"].items():
            assert box[2] - box[0] >= least, (where(one), name)
            assert box[3] - box[1] >= least, (where(one), name)
            assert inside(box, one), (where(one), name)
