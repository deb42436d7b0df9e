"""What an installed browser does and the embedded one cannot, in a real Chromium."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from guard.browser.site import BrowserKind
from tests.browser.conftest import site_of
from tests.browser.hands import Hands, shows
from tests.browser.puppet import GROUND, PATIENCE
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.browser.conftest import Born, Citizen
    from tests.browser.puppet import Puppet

EDGE = (1200, 740)
pytestmark = pytest.mark.parametrize("kind", [BrowserKind.CHROMIUM], indirect=True)


@pytest.fixture(scope="module")
def citizen(born: Born, portal: Puppet) -> Iterator[Citizen]:
    with born(site_of(portal)) as one:
        one.capsule.begin()
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
    until(lambda: not shows(screen, GROUND, EDGE))
    with Hands(screen, citizen.window) as hands:
        hands.give_to_the_inner_window()
        hands.press_until("Return", lambda: shows(screen, GROUND, EDGE))
    assert portal.answer(number) == "closed"


def test_a_browser_that_nobody_drives_any_more_is_lost(citizen: Citizen) -> None:
    """Its page would stay in sight and hear nothing."""
    inside = map(psutil.Process, citizen.capsule.pids())
    (driver,) = (one for one in inside if Path(one.exe()).name == "node")
    driver.kill()
    assert citizen.ear.losses.get(timeout=PATIENCE) == "the portal window failed"
