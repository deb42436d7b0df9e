"""What tests of the shade on X11 share: a client that knows nothing of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from Xlib import X, display
from Xlib.protocol.event import ClientMessage

from guard.clock import SystemClock
from tests.screens.ear import HOTKEY, SOON, Ear

if TYPE_CHECKING:
    from Xlib.xobject.drawable import Window

    from guard.screens.port import Shade

__all__ = ["BLUE", "GREEN", "HOTKEY", "RED", "SOON", "Ear", "OtherClient", "all_done"]

RED, GREEN, BLUE = 0xCC2211, 0x22CC11, 0x1122CC


def all_done(shade: Shade) -> None:
    """Return when the shade has done all that it was asked so far, and the display server too."""
    assert shade.clear_clipboard(SOON)


class OtherClient:
    """Any other program on the screen: makes windows and looks at the picture."""

    def __init__(self, name: str) -> None:
        self.display = display.Display(name)
        self.root = self.display.screen().root

    def window(self, colour: int, *, override_redirect: bool = True) -> Window:
        """Map a full-screen window of this colour."""
        size = self.root.get_geometry()
        window: Window = self.root.create_window(
            0,
            0,
            size.width,
            size.height,
            0,
            X.CopyFromParent,
            background_pixel=colour,
            override_redirect=int(override_redirect),
        )
        window.map()
        self.display.sync()
        return window

    def colours(self) -> set[int]:
        """Return every colour on the screen."""
        size = self.root.get_geometry()
        image = self.root.get_image(0, 0, size.width, size.height, X.ZPixmap, 0xFFFFFFFF)
        pixels = memoryview(image.data).cast("I")
        return {pixel & 0xFFFFFF for pixel in pixels}

    def until(self, wanted: int, *, present: bool) -> set[int]:
        """Return the colours once the wanted one is there (or gone); fails after a while."""
        clock = SystemClock()
        end = clock.monotonic() + SOON
        while clock.monotonic() < end:
            colours = self.colours()
            if (wanted in colours) is present:
                return colours
        raise AssertionError(f"colour {wanted:06x} did not become {'visible' if present else 'invisible'}")

    def ask_manager(self, window: Window, name: str, data: list[int]) -> None:
        """Send the window manager, if there is one, this EWMH request."""
        kind = self.display.get_atom(name)
        message = ClientMessage(window=window, client_type=kind, data=(32, data))
        self.root.send_event(message, event_mask=X.SubstructureRedirectMask | X.SubstructureNotifyMask)
        self.display.sync()

    def focus(self) -> int:
        """Return the id of the window that has the keyboard."""
        focus = self.display.get_input_focus().focus
        return focus if isinstance(focus, int) else focus.id

    def close(self) -> None:
        self.display.close()
