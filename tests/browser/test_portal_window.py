"""What a page gets, and what it does not, in the real portal window."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import json
import select
import socket
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from guard.browser.port import Geometry
from guard.browser.site import BrowserKind
from tests.browser.fixtures import site_of
from tests.browser.hands import Hands, shows, visible_windows
from tests.browser.puppet import GROUND
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.browser.fixtures import Born, Citizen
    from tests.browser.puppet import Puppet

HOST = "127.0.0.1"
TINT = 0xE8F1FE
"""The ground of the page that says that a page cannot be opened."""
EDGE = (1200, 740)
GATHER = """
call.createDataChannel('a'); await call.setLocalDescription();
const gathered = new Promise(done => {
  call.onicegatheringstatechange = () => call.iceGatheringState === 'complete' && done(); });
await Promise.race([gathered, new Promise(done => setTimeout(done, 2000))]);
call.close();
"""


@pytest.fixture(scope="module")
def citizen(born: Born, portal: Puppet) -> Iterator[Citizen]:
    """One capsule for all tests that leave its page in place."""
    with born(site_of(portal)) as one:
        one.begin()
        yield one


@pytest.fixture(autouse=True)
def same_page(citizen: Citizen, portal: Puppet, screen: str) -> Iterator[None]:
    """Whatever was refused, the citizen's page is still there afterwards."""
    yield
    assert portal.do("return location.pathname") == "/"
    go_back(citizen, screen)


def go_back(citizen: Citizen, screen: str) -> None:
    """Leave the page that says that a page cannot be opened, if it is there."""
    if shows(screen, TINT, EDGE):
        with Hands(screen, citizen.window) as hands:
            hands.press_until("Return", lambda: shows(screen, GROUND, EDGE))


def test_all_web_storage_works(portal: Puppet) -> None:
    assert (
        portal.do("""
        document.cookie = 'a=1'; localStorage.a = '1'; sessionStorage.a = '1';
        const db = await new Promise((ok, no) => {
          const open = indexedDB.open('a'); open.onsuccess = () => ok(open.result); open.onerror = no; });
        db.close();
        await (await caches.open('a')).put('/x', new Response('1'));
        await navigator.serviceWorker.register('/worker.js'); await navigator.serviceWorker.ready;
        const file = await (await navigator.storage.getDirectory()).getFileHandle('a', {create: true});
        const stream = await file.createWritable(); await stream.write('1'); await stream.close();
        return [document.cookie, localStorage.a, sessionStorage.a, await (await caches.match('/x')).text(),
          await (await file.getFile()).text()].join();
        """)
        == "a=1,1,1,1,1"
    )


def test_the_page_has_no_way_to_python(portal: Puppet) -> None:
    names = "['pywebview', 'qt', 'QWebChannel', 'external.call', 'frames_seen']"
    assert portal.do(f"return {names}.filter(name => eval('typeof window.' + name) !== 'undefined')") == []


@pytest.mark.parametrize(
    "script",
    [
        "await fetch('URL', {mode: 'no-cors'})",
        "const i = new Image(); i.src = 'URL'; document.body.append(i); await i.decode()",
        "const f = document.createElement('iframe'); f.src = 'URL'; document.body.append(f);",
        "await new Promise((ok, no) => { const s = new WebSocket('WS'); s.onopen = ok; s.onerror = no; })",
        "navigator.sendBeacon('URL', 'x')",
        "await fetch('/redirect?to=URL', {mode: 'no-cors'})",
        "await import('URL')",
        "new Worker('data:text/javascript,' + encodeURIComponent(`fetch('URL', {mode: 'no-cors'})`))",
    ],
    ids=["fetch", "image", "frame", "websocket", "beacon", "redirect", "import", "worker"],
)
def test_a_request_elsewhere_never_arrives(portal: Puppet, elsewhere: Puppet, script: str) -> None:
    elsewhere.forget()
    portal.do(script.replace("URL", elsewhere.url).replace("WS", f"ws://{elsewhere.host}/"))
    portal.do("await new Promise(done => setTimeout(done, 50))")
    assert elsewhere.asked == []


def test_refused_requests_are_reported_by_host(citizen: Citizen, portal: Puppet) -> None:
    portal.do("await fetch('http://127.0.0.2/name?card=1', {mode: 'no-cors'})")
    citizen.ear.wait_refused("request", "127.0.0.2")


def test_only_the_listed_names_of_a_server_are_asked(portal: Puppet) -> None:
    ask = "return await fetch('http://%s:%d/', {mode: 'no-cors'}).then(a => a.type, e => e.name)"
    assert portal.do(ask % ("localhost", portal.port)) == "opaque"
    assert portal.do(ask % ("other.localhost", portal.port)) == "TypeError"


def test_calls_between_browsers_cannot_reach_elsewhere(portal: Puppet) -> None:
    """WebRTC asks no request interceptor, so the engine itself must not send."""
    with (
        closing(socket.socket(type=socket.SOCK_DGRAM)) as udp,
        closing(socket.create_server((HOST, 0))) as tcp,
    ):
        udp.bind((HOST, 0))
        urls = [f"stun:{HOST}:{udp.getsockname()[1]}", f"turn:{HOST}:{tcp.getsockname()[1]}?transport=tcp"]
        servers = [{"urls": url, "username": "a", "credential": "b"} for url in urls]
        portal.do(f"const call = new RTCPeerConnection({{iceServers: {json.dumps(servers)}}});" + GATHER)
        for server in (udp, tcp):
            assert not select.select([server], [], [], 0)[0]


@pytest.mark.parametrize(
    ("script", "host"),
    [
        ("location.href = 'http://127.0.0.3/'", "127.0.0.3"),
        ("location.href = '/redirect?to=http://127.0.0.4/'", "127.0.0.4"),
        (
            """const f = document.createElement('form'); f.action = 'http://127.0.0.5/'; f.method = 'post';
            document.body.append(f); f.submit()""",
            "127.0.0.5",
        ),
        (
            """const a = document.createElement('a'); a.href = 'http://127.0.0.6/'; a.target = '_blank';
            document.body.append(a); a.click()""",
            "127.0.0.6",
        ),
    ],
    ids=["link", "redirect", "form", "blank"],
)
def test_a_page_elsewhere_is_refused_politely(
    citizen: Citizen, portal: Puppet, screen: str, script: str, host: str
) -> None:
    """The citizen reads that it cannot be opened, and one button leads back."""
    portal.do(script)
    until(lambda: not citizen.ear.refusals.isdisjoint({("navigation", host), ("new_window", host)}))
    until(lambda: shows(screen, TINT, EDGE))
    go_back(citizen, screen)


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc/passwd",
        "chrome://version",
        "view-source:/",
        "data:text/html,x",
        "qrc:/x",
        "mailto:a@b",
        "some-app:x",
    ],
)
def test_addresses_that_are_no_web_pages_are_never_shown(portal: Puppet, address: str) -> None:
    portal.do(f"location.href = '{address}'; window.open('{address}')")
    assert portal.do("return document.querySelectorAll('#logged-in').length") == 1


@pytest.mark.parametrize(
    ("script", "what"),
    [
        ("print()", "printing"),
        ("const a = document.createElement('a'); a.href = '/download'; a.click()", "download"),
        (
            "const a = document.createElement('a'); a.download = 'x'; a.href = 'data:,x'; a.click()",
            "download",
        ),
        ("await fetch('/secret')", "authentication"),
    ],
)
def test_what_a_page_may_not_do_is_refused_and_reported(
    portal: Puppet, citizen: Citizen, script: str, what: str
) -> None:
    portal.do(script)
    citizen.ear.wait_refused(what, "data:" if "data:" in script else HOST)


@pytest.mark.parametrize(
    ("script", "denied"),
    [
        (
            """return await new Promise(done => navigator.geolocation.getCurrentPosition(
            () => done(0), error => done(error.code)))""",
            1,
        ),
        ("return await Notification.requestPermission()", "denied"),
        ("return await navigator.clipboard.readText().catch(error => error.name)", "NotAllowedError"),
    ],
)
def test_permissions_are_denied(
    portal: Puppet, citizen: Citizen, kind: BrowserKind, script: str, denied: object
) -> None:
    """An installed browser denies them by policy and tells nobody; the embedded one asks us."""
    assert portal.do(script) == denied
    if kind is BrowserKind.EMBEDDED:
        citizen.ear.wait_refused("permission", HOST)


def test_camera_microphone_and_screen_are_refused(portal: Puppet) -> None:
    """The engine's own switch that accepts them all, which pywebview sets, is undone."""
    ask = "try { await navigator.mediaDevices.%s; return 'granted' } catch (error) { return 'refused' }"
    assert portal.do(ask % "getUserMedia({audio: true})") == "refused"
    assert portal.do(ask % "getUserMedia({video: true})") == "refused"
    assert portal.do(ask % "getDisplayMedia({video: true})") == "refused"


def click_on_page(citizen: Citizen, portal: Puppet, screen: str, script: str) -> object:
    """Run a script as the answer to a citizen's click, which some questions of a page need."""
    number = portal.tell(f"""
        return await new Promise(done => document.addEventListener('click', async () => {{
          try {{ done(await (async () => {{ {script} }})()); }} catch (error) {{ done(error.name); }}
        }}, {{once: true}}))""")
    portal.wait_asked("/next")
    with Hands(screen, citizen.window) as hands:
        until(lambda: _clicked(hands, portal, number))
    return portal.answer(number)


def _clicked(hands: Hands, portal: Puppet, number: int) -> bool:
    hands.click(640, 700)
    return portal.has(number)


def test_questions_that_need_a_click_are_refused_too(citizen: Citizen, portal: Puppet, screen: str) -> None:
    assert (
        click_on_page(citizen, portal, screen, "await document.body.requestFullscreen(); return 'yes'")
        != "yes"
    )
    assert portal.do("return document.fullscreenElement") is None
    assert click_on_page(citizen, portal, screen, "await showOpenFilePicker(); return 'yes'") != "yes"
    assert (
        click_on_page(citizen, portal, screen, "await document.body.requestPointerLock(); return 'yes'")
        != "yes"
    )
    click_on_page(
        citizen,
        portal,
        screen,
        "const i = document.createElement('input'); i.type = 'file'; i.click(); return 'asked'",
    )
    citizen.ear.wait_refused("file_choice", HOST)
    assert visible_windows(screen) == [citizen.window]


def test_a_click_on_a_mail_or_app_link_is_refused_politely(
    citizen: Citizen, portal: Puppet, screen: str
) -> None:
    for address in ("mailto:a@b", "some-app:x"):
        click_on_page(citizen, portal, screen, f"location.href = '{address}'")
        until(lambda: shows(screen, TINT, EDGE))
        go_back(citizen, screen)


def test_shortcuts_and_the_right_button_open_nothing(citizen: Citizen, portal: Puppet, screen: str) -> None:
    with Hands(screen, citizen.window) as hands:
        for key in "psounwtjhdq":
            hands.press("Control_L", key)
        hands.press("Control_L", "Shift_L", "i")
        for key in ("F1", "F3", "F6", "F10", "F11", "F12", "Menu", "Escape"):
            hands.press(key)
        hands.click(640, 700, button=3)
    assert portal.do("return [innerWidth, innerHeight].join()") == "1280,736"
    assert visible_windows(screen) == [citizen.window]


def test_questions_of_the_page_are_asked_inside_the_window(
    citizen: Citizen, portal: Puppet, screen: str
) -> None:
    for script, expected in (
        ("alert('a'); return 'closed'", "closed"),
        ("return confirm('a')", True),
        ("return prompt('a', 'b')", "b"),
    ):
        number = portal.tell(script)
        until(lambda: not shows(screen, GROUND, EDGE))
        assert visible_windows(screen) == [citizen.window]
        with Hands(screen, citizen.window) as hands:
            hands.press_until("Return", lambda: portal.has(number))  # noqa: B023 -- asked at once
        assert portal.answer(number) == expected
        until(lambda: shows(screen, GROUND, EDGE))


def test_a_question_can_be_declined(citizen: Citizen, portal: Puppet, screen: str) -> None:
    number = portal.tell("return confirm('a')")
    until(lambda: not shows(screen, GROUND, EDGE))
    with Hands(screen, citizen.window) as hands:
        hands.press_until("Escape", lambda: portal.has(number))
    assert portal.answer(number) is False


def test_the_window_follows_a_new_area(citizen: Citizen, portal: Puppet) -> None:
    citizen.capsule.resize(Geometry(x=0, y=0, width=800, height=600))
    until(lambda: portal.do("return innerWidth") == 800)
    citizen.capsule.resize(Geometry(x=0, y=64, width=1280, height=736))
    until(lambda: portal.do("return innerHeight") == 736)
