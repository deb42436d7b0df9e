"""One bare window of the shade: how it is made and painted, and found again after a core was killed."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if sys.platform == "win32":
    raise ImportError("this is Linux's part")

from Xlib import X, Xatom, Xutil
from Xlib.ext import randr

from guard.browser.port import Geometry
from guard.screens.x11_padlock import padlock_pixmap

if TYPE_CHECKING:
    from Xlib.display import Display
    from Xlib.xobject.drawable import Window

_MARK = "_MADOGUCHI_GUARD_SHADE"


def bare_window(client: Display, area: Geometry) -> Window:
    """Map a window of nobody's but ours, unpainted."""
    screen = client.screen()
    window: Window = screen.root.create_window(
        area.x,
        area.y,
        area.width,
        area.height,
        0,
        X.CopyFromParent,
        window_class=X.InputOutput,
        override_redirect=1,
        background_pixel=screen.white_pixel,
    )
    window.set_wm_name("Madoguchi Guard")
    window.set_wm_hints(flags=Xutil.InputHint, input=0)
    window.change_property(client.get_atom(_MARK), Xatom.CARDINAL, 32, [os.getpid()])
    window.map()
    return window


def paint(client: Display, window: Window, area: Geometry) -> None:
    """Paint the padlock on a window of this area's size; the server keeps it and repaints by itself."""
    picture = padlock_pixmap(client, client.screen().root, area.width, area.height)
    window.change_attributes(background_pixmap=picture)
    window.clear_area()
    picture.free()


def marked_windows(client: Display) -> list[int]:
    """Return all windows that `bare_window` ever made on this display and that are there still."""
    mark = client.get_atom(_MARK)
    children = client.screen().root.query_tree().children
    return [one.id for one in children if one.get_full_property(mark, Xatom.CARDINAL) is not None]


def monitors(client: Display) -> tuple[Geometry, ...]:
    """Return what there is to cover, the counter's own (primary) monitor first; never empty."""
    root = client.screen().root
    areas: list[Geometry] = []
    if client.has_extension(randr.extname):
        for one in sorted(randr.get_monitors(root).monitors, key=lambda one: not one.primary):
            area = Geometry(x=one.x, y=one.y, width=one.width_in_pixels, height=one.height_in_pixels)
            if area.width and area.height and area not in areas:
                areas.append(area)
    if not areas:
        whole = root.get_geometry()
        areas.append(Geometry(x=0, y=0, width=whole.width, height=whole.height))
    return tuple(areas)
