"""What the pages of the gallery do, what a hand does there, and what the journal must say was refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.visitor import Visitor

HERE, ELSEWHERE = "127.0.0.1", "127.0.0.2"
"""The site's host, of which other ports are forbidden, and a host that is forbidden whole."""


def _touch(visitor: Visitor) -> None:
    visitor.click(*visitor.middle)


def _touch_twice(visitor: Visitor) -> None:
    """The first touch is used up by what the page does with it at once."""
    _touch(visitor)
    _touch(visitor)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One page."""

    name: str
    """Of its file, without ``.html``."""
    hand: Callable[[Visitor], None] = _touch
    """What somebody does there with keys and mouse, and does again when the page did not notice it."""
    answers: bool = True
    """It says so when it has done its deed after the hand's; a page that was left or is busy does not."""
    refused: frozenset[tuple[str, str]] = frozenset()
    """Word and host of each refusal that must be in the journal."""
    embedded: frozenset[tuple[str, str]] = frozenset()
    """Those that must be there besides with the embedded engine; an installed browser does so in silence."""
    ends: bool = False
    """It takes its browser along: the session ends although the card lies there."""
    hides: bool = False
    """The hand calls staff: the page is hidden until the card is taken."""


def _refused(**hosts: str) -> frozenset[tuple[str, str]]:
    """Return refusals, given as a word and the hosts for it."""
    return frozenset((what, host) for what, names in hosts.items() for host in names.split())


def _drag(visitor: Visitor) -> None:
    """Drop it on the strip and in a corner; leave with it over the strip."""
    strip, portal = visitor.strip, visitor.portal
    over_strip = (strip.x + strip.width // 3, strip.y + strip.height // 2)
    corner = (portal.x + portal.width - 1, portal.y + portal.height - 1)
    for places in ((over_strip,), (over_strip, corner)):
        visitor.drag(visitor.middle, *places)
        visitor.let_go()
    visitor.drag(visitor.middle, corner, over_strip)


def _keys(visitor: Visitor) -> None:
    """Everything that opens something in a browser or leaves it."""
    visitor.click(*visitor.middle)
    for key in "psountwrjhlkfgdeq":
        visitor.press("Control_L", key)
        visitor.press("Control_L", "Shift_L", key)
    for key in ("F1", "F3", "F5", "F6", "F7", "F10", "F11", "F12", "Escape", "Menu", "Print", "Tab"):
        visitor.press(key)
        visitor.press("Shift_L", key)
        visitor.press("Control_L", key)
        visitor.press("Escape")
    for key in ("F4", "Left", "Right", "Home", "space", "F8", "d", "f", "Tab", "Return"):
        visitor.press("Alt_L", key)
        visitor.press("Escape")
    for key in ("Delete", "BackSpace", "Escape", "t", "F1", "F7", "Left", "plus"):
        visitor.press("Control_L", "Alt_L", key)
    visitor.press("Super_L")
    visitor.press("Super_L", "l")
    visitor.click(*visitor.middle)
    visitor.press("Return")


def _zoom(visitor: Visitor) -> None:
    visitor.click(*visitor.middle)
    for _ in range(9):
        visitor.press("Control_L", "plus")
        visitor.press("Control_L", "equal")
        visitor.press("Control_L", "KP_Add")
        visitor.wheel(up=True, ctrl=True)
    visitor.press("Return")


def _menu(visitor: Visitor) -> None:
    visitor.click(*visitor.middle, button=3)
    visitor.press("Menu")
    visitor.press("Shift_L", "F10")
    visitor.press("Down")
    visitor.press("Escape")


def _middle_click(visitor: Visitor) -> None:
    visitor.click(*visitor.middle, button=2)
    visitor.press("Control_L", "Return")
    visitor.click(*visitor.middle)


def _hotkey(visitor: Visitor) -> None:
    visitor.click(*visitor.middle)
    visitor.press("Control_L", "Alt_L", "Shift_L", "l")


def _back(visitor: Visitor) -> None:
    visitor.click(*visitor.middle)
    for _ in range(9):
        visitor.press("Alt_L", "Left")


DEEDS: Final = (
    Deed(name="popup-storm", refused=_refused(new_window=f"about: data: {HERE} {ELSEWHERE}")),
    Deed(name="opener-tricks", refused=_refused(new_window=f"about: {ELSEWHERE}")),
    Deed(name="small-windows"),
    Deed(name="window", refused=_refused(printing=HERE)),
    Deed(name="titles"),
    Deed(name="alert-loop"),
    Deed(name="confirm-loop"),
    Deed(name="prompt-loop"),
    Deed(name="print-loop", refused=_refused(printing=HERE)),
    Deed(name="alert-at-once", answers=False),
    Deed(name="never-leaves"),
    Deed(name="full-screen", embedded=_refused(permission=HERE)),
    Deed(name="permissions", embedded=_refused(permission=HERE)),
    Deed(name="devices"),
    Deed(name="screen-capture", embedded=_refused(screen_capture=HERE)),
    Deed(name="identities", refused=_refused(authentication=HERE)),
    Deed(name="handlers", embedded=_refused(protocol_handler=HERE)),
    Deed(
        name="schemes",
        hand=_middle_click,
        refused=_refused(new_window="mailto: tel: other:"),
        embedded=_refused(request="mailto:"),
    ),
    Deed(name="made-pages", refused=_refused(navigation="blob:", new_window="about: blob: data:")),
    Deed(
        name="foreign-frames",
        refused=_refused(
            new_window=f"{HERE} {ELSEWHERE} elsewhere.example",
            request=f"{HERE} {ELSEWHERE} elsewhere.example",
        ),
    ),
    Deed(name="redirects", refused=_refused(navigation=f"{HERE} {ELSEWHERE} elsewhere.example")),
    Deed(name="refreshes-away", refused=_refused(navigation=ELSEWHERE)),
    Deed(name="moves-on-by-header", answers=False, refused=_refused(navigation=ELSEWHERE)),
    Deed(
        name="downloads",
        hand=_touch_twice,
        refused=_refused(download=f"{HERE} blob: data:", navigation=ELSEWHERE),
        embedded=_refused(file_choice=HERE),
    ),
    Deed(name="files", refused=_refused(file_choice=HERE)),
    Deed(name="colour", embedded=_refused(new_window=HERE)),
    Deed(name="pickers"),
    Deed(name="select"),
    Deed(name="service-worker", refused=_refused(navigation=ELSEWHERE, request=ELSEWHERE)),
    Deed(name="clipboard", embedded=_refused(permission=HERE)),
    Deed(name="drag", hand=_drag),
    Deed(name="keys", hand=_keys),
    Deed(name="key-thief", hand=_hotkey, answers=False, hides=True),
    Deed(name="zoom", hand=_zoom),
    Deed(name="menu", hand=_menu),
    Deed(name="sound"),
    Deed(name="calls"),
    Deed(name="sockets", refused=_refused(request=f"{HERE} {ELSEWHERE} elsewhere.example")),
    Deed(name="early", refused=_refused(request=f"{HERE} {ELSEWHERE}")),
    Deed(name="foreign-parts", refused=_refused(request=f"{HERE} {ELSEWHERE} elsewhere.example cdn.example")),
    Deed(name="history", hand=_back, answers=False),
    Deed(name="nodes"),
    Deed(name="frames"),
    Deed(name="flood"),
    Deed(name="spin"),
    Deed(name="spin-at-once", answers=False),
    Deed(name="workers"),
    Deed(name="graphics"),
    Deed(name="deep", ends=True),
    Deed(name="bomb-heap", ends=True),
    Deed(name="bomb-buffers", ends=True),
    Deed(name="bomb-workers", ends=True),
    Deed(name="bomb-pictures", ends=True),
    Deed(name="bomb-elements", ends=True),
    Deed(name="bomb-blobs", ends=True),
    Deed(name="bomb-storage"),
)
