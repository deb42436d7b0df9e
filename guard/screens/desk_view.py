"""What the curtain's page is told to draw of the staff's pad: plain data, made from its scene. Pure."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Final

from guard.screens.catalogue import own_words
from guard.screens.port import PICKS, Choice, DeskNote, DeskStep, Screen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from guard.screens.catalogue import Catalogue
    from guard.screens.port import DeskScene, Key, Scene
    from guard.settings.model import Language

CODE_DOTS: Final = 16
"""Digits of an emergency code: each has its place, for staff type it from paper in groups of four."""

_LOOKS: Final[Mapping[DeskNote, str]] = {
    DeskNote.WRONG: "error",
    DeskNote.BROKEN: "error",
    DeskNote.WAIT: "warning",
    DeskNote.NOBODY: "warning",
    DeskNote.CARD_MISSING: "warning",
    DeskNote.LOADING: "calm",
}
_AGAIN: Final = frozenset({DeskNote.WRONG, DeskNote.WAIT})
"""After these the number is entered again, now or in a while."""
_KEYPAD: Final = frozenset({DeskStep.WHO, DeskStep.PIN, DeskStep.CODE, DeskStep.CHECKING})


def desk_view(desk: DeskScene, scene: Scene, language: Language, catalogue: Catalogue) -> dict[str, object]:
    """Return all that the page draws of the pad; of the digits it gets the number alone."""

    def say(key: str, variant: str = "") -> str:
        return catalogue.html(language, key, variant)

    step = desk.step
    about = f"alert.{desk.alert}" if step is DeskStep.REASON else f"desk.{step}"
    variant = "nothing" if step is DeskStep.CHOOSE and not desk.choices else desk.note or ""
    return {
        "step": step,
        "title": say("desk.title"),
        "hold": "" if scene.seconds_left is None else say(f"{scene.screen}.count"),
        "seconds": scene.seconds_left,
        "alerts": scene.alerts,
        "who": _who(desk, say("desk.number")),
        "main": say(f"{about}.main", variant),
        "sub": say(f"{about}.sub", variant),
        "look": say("desk.choose.look") if Choice.RESUME in desk.choices else "",
        "note": _note(desk, language, catalogue),
        "names": _names(desk),
        "more": say("desk.more") if desk.more else "",
        "keypad": step in _KEYPAD,
        "busy": step is DeskStep.CHECKING,
        "label": say(f"desk.{step}.label", variant),
        "number": _text(desk.who) if step is DeskStep.WHO else "",
        "digits": desk.digits,
        "places": CODE_DOTS if step is DeskStep.CODE else 0,
        "hint": say(f"desk.{step}.hint") if not (desk.digits or (step is DeskStep.WHO and desk.who)) else "",
        "list": [
            *(_choice(choice, at, scene, language, catalogue) for at, choice in enumerate(desk.choices)),
            *(_button(at, say(f"reason.{reason}")) for at, reason in enumerate(desk.reasons)),
        ],
        "erase": say("desk.erase"),
        "enter": say("desk.next") if step is DeskStep.WHO else say("desk.check"),
        "back": say("desk.back"),
        "emergency": say("desk.emergency") if step is DeskStep.WHO else "",
    }


def _who(desk: DeskScene, label: str) -> str:
    """Return whose PIN it is, to be seen by who types it; in WHO the number stands in its field."""
    if desk.step is DeskStep.WHO or not desk.who:
        return ""
    return f"{label} {_text(desk.who)}" if desk.who.isdigit() else _text(desk.who)


def _note(desk: DeskScene, language: Language, catalogue: Catalogue) -> dict[str, object] | None:
    note = desk.note
    if note is None:
        return None
    again = note in _AGAIN
    return {
        "look": _LOOKS[note],
        "main": catalogue.html(language, f"note.{note}.main", desk.step),
        "sub": catalogue.html(language, f"note.{note}.sub", desk.step),
        "seconds": desk.wait if again else None,
        "inSeconds": catalogue.html(language, "note.in_seconds") if again else "",
        "inMinutes": catalogue.html(language, "note.in_minutes") if again else "",
        "now": catalogue.html(language, "note.now") if again else "",
    }


def _names(desk: DeskScene) -> Sequence[Mapping[str, object]]:
    return [
        {"key": key, "label": _text(name), "length": _length(name)}
        for key, name in zip(PICKS, desk.names, strict=False)
    ]


def _length(name: str) -> str:
    """Return how small a name must be written to fit its button; the book takes 40 characters."""
    return "short" if len(name) <= 8 else "long" if len(name) <= 20 else "longest"


def _choice(
    choice: Choice, at: int, scene: Scene, language: Language, catalogue: Catalogue
) -> Mapping[str, object]:
    held = scene.screen is Screen.HELD
    about = catalogue.html(language, f"choice.{choice}.about", scene.screen)
    for portal in scene.portals if choice is Choice.START else ():
        if portal.key == scene.chosen:  # the pad lies over the screen that marks it
            about += f'<b class="entry-portal">→ {own_words(portal.label, language)}</b>'
    return {
        **_button(at, catalogue.html(language, f"choice.{choice}")),
        "about": about,
        "primary": held and choice is Choice.RESUME,
    }


def _button(at: int, label: str) -> dict[str, object]:
    key: Key = PICKS[at]
    return {"key": key, "badge": str(at + 1), "label": label, "about": "", "primary": False}


def _text(text: str) -> str:
    """Return a name as HTML; it is no text of the catalogue and has no marks in it."""
    return html.escape(text)
