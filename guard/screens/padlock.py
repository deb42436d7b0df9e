"""The shade's one picture: a closed padlock on white, drawn by the X server itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from Xlib import X

if TYPE_CHECKING:
    from Xlib.display import Display
    from Xlib.xobject.drawable import Pixmap, Window

_WHITE, _BLUE = 0xFFFFFF, 0x0017C1
"""The Digital Agency Design System's ground and its one blue (design §7); TrueColor pixels."""
_FULL_TURN = 360 * 64


def padlock_pixmap(display: Display, root: Window, width: int, height: int) -> Pixmap:
    """Return a pixmap of this size with a padlock in its middle; the caller frees it."""
    depth = display.screen().root_depth
    pixmap = root.create_pixmap(width, height, depth)
    unit = max(2, min(width, height) // 40)
    gc = pixmap.create_gc(foreground=_WHITE, line_width=unit, cap_style=X.CapButt)
    pixmap.fill_rectangle(gc.id, 0, 0, width, height)
    middle_x, middle_y = width // 2, height // 2
    gc.change(foreground=_BLUE)
    pixmap.arc(gc.id, middle_x - 2 * unit, middle_y - 5 * unit, 4 * unit, 6 * unit, 0, _FULL_TURN // 2)
    pixmap.fill_rectangle(gc.id, middle_x - 4 * unit, middle_y - 2 * unit, 8 * unit, 6 * unit)
    gc.change(foreground=_WHITE)
    pixmap.fill_arc(gc.id, middle_x - unit // 2 - 1, middle_y - unit // 2, unit + 2, unit + 2, 0, _FULL_TURN)
    pixmap.fill_rectangle(gc.id, middle_x - unit // 4, middle_y, max(1, unit // 2), 2 * unit)
    gc.free()
    return pixmap
