"""The shade's one picture: a closed padlock on white, as shapes that any display server can draw. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

WHITE: Final = 0xFFFFFF
BLUE: Final = 0x0017C1
"""The Digital Agency Design System's ground and its one blue (design §7), as 0xRRGGBB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A rectangle in pixels, from its upper left corner."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Padlock:
    """What is drawn on a white ground, in this order."""

    shackle: Box
    """The box of an ellipse whose upper half is drawn as a blue line."""
    line: int
    """The line's width in pixels, its middle on the ellipse."""
    body: Box
    """Filled blue."""
    hole: Box
    """The box of a filled white ellipse."""
    slot: Box
    """Filled white."""


def padlock(width: int, height: int) -> Padlock:
    """Return the padlock in the middle of an area of this size."""
    unit = max(2, min(width, height) // 40)
    x, y = width // 2, height // 2
    return Padlock(
        shackle=Box(x=x - 2 * unit, y=y - 5 * unit, width=4 * unit, height=6 * unit),
        line=unit,
        body=Box(x=x - 4 * unit, y=y - 2 * unit, width=8 * unit, height=6 * unit),
        hole=Box(x=x - unit // 2 - 1, y=y - unit // 2, width=unit + 2, height=unit + 2),
        slot=Box(x=x - unit // 4, y=y, width=max(1, unit // 2), height=2 * unit),
    )
