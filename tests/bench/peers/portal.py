"""The peers' portal: a plain X window of the portal's colour, over the whole screen."""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from Xlib import X
from Xlib.display import Display

from tests.support.site import PORTAL_COLOUR

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def plain_portal(display: str) -> Iterator[None]:
    """Show it while the block runs."""
    with closing(Display(display)) as client:
        screen = client.screen()
        window = screen.root.create_window(
            *(0, 0, screen.width_in_pixels, screen.height_in_pixels, 0),
            X.CopyFromParent,
            background_pixel=PORTAL_COLOUR,
            override_redirect=True,
        )
        window.map()
        client.sync()
        yield


def unmap(display: str, window: int) -> None:
    """Take another program's window off the screen, if it is still there."""
    with closing(Display(display)) as client:
        client.set_error_handler(lambda _error, _request: None)  # BadWindow: that program has ended
        client.create_resource_object("window", window).unmap()
        client.sync()
