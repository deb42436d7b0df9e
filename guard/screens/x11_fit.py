"""May this X server be promised to be covered, and by us? Asked once, at the start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from Xlib import X
from Xlib.ext import randr

from guard.errors import MachineError

if TYPE_CHECKING:
    from Xlib.display import Display
    from Xlib.xobject.drawable import Window

_CLAIM = "_MADOGUCHI_GUARD_COVERS"
"""A selection (ICCCM, manager selections): the server gives it back when its owner's connection ends."""
WAYLAND = (
    "this desktop runs on Wayland, where no program can promise to cover the screen: "
    "log in to an X11 session (Xorg)"
)


def check_fit(client: Display) -> None:
    """Raise MachineError with one sentence when this server cannot be covered, or another guard covers it."""
    root = client.screen().root
    if client.has_extension("RANDR"):
        resources = randr.get_screen_resources_current(root)
        names = [randr.get_output_info(root, output, 0).name for output in resources.outputs]
        if any(str(name).startswith("XWAYLAND") for name in names):
            raise MachineError(WAYLAND)
    if client.get_selection_owner(client.get_atom(_CLAIM)) != X.NONE:
        raise MachineError(
            f"another guard covers the display {client.get_display_name()}: "
            "end it first, or start on a display of its own"
        )


def claim(client: Display, window: Window) -> None:
    """Tell every later guard that this display is covered by us, as long as we are connected."""
    window.set_selection_owner(client.get_atom(_CLAIM), X.CurrentTime)
