"""Where portal, strip and curtain belong on a set of monitors. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from guard.browser.port import Geometry

STRIP_SHARE = 72 / 800
"""72 px of an 800 px high screen: one line of 24 px text and a touch target of 48 px with room around."""
STRIP_LEAST = 64


@dataclass(frozen=True, slots=True)
class Layout:
    """What each kind of window fills."""

    shades: tuple[Geometry, ...]
    """One per monitor, the counter's own first."""

    @property
    def curtain(self) -> Geometry:
        """The whole first monitor."""
        return self.shades[0]

    @property
    def strip(self) -> Geometry:
        """The upper edge of the first monitor."""
        whole = self.curtain
        height = max(STRIP_LEAST, round(whole.height * STRIP_SHARE))
        return Geometry(x=whole.x, y=whole.y, width=whole.width, height=height)

    @property
    def portal(self) -> Geometry:
        """The first monitor beneath the strip."""
        whole, strip = self.curtain, self.strip
        return Geometry(
            x=whole.x, y=whole.y + strip.height, width=whole.width, height=whole.height - strip.height
        )

    @property
    def areas(self) -> tuple[Geometry, Geometry, Geometry]:
        """Portal, strip, curtain."""
        return self.portal, self.strip, self.curtain
