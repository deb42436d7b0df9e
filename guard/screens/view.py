"""What the two pages are told to draw: plain data, made from a scene and a language. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from guard.screens.desk_view import desk_view
from guard.screens.port import Screen
from guard.settings.model import Language

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guard.screens.catalogue import Catalogue
    from guard.screens.port import Scene

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


def curtain_view(scene: Scene, language: Language, catalogue: Catalogue) -> dict[str, object]:
    """Return all that the curtain's page draws for this scene."""
    screen = scene.screen
    staff = catalogue.html(language, f"{screen}.staff", scene.cause)
    return {
        **_common(scene, language, catalogue),
        "picture": PICTURES[screen],
        "main": catalogue.html(language, f"{screen}.main", scene.cause),
        "sub": catalogue.html(language, _beneath(scene), scene.cause),
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
    if scene.screen is Screen.HELD and not scene.card_back:
        return "HELD.card_away"
    if scene.screen is Screen.HELD and scene.cause == "card_absent":
        return "HELD.card_back"
    return f"{scene.screen}.sub"


def strip_view(scene: Scene, language: Language, catalogue: Catalogue) -> dict[str, object]:
    """Return all that the strip's page draws for this scene."""
    return {
        **_common(scene, language, catalogue),
        "main": catalogue.html(language, f"strip.{scene.warned or 'main'}"),
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
