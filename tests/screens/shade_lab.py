"""What tests of the shade share: one that listens to it, and a client that knows nothing of it."""

from __future__ import annotations

import queue
from typing import TYPE_CHECKING

from Xlib import X, display
from Xlib.protocol.event import ClientMessage

from guard.clock import SystemClock

if TYPE_CHECKING:
    from Xlib.xobject.drawable import Window

    from guard.browser.port import Geometry
    from guard.screens.port import Key, Shade

SOON = 10.0
RED, GREEN, BLUE = 0xCC2211, 0x22CC11, 0x1122CC


HOTKEY = "ctrl+alt+shift+l"


def all_done(shade: Shade) -> None:
    """Return when the shade has done all that it was asked so far, and the display server too."""
    assert shade.clear_clipboard(SOON)


class Ear:
    """Listens to the shade."""

    def __init__(self) -> None:
        self.confirmed: queue.SimpleQueue[tuple[float, float]] = queue.SimpleQueue()
        self.lost: queue.SimpleQueue[None] = queue.SimpleQueue()
        self.areas: queue.SimpleQueue[tuple[Geometry, Geometry, Geometry]] = queue.SimpleQueue()
        self.hotkeys: queue.SimpleQueue[None] = queue.SimpleQueue()
        self.keys: queue.SimpleQueue[Key] = queue.SimpleQueue()
        self.ages: queue.SimpleQueue[float] = queue.SimpleQueue()

    def cover_confirmed(self, asked_at: float, confirmed_at: float) -> None:
        self.confirmed.put((asked_at, confirmed_at))

    def display_lost(self) -> None:
        self.lost.put(None)

    def areas_changed(self, portal: Geometry, strip: Geometry, curtain: Geometry) -> None:
        self.areas.put((portal, strip, curtain))

    def hotkey_pressed(self) -> None:
        self.hotkeys.put(None)

    def key_pressed(self, key: Key) -> None:
        self.keys.put(key)

    def input_seen(self, age: float) -> None:
        self.ages.put(age)


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
