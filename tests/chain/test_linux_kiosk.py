"""A counter under the window manager of the Linux kiosk session, with its very settings."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import shlex
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from Xlib import X
from Xlib.display import Display
from Xlib.ext import xtest

from tests.support.counter import CHECKOUT, Counter, counter
from tests.support.in_sight import in_sight
from tests.support.site import PORTAL_COLOUR, WebSite, web_site
from tests.support.xvfb import Xvfb

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.pcsc import VirtualReader

pytestmark = pytest.mark.chain
pytest_plugins = ("tests.support.pcsc",)

SETTINGS = CHECKOUT / "installer" / "linux" / "package" / "openbox.xml"


@pytest.fixture
def display() -> Iterator[str]:
    manager = shlex.join(["openbox", "--sm-disable", "--config-file", str(SETTINGS)])
    with Xvfb(window_manager=manager) as server:
        yield server.display


@pytest.fixture
def site() -> Iterator[WebSite]:
    heard = "<script>addEventListener('keydown', (event) => fetch('/heard-' + event.key))</script>"
    with web_site() as site:
        site.pages["/"] += heard
        yield site


@pytest.fixture
def one(tmp_path: Path, practice_reader: VirtualReader, display: str, site: WebSite) -> Iterator[Counter]:
    """A counter with an open session."""
    with counter(tmp_path, practice_reader, display, site.profile(tmp_path)) as one:
        one.open_session()
        yield one


def _click(display: str, button: int) -> None:
    """Press a mouse button where nothing but the portal or the bare screen is, and let go of it."""
    with closing(Display(display)) as client:
        xtest.fake_input(client, X.MotionNotify, x=640, y=600)
        xtest.fake_input(client, X.ButtonPress, button)
        xtest.fake_input(client, X.ButtonRelease, button)
        client.sync()


def test_what_is_typed_reaches_the_portal_also_after_a_click(one: Counter, site: WebSite) -> None:
    one.press_until("a", lambda: site.take("/heard-a"), "the key on the page")
    _click(one.display, 1)
    one.press_until("b", lambda: site.take("/heard-b"), "the key on the page after a click")


def test_no_key_of_a_window_manager_closes_hides_or_leaves_the_portal(one: Counter, site: WebSite) -> None:
    before = one.now()
    for keys in (
        ("Alt_L", "F4"),
        ("Alt_L", "Tab"),
        ("Alt_L", "space"),
        ("Super_L", "d"),
        ("Super_L", "e"),
        ("Control_L", "Alt_L", "Right"),
    ):
        one.type_key(*keys)
    # By the time the page hears this one, the window manager has seen them all.
    one.press_until("z", lambda: site.take("/heard-z"), "the key on the page")
    assert one.shows(PORTAL_COLOUR)
    assert [record for record in one.journal() if int(str(record["seq"])) > before] == []


def test_no_button_of_the_mouse_opens_a_menu_on_a_bare_screen(display: str) -> None:
    with closing(Display(display)) as client:
        root = client.screen().root
        known = {window.id for window in root.query_tree().children}
        for button in (1, 2, 3, 4, 5):
            _click(display, button)
        probe = root.create_window(0, 0, 9, 9, 0, X.CopyFromParent)
        probe.map()
        while probe.query_tree().parent == root:  # managed, so that everything before was done
            client.sync()
        frame = probe.query_tree().parent.id
        assert [window for window, _ in in_sight(client) if window not in known | {frame}] == []


def test_removal_covers_and_the_hotkey_brings_the_pad(one: Counter) -> None:
    before = one.now()
    one.press_hotkey()
    one.until(one.keyboard_is_taken, "the pad")
    assert not one.shows(PORTAL_COLOUR)
    one.reader.remove()
    receipt = one.wait_record(lambda record: record["kind"] == "receipt", "the receipt", after=before)
    assert receipt["good"] is True
    one.wait_state("READY", after=before)
