"""What an installed browser does and the embedded one cannot, in a real Chromium."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
from playwright.sync_api import sync_playwright
from Xlib import X
from Xlib.display import Display

from guard.browser.managed.flags import flags
from guard.browser.managed.installed import installed
from guard.browser.site import BrowserKind
from guard.browser.wall import Wall
from tests.browser.fixtures import AREA, DIRECTLY, site_of
from tests.browser.hands import Hands, picture, shows
from tests.browser.puppet import GROUND, PATIENCE
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.browser.fixtures import Born, Citizen
    from tests.browser.puppet import Puppet

EDGE = (1200, 740)
BUTTON = (0, 0x17, 0xC1)
"""A colour that a button has, and nothing else on the guard's card."""
pytestmark = pytest.mark.parametrize("kind", [BrowserKind.CHROMIUM], indirect=True)


@pytest.fixture(scope="module")
def citizen(born: Born, portal: Puppet) -> Iterator[Citizen]:
    with born(site_of(portal)) as one:
        one.begin()
        yield one


@pytest.mark.usefixtures("citizen")
def test_a_page_sees_nothing_of_what_drives_its_browser(portal: Puppet) -> None:
    """One that did could break it, or take the citizen for a robot."""
    names = portal.do("""
        return Object.getOwnPropertyNames(globalThis).filter(name => /playwright|pptr|cdc_/i.test(name))
          .concat(navigator.webdriver ? ['webdriver'] : []);
        """)
    assert names == []


@pytest.mark.usefixtures("citizen")
def test_a_finger_that_stays_opens_no_menu(portal: Puppet) -> None:
    menu = "new MouseEvent('contextmenu', {bubbles: true, cancelable: true})"
    assert portal.do(f"return document.body.dispatchEvent({menu})") is False


def test_a_browser_that_takes_the_keyboard_from_a_question_does_not_keep_it(
    citizen: Citizen, portal: Puppet, screen: str
) -> None:
    number = portal.tell("alert('?'); return 'closed'")
    until(lambda: _lies_aside(citizen, screen))
    with Hands(screen, citizen.window) as hands:
        hands.give_to_the_inner_window()
        hands.wait_for_the_keyboard()
        hands.press_until("Return", lambda: shows(screen, GROUND, EDGE))
    assert portal.answer(number) == "closed"


def test_a_question_that_the_browser_s_own_dialog_has_answered_is_asked_no_more(
    citizen: Citizen, portal: Puppet, screen: str
) -> None:
    """The window was busy; a citizen whose "no" is heard by nobody would believe that it was."""
    inside = map(psutil.Process, citizen.capsule.pids())
    (window,) = (one for one in inside if Path(one.exe()) == Path(sys.executable).resolve())
    with Hands(screen, citizen.window) as hands:
        hands.give_to_the_inner_window()
        window.suspend()
        try:
            number = portal.tell("return confirm('heard by the browser')")
            hands.press_until("Return", lambda: portal.has(number))
            assert portal.answer(number) is True
            number = portal.tell("return confirm('heard by nobody yet')")
        finally:
            window.resume()
        until(lambda: _lies_aside(citizen, screen))
        hands.press_until("Return", lambda: portal.has(number))
    assert portal.answer(number) is True
    until(lambda: shows(screen, GROUND, EDGE))


def test_a_question_of_a_window_that_nobody_sees_is_asked_nobody(
    citizen: Citizen, portal: Puppet, screen: str
) -> None:
    """It was kept open when that window was closed, and those of the page were declined unseen."""
    portal.do("""
        document.onclick = () => {
          const other = open(), asking = setInterval(() => {
            if (!other.closed) return other.alert('in another window');
            clearInterval(asking);
            fetch('/closed');
          });
        };
        """)
    with Hands(screen, citizen.window) as hands:
        hands.click(640, 400)
        portal.wait_asked("/closed")
        number = portal.tell("document.onclick = null; return confirm('of the page')")
        until(lambda: _has_two_buttons(screen))
        hands.press_until("Return", lambda: portal.has(number))
    assert portal.answer(number) is True


def _has_two_buttons(screen: str) -> bool:
    """Tell whether the card that is in sight has another button left of its first."""
    left = picture(screen).crop((200, AREA.y, 800, 800))
    return any(colour == BUTTON for _, colour in left.getcolors(left.width * left.height) or ())


def _lies_aside(citizen: Citizen, screen: str) -> bool:
    """Tell whether the page has made room for what its window has to say."""
    with closing(Display(screen)) as client:
        inside = client.create_resource_object("window", citizen.window).query_tree().children
        return any(one.get_geometry().x == AREA.width for one in inside)


def test_a_window_manager_that_takes_the_browser_s_window_does_not_keep_it(
    citizen: Citizen, screen: str
) -> None:
    """It was asked to map the window before that became ours, and makes it its own a moment later."""
    with closing(Display(screen)) as manager:
        host = manager.create_resource_object("window", citizen.window)
        (window,) = (one for one in host.query_tree().children if one.get_geometry().width == AREA.width)
        frame = manager.screen().root.create_window(0, 0, 400, 300, 0, X.CopyFromParent, override_redirect=1)
        frame.map()
        window.reparent(frame.id, 0, 0)
        manager.sync()
        until(lambda: window.query_tree().parent.id == host.id)
        frame.destroy()
        manager.sync()
        until(lambda: shows(screen, GROUND, EDGE))


@pytest.mark.usefixtures("citizen")
def test_no_page_gets_to_see_a_colour_of_the_screen(portal: Puppet) -> None:
    assert portal.do("return typeof EyeDropper") == "undefined"


def test_whoever_takes_hold_of_a_browser_late_still_sees_a_first_document_come(
    screen: str, kind: BrowserKind, portal: Puppet, tmp_path: Path
) -> None:
    """Playwright waits for one, and sees none that came while it took hold."""
    site = site_of(portal)
    arguments = flags(
        profile=tmp_path, window_class="late", area=AREA, languages="ja", wall=Wall.of(site, DIRECTLY, "")
    )
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            tmp_path,
            executable_path=installed(kind).binary,
            ignore_default_args=True,
            args=[*arguments, "--no-sandbox"],  # it shows a page of ours to nobody
            env={"DISPLAY": screen, "HOME": str(tmp_path)},
            headless=False,
            no_viewport=True,
        )
        with closing(context):
            for _ in range(3):
                context.pages[0].wait_for_event("framenavigated", timeout=PATIENCE * 1000)


def test_a_browser_that_nobody_drives_any_more_is_lost(citizen: Citizen) -> None:
    """Its page would stay in sight and hear nothing."""
    inside = map(psutil.Process, citizen.capsule.pids())
    (driver,) = (one for one in inside if Path(one.exe()).name == "node")
    driver.kill()
    assert citizen.ear.losses.get(timeout=PATIENCE) == "the portal window failed"
