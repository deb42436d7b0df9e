"""A profile that permits printing: a page becomes a PDF inside, and nothing leaves without a yes."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import hashlib
import queue
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from guard.browser.port import Logout
from guard.browser.site import Permit
from tests.browser.fixtures import site_of
from tests.browser.hands import Hands, shows, visible_windows
from tests.browser.puppet import GROUND, PATIENCE
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from guard.browser.site import Site
    from tests.browser.fixtures import Born, Citizen
    from tests.browser.puppet import Puppet

pytestmark = pytest.mark.chain

EDGE = (1200, 740)
WRITE = "document.querySelector('#logged-in').textContent = '%s';"
SAVE = """
const parts = [new TextEncoder().encode('%s')], bytes = %d;
for (let left = bytes; left > 0; left -= 65536) {
  parts.push(crypto.getRandomValues(new Uint8Array(Math.min(left, 65536))));
}
const whole = new Blob(parts);
const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', await whole.arrayBuffer()));
const a = document.createElement('a'); a.download = '%s'; a.href = URL.createObjectURL(whole); a.click();
return Array.from(hash, one => one.toString(16).padStart(2, '0')).join('');
"""


@pytest.fixture(scope="module")
def printing(portal: Puppet) -> Site:
    return replace(site_of(portal), permit=Permit(printing=True, downloads=True))


@pytest.fixture
def citizen(born: Born, portal: Puppet, printing: Site) -> Iterator[Citizen]:
    portal.forget()
    with born(printing) as one:
        one.begin()
        yield one


def asked(screen: str) -> None:
    """Wait until something lies over the page."""
    until(lambda: not shows(screen, GROUND, EDGE))


def answer(citizen: Citizen, screen: str, key: str) -> None:
    """Wait for a question and answer it."""
    asked(screen)
    with Hands(screen, citizen.window) as hands:
        hands.press_until(key, lambda: shows(screen, GROUND, EDGE))


def paper(citizen: Citizen) -> bytes:
    return citizen.ear.papers.get(timeout=PATIENCE)


def text_of(pdf: bytes) -> str:
    return subprocess.run(
        ["pdftotext", "-", "-"], input=pdf, capture_output=True, timeout=PATIENCE, check=True
    ).stdout.decode()


def test_a_page_is_printed_once_the_citizen_says_yes(citizen: Citizen, portal: Puppet, screen: str) -> None:
    portal.do(WRITE % "住民票の写し" + "print()")
    asked(screen)
    assert visible_windows(screen) == [citizen.window], "no dialog of the engine's"
    assert citizen.ear.papers.empty()
    answer(citizen, screen, "Return")
    assert text_of(paper(citizen)).strip() == "住民票の写し"


def test_a_no_prints_nothing_and_the_next_yes_prints_once(
    citizen: Citizen, portal: Puppet, screen: str
) -> None:
    portal.do(WRITE % "first" + "print()")
    answer(citizen, screen, "Escape")
    portal.do(WRITE % "second" + "print()")
    answer(citizen, screen, "Return")
    assert text_of(paper(citizen)).strip() == "second"
    assert citizen.ear.papers.empty()


def test_ctrl_p_asks_as_a_page_does(citizen: Citizen, portal: Puppet, screen: str) -> None:
    portal.do(WRITE % "by keys")
    with Hands(screen, citizen.window) as hands:
        hands.press("Control_L", "p")
    answer(citizen, screen, "Return")
    assert text_of(paper(citizen)).strip() == "by keys"


def test_a_frame_prints_what_is_in_it(citizen: Citizen, portal: Puppet, screen: str) -> None:
    portal.do("""
        const frame = document.createElement('iframe');
        frame.srcdoc = '<p>inner</p>'; document.body.append(frame);
        await new Promise(done => { frame.onload = done; });
        frame.contentWindow.print();""")
    answer(citizen, screen, "Return")
    assert "inner" in text_of(paper(citizen)), "an installed browser prints the whole page"


def test_an_alert_of_the_page_does_not_swallow_the_question(
    citizen: Citizen, portal: Puppet, screen: str
) -> None:
    number = portal.tell(WRITE % "kept" + "print(); alert('?'); return 'closed'")
    asked(screen)
    with Hands(screen, citizen.window) as hands:
        hands.press_until("Return", lambda: not citizen.ear.papers.empty())
    assert portal.answer(number) == "closed"
    assert text_of(paper(citizen)).strip() == "kept"


def test_a_page_that_prints_in_a_loop_asks_so_many_times_and_no_more(
    citizen: Citizen, portal: Puppet, screen: str
) -> None:
    portal.do("setInterval(print, 1)")
    with Hands(screen, citizen.window) as hands:
        until(lambda: _declined_until_refused(hands, citizen))
    until(lambda: shows(screen, GROUND, EDGE))
    assert citizen.ear.papers.empty()


def _declined_until_refused(hands: Hands, citizen: Citizen) -> bool:
    hands.press("Escape")
    return ("printing", "127.0.0.1") in citizen.ear.refusals


def test_a_pdf_of_ten_megabytes_arrives_whole(citizen: Citizen, portal: Puppet, screen: str) -> None:
    """It is far larger than what the socket holds, and what was downloaded is told by its content."""
    digest = portal.do(SAVE % ("%PDF-1.4\\n", 10_000_000, "form.bin"))
    answer(citizen, screen, "Return")
    pdf = paper(citizen)
    assert len(pdf) == 10_000_009
    assert hashlib.sha256(pdf).hexdigest() == digest
    assert portal.do("return document.querySelectorAll('#logged-in').length") == 1, "it still lives"


def test_a_download_that_is_no_pdf_is_not_offered_whatever_it_is_called(
    citizen: Citizen, portal: Puppet, screen: str
) -> None:
    portal.do(SAVE % ("PK", 10, "form.pdf"))
    portal.do(SAVE % ("%PDF-1.4\\n", 10, "form.zip"))
    answer(citizen, screen, "Return")
    assert len(paper(citizen)) == 19
    assert citizen.ear.papers.empty()


def test_what_was_not_printed_is_told(citizen: Citizen, portal: Puppet, screen: str) -> None:
    assert portal.do("return 1") == 1
    citizen.capsule.not_printed()
    answer(citizen, screen, "Return")


def test_a_logout_says_no_to_what_is_asked(citizen: Citizen, portal: Puppet, screen: str) -> None:
    portal.do("print()")
    asked(screen)
    assert citizen.capsule.logout()[0] is Logout.CONFIRMED
    with pytest.raises(queue.Empty):
        citizen.ear.papers.get(block=False)


def test_nothing_is_asked_before_a_citizen_comes(born: Born, portal: Puppet, printing: Site) -> None:
    portal.forget()
    with born(replace(printing, start=f"{portal.url}prints")) as spare:
        spare.ear.wait_refused("printing", "127.0.0.1")
        spare.capsule.begin()
        assert portal.do("return document.querySelectorAll('#logged-in').length") == 1
