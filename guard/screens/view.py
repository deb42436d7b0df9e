"""What the two pages are told to draw: plain data, made from a scene and a language. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from guard.columns import width
from guard.screens.catalogue import own_words
from guard.screens.desk_view import desk_view
from guard.screens.port import PortalState, Screen
from guard.settings.model import Language

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guard.screens.catalogue import Catalogue
    from guard.screens.port import PortalButton, Scene

PICTURES: Mapping[Screen, str] = {
    Screen.STARTING: "preparing",
    Screen.READY: "put-card",
    Screen.ACTIVE: "hidden",
    Screen.HELD: "hidden",
    Screen.ENDING: "clearing",
    Screen.TAKE_CARD: "take-card",
    Screen.WIPE_FAILED: "closed",
    Screen.OUT_OF_SERVICE: "closed",
}
"""The picture of each screen, by its name in ``pages/pictures.html``."""

LANGUAGES: Final = (Language.JA, Language.EASY_JA, Language.EN)
"""In the order of the buttons."""

_LONG: Final = 36
"""Columns (a kanji has two) of a label that the smallest button has three lines for in large letters."""
_TAG: Final = re.compile(r"<rt>.*?</rt>|<[^>]*>")

_END: Final = frozenset({Screen.ENDING, Screen.TAKE_CARD, Screen.READY})
"""What a citizen sees who has just finished."""


def curtain_view(scene: Scene, language: Language, catalogue: Catalogue) -> dict[str, object]:
    """Return all that the curtain's page draws for this scene."""
    screen = scene.screen
    staff = catalogue.html(language, f"{screen}.staff", scene.cause)
    return {
        **_common(scene, language, catalogue),
        "picture": PICTURES[screen],
        "main": catalogue.html(language, "portals.main" if scene.portals else f"{screen}.main", scene.cause),
        "sub": catalogue.html(language, _beneath(scene), scene.cause),
        "printed": catalogue.html(language, "printed") if scene.printed and screen in _END else "",
        "portalsLabel": catalogue.raw(language, "portals.label"),
        "portals": [_portal(portal, scene.chosen, language, catalogue) for portal in scene.portals],
        "count": "" if scene.seconds_left is None else catalogue.html(language, f"{screen}.count"),
        "seconds": scene.seconds_left,
        "staffLabel": catalogue.html(language, "label.staff"),
        "forStaff": catalogue.html(language, "label.for_staff") if staff else "",
        "staff": staff,
        "names": {other: catalogue.html(other, "name") for other in LANGUAGES},
        "desk": scene.desk and desk_view(scene.desk, scene, language, catalogue),
    }


def _beneath(scene: Scene) -> str:
    """Return the key of the line beneath the sentence; in HELD it says where the card belongs."""
    if scene.portals and scene.cause != "wipe_proven":
        return "portals.sub"
    if scene.screen is Screen.HELD and not scene.card_back:
        return "HELD.card_away"
    if scene.screen is Screen.HELD and scene.cause == "card_absent":
        return "HELD.card_back"
    return f"{scene.screen}.sub"


def _portal(
    portal: PortalButton, chosen: str, language: Language, catalogue: Catalogue
) -> Mapping[str, object]:
    word = "chosen" if portal.key == chosen else portal.state
    label = own_words(portal.label, language)
    return {
        "key": portal.key,
        "label": label,
        "long": width(_TAG.sub("", label)) > _LONG,
        "word": catalogue.html(language, f"portals.{word}"),
        "chosen": portal.key == chosen,
        "unavailable": portal.state is PortalState.UNAVAILABLE,
    }


def strip_view(scene: Scene, language: Language, catalogue: Catalogue) -> dict[str, object]:
    """Return all that the strip's page draws for this scene."""
    own = "" if scene.warned else own_words(scene.strip, language)
    return {
        **_common(scene, language, catalogue),
        "main": own or catalogue.html(language, f"strip.{scene.warned or 'main'}"),
        "own": own != "",
        "warned": scene.warned is not None,
        "seconds": scene.seconds_left,
        "staffLabel": catalogue.html(language, "label.staff"),
        "endLabel": catalogue.html(language, "label.end"),
        "names": {other: catalogue.html(other, "name.short") for other in LANGUAGES},
    }


def _common(scene: Scene, language: Language, catalogue: Catalogue) -> dict[str, object]:
    return {
        "screen": scene.screen,
        "language": language,
        "lang": catalogue.raw(language, "lang"),
        "languagesLabel": catalogue.raw(language, "label.languages"),
        "alerts": scene.alerts,
        "alertsLabel": catalogue.html(language, "label.alerts") if scene.alerts else "",
    }
