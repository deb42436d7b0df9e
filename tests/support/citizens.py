"""Citizens at one counter, one after the other: each finds what those before have left."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import itertools
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

from tests.support.counter import Counter, running
from tests.support.site import PORTAL_COLOUR
from tests.support.visitor import Visitor

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.hostile import HostileSite
    from tests.support.pcsc import VirtualReader

AGAIN = 25
"""Looks for what a hand brings about before it is tried again."""
NOTHING = {
    "cookies": "",
    "local": [],
    "session": [],
    "databases": 0,
    "caches": [],
    "workers": 0,
    "files": [],
    "name": "",
    "title": "start",
    "opener": False,
    "referrer": "",
    "history": 1,
    "ratio": 1,
    "scale": 1,
    "full": False,
    "pasted": "",
}
"""What a citizen finds of those before."""


class Citizens:
    """One counter for as many of them as it serves in order."""

    def __init__(
        self, folder: Path, reader: VirtualReader, display: str, site: HostileSite, settings: str
    ) -> None:
        self.site = site
        self.display = display
        self._folder = folder
        self._reader = reader
        self._settings = settings
        self._stack = ExitStack()
        self._numbers: set[object] = set()
        self._first: object = None
        self.opened = 0
        """Number of the record that opened the session."""
        self.session = ""
        self.in_order = False
        self.card_lies = False

    def furnish(self, folder: Path) -> Counter:
        """Return a counter that is not started yet."""
        return Counter(folder, self._reader, self.display, self.site.profile(folder), self._settings)

    def next_citizen(self) -> None:
        """Have a session open whose page is fresh; a counter that a failed test has upset is replaced."""
        if not self.in_order:
            self.close()
            folder = self._folder / f"counter-{time.monotonic_ns()}"
            folder.mkdir()
            self.one = self._stack.enter_context(running(self.furnish(folder)))
            self.one.wait_state("READY")
            self.site.forget()
            self.come()
        self.in_order = False

    def come(self) -> None:
        """Lay a card, and find nothing of anybody."""
        before = self.one.now()
        self.lay_card()
        record = self.one.wait_state("ACTIVE", after=before)
        self.opened, self.session = int(str(record["seq"])), str(record["session"])
        self.until(lambda: self.one.shows(PORTAL_COLOUR), "the portal on the screen")
        with Visitor(self.display) as visitor:
            visitor.click(*visitor.middle)
            self.press(visitor, "F9", "/tell/listening")
            visitor.press("Control_L", "v")
            self.press(visitor, "F2", "/tell/found")
            found = dict(self.site.take("/tell/found").body)  # type: ignore[call-overload]
            number = found.pop("number")
            assert number not in self._numbers, "the start page came from somewhere else than the site"
            self._numbers.add(number)
            assert {name: found[name] for name in NOTHING} == NOTHING
            self._first = self._first or found
            assert found == self._first
            assert [one.path for one in self.site.asked if one.cookie] == [], "a mark came with a request"
            self.until(visitor.sees_strip, "the strip")

    def press(self, visitor: Visitor, key: str, path: str) -> None:
        """Press a key until the site was asked for this; a browser that is busy loses one."""
        visitor.press(key)
        self.repeat(lambda: visitor.press(key), path)

    def repeat(self, deed: Callable[[], None], path: str) -> None:
        """Wait until the site was asked for this, and now and then do it again."""
        looks = itertools.count(1)

        def came() -> bool:
            if self.site.heard(path):
                return True
            if next(looks) % AGAIN == 0:
                deed()
            return False

        self.until(came, f"a request for {path}")

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait for what must happen while a session is open."""
        self.one.until(condition, what)

    def lay_card(self) -> None:
        """Lay the card on the reader."""
        self._reader.insert()
        self.card_lies = True

    def take_card(self) -> None:
        """Take the card, if one lies there."""
        if self.card_lies:
            self.card_lies = False
            self._reader.remove()

    def close(self) -> None:
        self.take_card()
        self._stack.close()
