"""The padlock, drawn by the X server itself."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if sys.platform == "win32":
    raise ImportError("this is Linux's part")

from Xlib import X

from guard.screens.padlock import BLUE, WHITE, padlock

if TYPE_CHECKING:
    from Xlib.display import Display
    from Xlib.xobject.drawable import Pixmap, Window

    from guard.screens.padlock import Box

_FULL_TURN = 360 * 64


def padlock_pixmap(display: Display, root: Window, width: int, height: int) -> Pixmap:
    """Return a pixmap of this size with a padlock in its middle; the caller frees it."""
    depth = display.screen().root_depth
    pixmap = root.create_pixmap(width, height, depth)
    lock = padlock(width, height)
    gc = pixmap.create_gc(foreground=WHITE, line_width=lock.line, cap_style=X.CapButt)
    pixmap.fill_rectangle(gc.id, 0, 0, width, height)
    gc.change(foreground=BLUE)
    pixmap.arc(gc.id, *_numbers(lock.shackle), 0, _FULL_TURN // 2)
    pixmap.fill_rectangle(gc.id, *_numbers(lock.body))
    gc.change(foreground=WHITE)
    pixmap.fill_arc(gc.id, *_numbers(lock.hole), 0, _FULL_TURN)
    pixmap.fill_rectangle(gc.id, *_numbers(lock.slot))
    gc.free()
    return pixmap


def _numbers(box: Box) -> tuple[int, int, int, int]:
    return box.x, box.y, box.width, box.height
