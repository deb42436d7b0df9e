"""What core and curtain say to each other, as values; both ends read and write it here.

To the curtain: ``open`` (once, first), ``scene``, ``resize``. From it: ``up`` (once), ``painted``, ``end``,
``staff``, ``language``, ``key``, ``portal``. The core keeps language and portal: a page only tells that a
button was pressed.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from guard.browser.port import Geometry
from guard.browser.site import Wording
from guard.errors import BrokenPromiseError
from guard.screens.port import (
    PICKS,
    PORTALS_MOST,
    Choice,
    DeskNote,
    DeskScene,
    DeskStep,
    Key,
    PortalButton,
    PortalState,
    Scene,
    Screen,
    Warned,
)
from guard.settings.model import Language
from guard.wire import read_area, read_flag, read_number, read_object, read_text

if TYPE_CHECKING:
    from guard.channel import Message

Areas = tuple[Geometry, Geometry, Geometry]
"""Where portal, strip and curtain belong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """Make the windows here."""

    areas: Areas


@dataclass(frozen=True, slots=True, kw_only=True)
class Show:
    """Draw this scene."""

    seq: int
    scene: Scene
    language: Language


@dataclass(frozen=True, slots=True, kw_only=True)
class Resize:
    """The windows belong here now."""

    areas: Areas


@dataclass(frozen=True, slots=True)
class Alive:
    """The core lives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Up:
    """Both windows are painted; their ids."""

    curtain: int
    strip: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Painted:
    """The scene of this number is on the screen in both windows."""

    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressed:
    """Base of what somebody pressed, on the picture of the scene of this number."""

    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EndPressed(Pressed):
    """The end button was pressed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffPressed(Pressed):
    """A staff button was pressed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguagePressed(Pressed):
    """A language was chosen."""

    language: Language


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPressed(Pressed):
    """A key of the staff's pad was pressed on the screen."""

    key: Key


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalPressed(Pressed):
    """A portal's button was pressed on the idle screen."""

    key: str


Order = Open | Show | Resize | Alive
Report = Up | Painted | EndPressed | StaffPressed | LanguagePressed | KeyPressed | PortalPressed


def write_order(order: Order) -> Message:
    """Return the order as a message."""
    match order:
        case Open(areas=areas):
            return {"do": "open", "areas": [asdict(area) for area in areas]}
        case Show(seq=seq, scene=scene, language=language):
            return {"do": "scene", "seq": seq, "language": language, **asdict(scene)}
        case Resize(areas=areas):
            return {"do": "resize", "areas": [asdict(area) for area in areas]}
        case Alive():
            return {"do": "alive"}


def read_order(message: Message) -> Order:
    """Return the order in a message; raises BrokenPromiseError when it is none."""
    try:
        match message.get("do"):
            case "open":
                return Open(areas=_areas(message["areas"]))
            case "resize":
                return Resize(areas=_areas(message["areas"]))
            case "alive":
                return Alive()
            case "scene":
                return Show(
                    seq=read_number(message["seq"]),
                    scene=_scene(message),
                    language=Language(read_text(message["language"])),
                )
    except (KeyError, TypeError, ValueError) as error:
        raise BrokenPromiseError("the core sent the curtain a malformed order") from error
    raise BrokenPromiseError("the core sent the curtain an unknown order")


def write_report(report: Report) -> Message:  # noqa: PLR0911 -- one flat case a report
    """Return the report as a message."""
    match report:
        case Up(curtain=curtain, strip=strip):
            return {"is": "up", "curtain": curtain, "strip": strip}
        case Painted(seq=seq):
            return {"is": "painted", "seq": seq}
        case EndPressed(seq=seq):
            return {"is": "end", "seq": seq}
        case StaffPressed(seq=seq):
            return {"is": "staff", "seq": seq}
        case LanguagePressed(seq=seq, language=language):
            return {"is": "language", "seq": seq, "value": language}
        case KeyPressed(seq=seq, key=key):
            return {"is": "key", "seq": seq, "key": key}
        case PortalPressed(seq=seq, key=portal):
            return {"is": "portal", "seq": seq, "key": portal}


def read_report(message: Message) -> Report:  # noqa: PLR0911 -- one flat case a report
    """Return the report in a message; raises BrokenPromiseError when it is none."""
    try:
        match message.get("is"):
            case "up":
                return Up(curtain=read_number(message["curtain"]), strip=read_number(message["strip"]))
            case "painted":
                return Painted(seq=read_number(message["seq"]))
            case "end":
                return EndPressed(seq=read_number(message["seq"]))
            case "staff":
                return StaffPressed(seq=read_number(message["seq"]))
            case "language":
                language = Language(read_text(message["value"]))
                return LanguagePressed(seq=read_number(message["seq"]), language=language)
            case "key":
                return KeyPressed(seq=read_number(message["seq"]), key=Key(read_text(message["key"])))
            case "portal":
                return PortalPressed(seq=read_number(message["seq"]), key=read_text(message["key"]))
    except (KeyError, TypeError, ValueError) as error:
        raise BrokenPromiseError("the curtain sent a malformed report") from error
    raise BrokenPromiseError("the curtain sent an unknown report")


def _scene(message: Message) -> Scene:
    warned, desk = message["warned"], message["desk"]
    return Scene(
        screen=Screen(read_text(message["screen"])),
        cause=read_text(message["cause"]),
        alerts=read_number(message["alerts"]),
        seconds_left=_seconds(message["seconds_left"]),
        warned=None if warned is None else Warned(read_text(warned)),
        card_back=read_flag(message["card_back"]),
        desk=None if desk is None else _desk(read_object(desk)),
        portals=tuple(_portal(read_object(portal)) for portal in _list(message["portals"], PORTALS_MOST)),
        chosen=read_text(message["chosen"]),
        strip=_wording(message["strip"]),
        printed=read_flag(message["printed"]),
    )


def _portal(portal: Message) -> PortalButton:
    return PortalButton(
        key=read_text(portal["key"]),
        label=_wording(portal["label"]),
        state=PortalState(read_text(portal["state"])),
    )


def _wording(value: object) -> Wording:
    wording = read_object(value)
    ja, en, easy_ja = (read_text(wording[name]) for name in ("ja", "en", "easy_ja"))
    return Wording(ja=ja, en=en, easy_ja=easy_ja)


def _desk(desk: Message) -> DeskScene:
    note = desk["note"]
    return DeskScene(
        step=DeskStep(read_text(desk["step"])),
        names=_texts(desk["names"]),
        more=read_flag(desk["more"]),
        who=read_text(desk["who"]),
        digits=read_number(desk["digits"]),
        note=None if note is None else DeskNote(read_text(note)),
        wait=_seconds(desk["wait"]),
        choices=tuple(Choice(choice) for choice in _texts(desk["choices"])),
        alert=read_text(desk["alert"]),
        reasons=_texts(desk["reasons"]),
    )


def _seconds(value: object) -> int | None:
    return None if value is None else read_number(value)


def _texts(value: object) -> tuple[str, ...]:
    return tuple(read_text(text) for text in _list(value, len(PICKS)))


def _list(value: object, most: int) -> list[object]:
    if not isinstance(value, list):
        raise TypeError("not a list")
    if len(value) > most:
        raise ValueError("a list that is longer than there are buttons for it")
    return value


def _areas(value: object) -> Areas:
    if not isinstance(value, list):
        raise TypeError("areas must be a list")
    portal, strip, curtain = (read_area(area) for area in value)
    return portal, strip, curtain
