"""A gallery of hostile pages on a real counter: none gets out of its capsule, or outlives its citizen."""

from __future__ import annotations

import itertools
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from tests.chain.gallery.deeds import DEEDS, Deed
from tests.support import leaks
from tests.support.counter import Counter, counter
from tests.support.hostile import HostileSite, hostile_site
from tests.support.kinds import KINDS
from tests.support.site import PORTAL_COLOUR
from tests.support.visitor import Visitor
from tests.support.xvfb import Xvfb

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.pcsc import VirtualReader

pytestmark = pytest.mark.chain
pytest_plugins = ("tests.support.pcsc",)

NEVER = frozenset({"wipe_failed", "curtain_lost", "display_lost", "journal_lost", "reader_lost"})
"""Alerts that no page may bring about; how soon is covered depends on the machine: the benchmark's matter."""
AGAIN = 25
"""Looks for what a hand brings about before it is tried again."""
THE_GUARDS = frozenset(
    {"python", "bwrap", "choom", "setpriv", "aplay", "dbus-daemon", "gnome-keyring-daemon"}
)
"""Names of the processes that the guard itself starts outside containers."""
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


class Gallery:
    """One counter for all pages: whoever comes next finds what the page before has left."""

    def __init__(
        self, folder: Path, reader: VirtualReader, display: str, site: HostileSite, kind: str
    ) -> None:
        self.kind = kind
        self.site = site
        self.display = display
        self._folder = folder
        self._reader = reader
        self._settings = f'[browser]\nkind = "{kind}"\n'
        self._stack = ExitStack()
        self._numbers: set[object] = set()
        self._first: object = None
        self.opened = 0
        self.in_order = False
        self._card_lies = False

    def next_citizen(self) -> None:
        """Have a session open whose page is fresh; a counter that a failed test has upset is replaced."""
        if not self.in_order:
            self.close()
            folder = self._folder / f"counter-{time.monotonic_ns()}"
            folder.mkdir()
            profile = self.site.profile(folder)
            self.one = self._stack.enter_context(
                counter(folder, self._reader, self.display, profile, self._settings)
            )
            self.one.wait_state("READY")
            self.site.forget()
            self.come()
        self.in_order = False

    def come(self) -> None:
        """Lay a card, and find nothing of anybody."""
        before = self.one.now()
        self._reader.insert()
        self._card_lies = True
        self.opened = int(str(self.one.wait_state("ACTIVE", after=before)["seq"]))
        self.one.until(lambda: self.one.shows(PORTAL_COLOUR), "the portal on the screen")
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
            self.one.until(visitor.sees_strip, "the strip")

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

        self.one.until(came, f"a request for {path}")

    def take_card(self) -> None:
        """Take the card, if one lies there."""
        if self._card_lies:
            self._card_lies = False
            self._reader.remove()

    def close(self) -> None:
        self.take_card()
        self._stack.close()


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    with Xvfb() as server:
        yield server.display


@pytest.fixture(scope="module", params=KINDS)
def gallery(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    lasting_reader: VirtualReader,
    display: str,
) -> Iterator[Gallery]:
    with hostile_site() as site:
        gallery = Gallery(tmp_path_factory.mktemp("gallery"), lasting_reader, display, site, request.param)
        yield gallery
        gallery.close()


def _foreign(one: Counter) -> set[str]:
    """Return the names of this counter's processes that lie in no container and are not the guard's."""
    assert one.core
    own = Path("/proc/self/ns/pid").stat().st_ino
    names: set[str] = set()
    for process in {*one.guard_processes(), *one.core.children(recursive=True)}:
        with suppress(OSError, psutil.NoSuchProcess, psutil.ZombieProcess):
            if Path(f"/proc/{process.pid}/ns/pid").stat().st_ino == own:
                names.add(process.name())
    return names - THE_GUARDS


def _seen(one: Counter, kind: str, field: str, after: int) -> list[object]:
    """Return what the records of this kind say here."""
    return [
        record[field]
        for record in one.journal()
        if record["kind"] == kind and int(str(record["seq"])) > after
    ]


def _do(gallery: Gallery, deed: Deed, visitor: Visitor) -> None:
    """Go to the page, let it do its deed, and do there what a hand does."""
    site = gallery.site

    def again() -> None:
        """Leave what is above the page, and do it once more."""
        visitor.let_go()
        visitor.press("Return")
        deed.hand(visitor)

    gallery.press(visitor, "F8", "/deed")
    assert not site.take("/tell/load").body, "what it got when it was loaded"
    deed.hand(visitor)
    if deed.answers:
        gallery.repeat(again, "/tell/touch")
        assert not site.take("/tell/touch").body, "what it got when it was touched"


@pytest.mark.parametrize("deed", DEEDS, ids=lambda deed: deed.name)
def test_a_hostile_page_changes_nothing_outside_and_leaves_nothing_to_the_next_citizen(
    gallery: Gallery, deed: Deed
) -> None:
    gallery.next_citizen()
    one, site, opened = gallery.one, gallery.site, gallery.opened
    began = time.time()
    site.show(deed.name)
    with Visitor(gallery.display) as visitor:
        _do(gallery, deed, visitor)
        for what, host in deed.refused | (deed.embedded if gallery.kind == "embedded" else frozenset()):
            one.wait_record(
                lambda record, sought=(what, host): (record.get("what"), record.get("host")) == sought,  # type: ignore[misc]
                f"the refusal of {what} {host}",
                after=opened,
            )
        if deed.ends:
            one.wait_state("TAKE_CARD", after=opened)
        elif deed.hides:
            one.wait_state("HELD", after=opened)
        else:
            one.until(visitor.sees_strip, "the strip in sight, and nothing above it")
            assert _seen(one, "state", "after", opened) == [], "the session goes on"
        assert _foreign(one) == set()
        gallery.take_card()
        receipt = one.wait_record(lambda record: record["kind"] == "receipt", "the receipt", after=opened)
        one.wait_state("READY", after=opened)
    assert receipt["good"] is True
    assert _seen(one, "covered", "cover_ms", opened)
    assert NEVER.intersection(_seen(one, "alert", "alert", opened)) == set()
    assert not one.shows(PORTAL_COLOUR)
    assert site.outside.came == []
    assert site.broke is None
    assert _foreign(one) == set()
    assert leaks.clipboards(one.display) == {}
    places = leaks.writable_places(one.journal_folder.parent)
    assert leaks.files_with(site.secret, places, since=began) == []
    site.forget()
    gallery.come()
    gallery.in_order = True
