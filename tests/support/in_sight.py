"""The windows on a screen, as its server tells of them."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from Xlib import X
from Xlib.error import XError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from Xlib.display import Display


def in_sight(client: Display) -> Iterator[tuple[int, tuple[int, int, int, int]]]:
    """Yield the id and (x, y, width, height) of each window that shows something, from bottom to top.

    Of the root's own children. One that is destroyed while its server is asked is in sight no more.
    """
    for window in client.screen().root.query_tree().children:
        with suppress(XError):
            attributes, place = window.get_attributes(), window.get_geometry()
            if attributes.map_state == X.IsViewable and attributes.win_class == X.InputOutput:
                yield window.id, (place.x, place.y, place.width, place.height)
