"""A gallery of hostile pages on a real counter: none gets out of its capsule, or outlives its citizen."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from tests.chain.gallery.deeds import DEEDS, Deed
from tests.support import leaks
from tests.support.citizens import Citizens
from tests.support.hostile import HostileSite, hostile_site
from tests.support.kinds import KINDS
from tests.support.site import PORTAL_COLOUR
from tests.support.visitor import Visitor
from tests.support.xvfb import Xvfb

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.counter import Counter
    from tests.support.pcsc import VirtualReader

pytestmark = pytest.mark.chain
pytest_plugins = ("tests.support.pcsc",)

NEVER = frozenset({"wipe_failed", "curtain_lost", "display_lost", "journal_lost", "reader_lost"})
"""Alerts that no page may bring about; how soon is covered depends on the machine: the benchmark's matter."""
THE_GUARDS = frozenset(
    {"python", "bwrap", "choom", "setpriv", "sh", "aplay", "dbus-daemon", "gnome-keyring-daemon"}
)
"""Names of the processes that the guard itself starts outside containers."""


class Gallery(Citizens):
    """One counter for all pages: whoever comes next finds what the page before has left."""

    def __init__(
        self, folder: Path, reader: VirtualReader, display: str, site: HostileSite, kind: str
    ) -> None:
        super().__init__(folder, reader, display, site, f'[browser]\nkind = "{kind}"\n')
        self.kind = kind


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
