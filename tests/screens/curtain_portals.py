"""The idle screen with several portals, and the strip with a portal's own words, at their fullest."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from guard.browser.site import Wording
from guard.screens.port import (
    PORTALS_MOST,
    Choice,
    DeskNote,
    DeskScene,
    DeskStep,
    PortalButton,
    PortalState,
    Scene,
    Screen,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

LABELS: Final = {
    "mynaportal": Wording(ja="マイナポータル", en="My Number Portal", easy_ja="マイナポータル"),
    "mynaportal-qr": Wording(
        ja="マイナポータル|（スマートフォン）",
        en="My Number Portal (with your phone)",
        easy_ja="マイナポータル|（スマートフォン）",
    ),
    "etax": Wording(ja="e-Tax（確定申告）", en="e-Tax (tax returns)", easy_ja="{税金:ぜいきん}（e-Tax）"),
    "full": Wording(
        ja="ぴったりサービス（子育てと介護の申請）。",
        en="Pittari Service (child, elderly care",
        easy_ja="{子育:こそだ}てや{介護:かいご}の|{申請:しんせい}（ぴったりサービス）。",
    ),
    "own": Wording(ja="申請", en="Apply", easy_ja="{申請:しんせい}"),
    "longest": Wording(
        ja="長い名前の手続き" * 12, en="A long name " * 8, easy_ja="{長:なが}い{名前:なまえ}" * 20
    ),
}
"""One is as long as a button's words may be; the last one is a profile's name at its longest."""
STRIPS: Final = {
    "own": Wording(ja="e-Tax の手続き中です", en="e-Tax is open", easy_ja="e-Tax を{使:つか}っています"),
    "own.full": Wording(
        ja="マイナポータルです。カードは置いたままにしてくださいね。",
        en="The My Number Portal: leave your card where it is.",
        easy_ja="マイナポータルです。|カードは{置:お}いたままに|してくださいね。",
    ),
    "own.long": Wording(
        ja="カードは置いたままにしてください。" * 3,
        en="Please leave your card on the reader. " * 3,
        easy_ja="カードは{置:お}いたままに|してください。" * 3,
    ),
}


def idle() -> Iterator[tuple[str, Scene]]:
    """Yield every number of portals, quiet and at its fullest."""
    keys = tuple(LABELS)
    for many in range(2, PORTALS_MOST + 1):
        warm = dict.fromkeys(keys[:many], PortalState.WARM)
        yield f"portals.{many}.quiet", scene(warm, keys[0])
        states = warm | {keys[0]: PortalState.UNAVAILABLE}
        if many > 2:
            states[keys[2]] = PortalState.PREPARING
        yield f"portals.{many}.full", scene(states, keys[1], cause="wipe_proven", printed=True, alerts=12)
    yield "portals.names", scene(dict.fromkeys(keys[1:4] + keys[-1:], PortalState.WARM), keys[-1])


def pad() -> Iterator[tuple[str, Scene]]:
    """Yield the staff's pad over each of them that opens the portal with the longest name."""
    choices = (Choice.START, Choice.CLOSE, Choice.ALERTS)
    desk = DeskScene(step=DeskStep.CHOOSE, who="A", choices=choices, note=DeskNote.CARD_MISSING)
    yield "desk.choose.portal", replace(dict(idle())["portals.names"], desk=desk)


def scene(
    states: dict[str, PortalState], chosen: str, *, cause: str = "", printed: bool = False, alerts: int = 0
) -> Scene:
    """Return the idle screen with these portals."""
    return Scene(
        screen=Screen.READY,
        cause=cause,
        alerts=alerts,
        portals=tuple(PortalButton(key=key, label=LABELS[key], state=state) for key, state in states.items()),
        chosen=chosen,
        printed=printed,
    )
