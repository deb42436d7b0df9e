"""One that listens to a shade of any system."""

from __future__ import annotations

import queue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from guard.browser.port import Geometry
    from guard.screens.port import Key

SOON = 10.0
HOTKEY = "ctrl+alt+shift+l"


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
