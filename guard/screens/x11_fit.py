"""Which X server is to be covered, may that be promised, and by us? Asked once, at the start."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if sys.platform == "win32":
    raise ImportError("this is Linux's part")

from Xlib import X
from Xlib import error as xerror
from Xlib.display import Display
from Xlib.ext import randr

from guard.errors import MachineError
from guard.screens.x11_clipboard import somebody_listens
from guard.screens.x11_idle import can_tell

if TYPE_CHECKING:
    from collections.abc import Mapping

    from Xlib.xobject.drawable import Window

_CLAIM = "_MADOGUCHI_GUARD_COVERS"
"""A selection (ICCCM, manager selections): the server gives it back when its owner's connection ends."""
WAYLAND = (
    "this desktop runs on Wayland, where no program can promise to cover the screen: "
    "log in to an X11 session (Xorg)"
)


def connect(environment: Mapping[str, str]) -> Display:
    """Return a connection to a server that may be covered by us; raises MachineError with one sentence."""
    if environment.get("WAYLAND_DISPLAY"):
        raise MachineError(WAYLAND)
    name = environment.get("DISPLAY")
    if not name:
        raise MachineError("DISPLAY is not set: the guard needs an X11 screen to cover")
    if not somebody_listens(name):  # asked first: python-xlib leaves its socket open when it cannot connect
        raise MachineError(f"the X server of DISPLAY={name} cannot be reached: nobody listens there")
    try:
        client = Display(name)
    except (xerror.DisplayError, OSError) as error:
        raise MachineError(f"the X server of DISPLAY={name} cannot be reached: {error}") from error
    try:
        check_fit(client)
    except MachineError:
        client.close()
        raise
    return client


def check_fit(client: Display) -> None:
    """Raise MachineError with one sentence when this server cannot be covered, or another guard covers it."""
    root = client.screen().root
    if client.has_extension("RANDR"):
        resources = randr.get_screen_resources_current(root)
        names = [randr.get_output_info(root, output, 0).name for output in resources.outputs]
        if any(str(name).startswith("XWAYLAND") for name in names):
            raise MachineError(WAYLAND)
    if not can_tell(client):
        raise MachineError(
            "the X server lacks the MIT-SCREEN-SAVER extension: an abandoned counter would not be noticed"
        )
    if client.get_selection_owner(client.get_atom(_CLAIM)) != X.NONE:
        raise MachineError(
            f"another guard covers the display {client.get_display_name()}: "
            "end it first, or start on a display of its own"
        )


def claim(client: Display, window: Window) -> None:
    """Tell every later guard that this display is covered by us, as long as we are connected."""
    window.set_selection_owner(client.get_atom(_CLAIM), X.CurrentTime)
