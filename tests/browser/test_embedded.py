"""A capsule's life and its end: nothing of one citizen is left for the next."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import contextlib
import os
import secrets
import signal
import tempfile
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
from Xlib import X, display

from guard.browser.messages import LogOut, Resize
from guard.browser.port import Logout
from guard.browser.site import BrowserKind, LogoutRecipe
from guard.clock import SystemClock
from guard.session.events import SessionId
from tests.browser.fixtures import AREA
from tests.browser.hands import Hands, shows, visible_windows
from tests.browser.puppet import GROUND, PART, PATIENCE
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from guard.browser.site import Site
    from tests.browser.fixtures import Born, Citizen
    from tests.browser.puppet import Puppet

EDGE = (1200, 740)
KEEP = """
const secret = 'SECRET';
document.cookie = 'kept=cookie' + secret + '; max-age=99999';
localStorage.kept = 'local' + secret; sessionStorage.kept = 'session' + secret;
const db = await new Promise(ok => {
  const open = indexedDB.open('kept');
  open.onupgradeneeded = () => open.result.createObjectStore('kept').put('indexed' + secret, 1);
  open.onsuccess = () => ok(open.result); });
db.close();
await (await caches.open('kept')).put('/cache' + secret, new Response('cached' + secret));
await navigator.serviceWorker.register('/worker.js?' + secret); await navigator.serviceWorker.ready;
const file = await (await navigator.storage.getDirectory()).getFileHandle('kept' + secret, {create: true});
const stream = await file.createWritable(); await stream.write('opfs' + secret); await stream.close();
return 'kept';
"""


def window_process(citizen: Citizen) -> psutil.Process:
    """Return the process that the core speaks to."""
    return next(
        process
        for process in map(psutil.Process, citizen.capsule.pids())
        if process.cmdline()[3:4] in (["guard.browser.embedded.window"], ["guard.browser.managed.window"])
    )


def page_process(citizen: Citizen) -> psutil.Process:
    """Return the process that runs the page."""
    return next(
        process
        for process in map(psutil.Process, citizen.capsule.pids())
        if "--type=renderer" in " ".join(process.cmdline())
    )


def files_of_the_machine() -> Iterator[Path]:
    """Yield every readable file in the places where this account can write."""
    variables = ("HOME", "XDG_RUNTIME_DIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "TMPDIR")
    places = {Path(os.environ[name]) for name in variables if name in os.environ}
    places |= {Path(tempfile.gettempdir()), Path("/var/tmp"), Path("/dev/shm"), Path.home()}  # noqa: S108 -- looked at
    for place in places:
        for folder, _, names in os.walk(place):
            for name in names:
                path = Path(folder, name)
                if not path.is_symlink() and path.is_file() and os.access(path, os.R_OK):
                    yield path


def test_of_a_killed_session_nothing_is_found_on_the_machine(born: Born, portal: Puppet, site: Site) -> None:
    """Not in a file under any name or in any content, and the next citizen's browser knows nothing."""
    secret = secrets.token_hex(12)
    with born(site) as citizen:
        citizen.begin()
        assert portal.do(KEEP.replace("SECRET", secret)) == "kept"
        assert str(portal.do("return document.cookie + localStorage.kept")).count(secret) == 2
        assert len(citizen.capsule.pids()) > 3
        processes, storage, _, _ = citizen.capsule.prove_gone(PATIENCE)
        assert (processes, storage) == (0, False)
        assert citizen.capsule.pids() == ()
    found = [path for path in files_of_the_machine() if holds(path, secret.encode())]
    assert found == []
    portal.forget()
    with born(site):
        assert portal.wait_asked("/") == ""
        assert (
            portal.do("return [document.cookie, localStorage.length, (await caches.keys()).length].join()")
            == ",0,0"
        )


def holds(path: Path, secret: bytes) -> bool:
    """Tell whether the secret is in the file's name or content."""
    if secret in os.fsencode(path):
        return True
    try:
        return secret in path.read_bytes()
    except OSError:  # it went away meanwhile, or is a device of another program
        return False


def test_the_search_would_find_a_secret() -> None:
    """The proof above is worth something: what is written is found."""
    secret = secrets.token_hex(12)
    place = Path.home() / f".found-{secret[:4]}"
    place.write_text(secret)
    try:
        assert place in [path for path in files_of_the_machine() if holds(path, secret.encode())]
    finally:
        place.unlink()


def test_a_newborn_window_never_lies_above_another(
    born: Born, portal: Puppet, site: Site, screen: str
) -> None:
    """It is put to the bottom before it is mapped, and does not move afterwards."""
    with born(site) as citizen, closing(display.Display(screen)) as client:
        root = client.screen().root
        root.change_attributes(event_mask=X.SubstructureNotifyMask)
        client.sync()
        portal.forget()
        with born(site) as spare:
            assert visible_windows(screen) == [spare.window, citizen.window]
            client.sync()
            events = [client.next_event() for _ in range(client.pending_events())]
            of_spare = [event for event in events if event.window.id == spare.window]
            mapped = next(index for index, event in enumerate(of_spare) if event.type == X.MapNotify)
            order = [event.above_sibling for event in of_spare if event.type == X.ConfigureNotify]
            before = [one.above_sibling for one in of_spare[:mapped] if one.type == X.ConfigureNotify]
            assert before[-1] == X.NONE
            assert all(below == X.NONE for below in order[len(before) :])


@pytest.mark.parametrize(
    "deed",
    [
        "open('/logout')",
        """const a = document.createElement('a'); a.href = '/logout'; a.target = 'x';
        document.body.append(a); a.click()""",
        """const f = document.createElement('form'); f.action = '/logout'; f.target = '_blank';
        document.body.append(f); f.requestSubmit()""",
    ],
    ids=["open", "link", "form"],
)
def test_a_new_window_opens_in_the_same_one_and_is_asked_for_once(
    born: Born, portal: Puppet, site: Site, screen: str, deed: str
) -> None:
    with born(site) as citizen:
        citizen.begin()
        portal.do(f"addEventListener('click', () => {{ {deed} }}, {{once: true}})")

        def went() -> bool:
            hands.click(640, 700)
            return "/logout" in [path for path, _ in portal.asked]

        with Hands(screen, citizen.window) as hands:
            until(went)
        portal.wait_asked("/arrived")
        assert citizen.capsule.logout()[0] is Logout.CONFIRMED
        assert [path for path, _ in portal.asked].count("/logout") == 2
        assert visible_windows(screen) == [citizen.window]


def test_pages_are_as_large_as_the_profile_says(born: Born, portal: Puppet, site: Site) -> None:
    with born(replace(site, zoom=150)):
        assert portal.do("return devicePixelRatio") == 1.5


def test_logout_is_confirmed_by_its_proof(born: Born, portal: Puppet, site: Site) -> None:
    with born(site) as citizen:
        assert citizen.capsule.logout()[0] is Logout.CONFIRMED
        portal.wait_asked("/logout")


def test_logout_clicks_when_the_recipe_says_so(born: Born, portal: Puppet, site: Site) -> None:
    recipe = LogoutRecipe(click=("#logged-in",), done=f"{portal.url}logout", deadline_ms=5000)
    with born(replace(site, logout=recipe)) as citizen:
        portal.do("document.getElementById('logged-in').onclick = () => { location.href = '/logout' }")
        assert citizen.capsule.logout()[0] is Logout.CONFIRMED


def test_logout_clicks_one_thing_after_the_other_as_each_appears(
    born: Born, portal: Puppet, site: Site
) -> None:
    """What is there but cannot be seen yet, or ever, is not clicked."""
    recipe = LogoutRecipe(click=("#logged-in", ".yes"), done="#logged-out", deadline_ms=5000)
    with born(replace(site, logout=recipe)) as citizen:
        portal.do(
            """document.body.insertAdjacentHTML('beforeend', `<a class="yes" href="/broken" hidden>yes</a>
              <dialog><a class="yes" href="/logout">yes</a></dialog>`);
            document.getElementById('logged-in').onclick =
              () => setTimeout(() => document.querySelector('dialog').showModal(), 100)"""
        )
        assert citizen.capsule.logout()[0] is Logout.CONFIRMED
        assert "/broken" not in [path for path, _ in portal.asked]


def test_logout_goes_on_clicking_on_the_page_that_a_click_leads_to(
    born: Born, portal: Puppet, site: Site
) -> None:
    recipe = LogoutRecipe(click=("#logged-in", "#yes"), done=f"{portal.url}logout", deadline_ms=5000)
    with born(replace(site, logout=recipe)) as citizen:
        portal.do("document.getElementById('logged-in').onclick = () => { location.href = '/sure' }")
        assert citizen.capsule.logout()[0] is Logout.CONFIRMED


def test_logout_gets_past_the_page_s_questions(born: Born, portal: Puppet, site: Site, screen: str) -> None:
    """Neither an open question nor one about leaving the page keeps a citizen logged in."""
    with born(site) as citizen:
        citizen.begin()
        with Hands(screen, citizen.window) as hands:
            hands.click(640, 700)
        portal.do("addEventListener('beforeunload', event => event.preventDefault())")
        portal.tell("confirm('?')")
        until(lambda: not shows(screen, GROUND, EDGE))
        assert citizen.capsule.logout()[0] is Logout.CONFIRMED


@pytest.mark.parametrize(
    "recipe",
    [
        LogoutRecipe(url="/broken", done="#logged-in", deadline_ms=400),
        LogoutRecipe(url="/logout", done="#never", deadline_ms=400),
        LogoutRecipe(click=("#never",), done="#never", deadline_ms=400),
        LogoutRecipe(click=("#logged-in", "#never"), done="#logged-in", deadline_ms=400),
        LogoutRecipe(click=("#logged-in",), done="/", deadline_ms=400),
    ],
    ids=[
        "server error",
        "no proof",
        "nothing to click",
        "nothing to click in the end",
        "the same page proves nothing",
    ],
)
def test_logout_without_proof_is_not_confirmed(
    born: Born, portal: Puppet, site: Site, recipe: LogoutRecipe
) -> None:
    here = portal.url.rstrip("/")
    full = replace(
        recipe,
        url=here + recipe.url if recipe.url else None,
        done=here + recipe.done if recipe.done.startswith("/") else recipe.done,
    )
    with born(replace(site, logout=full)) as citizen:
        outcome, took = citizen.capsule.logout()
        assert outcome is Logout.NOT_CONFIRMED
        assert took >= 350


def test_without_a_recipe_no_logout_is_tried(born: Born, site: Site) -> None:
    with born(replace(site, logout=None)) as citizen:
        assert citizen.capsule.logout() == (Logout.NO_RECIPE, 0.0)


def short(site: Site) -> Site:
    assert site.logout
    return replace(site, logout=replace(site.logout, deadline_ms=300))


def test_a_busy_page_cannot_delay_the_end(born: Born, portal: Puppet, site: Site) -> None:
    with born(short(site)) as citizen:
        portal.tell("for (;;) {}")
        until(lambda: page_process(citizen).cpu_percent(0.05) > 50)
        outcome, took = citizen.capsule.logout()
        assert outcome in Logout
        assert took < 1000
        assert citizen.capsule.prove_gone(PATIENCE)[:2] == (0, False)


def test_a_stopped_browser_cannot_delay_the_end(born: Born, site: Site) -> None:
    with born(short(site)) as citizen:
        for pid in citizen.capsule.pids():
            os.kill(pid, signal.SIGSTOP)
        outcome, took = citizen.capsule.logout()
        assert outcome is Logout.NOT_CONFIRMED
        assert 290 <= took < 1000
        assert citizen.capsule.prove_gone(PATIENCE)[:2] == (0, False)


def test_kill_ends_a_logout_that_is_under_way(born: Born, site: Site) -> None:
    assert site.logout
    with born(replace(site, logout=replace(site.logout, done="#never", deadline_ms=60_000))) as citizen:
        outcomes: list[Logout] = []
        thread = threading.Thread(target=lambda: outcomes.append(citizen.capsule.logout()[0]))
        thread.start()
        citizen.capsule.kill()
        thread.join(PATIENCE)
        assert len(outcomes) == 1
        assert outcomes[0] is not Logout.CONFIRMED


def test_a_killed_window_is_reported_once(born: Born, site: Site) -> None:
    with born(site) as citizen:
        window_process(citizen).kill()
        assert citizen.ear.losses.get(timeout=PATIENCE) == "the capsule's process ended"
    assert citizen.ear.losses.empty()


def test_a_crashed_page_is_reported(born: Born, site: Site) -> None:
    with born(site) as citizen:
        page_process(citizen).kill()
        assert citizen.ear.losses.get(timeout=PATIENCE) == "the page's process ended"


def listeners() -> int:
    """Return how many capsules' threads live in this process."""
    return sum(thread.name == "capsule" for thread in threading.enumerate())


def test_a_capsule_that_was_ended_is_never_reported_as_lost(born: Born, site: Site) -> None:
    with born(site) as citizen:
        citizen.capsule.kill()
        assert citizen.capsule.prove_gone(PATIENCE)[:2] == (0, False)
        until(lambda: listeners() == 0)
        assert citizen.ear.losses.empty()


@pytest.mark.parametrize("path", ["broken", "missing", "download"])
def test_a_start_page_that_does_not_come_is_a_loss(born: Born, portal: Puppet, site: Site, path: str) -> None:
    with born(replace(site, start=portal.url + path), warm=False) as citizen:
        assert citizen.ear.losses.get(timeout=PATIENCE) == "start page not reachable"
        assert citizen.ear.windows.empty()


@pytest.mark.parametrize("path", ["script", "style", "module", "import", "far", "moves"])
def test_a_start_page_tells_of_a_part_that_did_not_come(
    born: Born, portal: Puppet, site: Site, path: str
) -> None:
    """The network was cut between the page and its part: to the engine it is there, and it may do nothing."""
    start = replace(site, start=portal.url + path)
    with born(start) as citizen:
        assert citizen.ear.lacks == 0
    portal.cut.append(PART)
    with born(start) as citizen:
        assert citizen.ear.lacks > 0
        citizen.begin()
        assert citizen.ear.losses.empty()


def beginnings() -> int:
    """Return how many deadlines of capsules that were just handed to a citizen run."""
    return sum(thread.name == "capsule begins" for thread in threading.enumerate())


def test_a_spare_that_froze_while_it_waited_is_a_loss_when_a_citizen_comes(born: Born, site: Site) -> None:
    with born(site, begun_within=0.3) as citizen:
        for pid in citizen.capsule.pids():
            os.kill(pid, signal.SIGSTOP)
        citizen.capsule.begin()
        assert citizen.ear.losses.get(timeout=PATIENCE) == "the capsule did not paint when a citizen came"
        until(lambda: beginnings() == 0)
        assert citizen.ear.losses.empty()


def test_a_healthy_spare_answers_a_citizen_by_painting(born: Born, portal: Puppet, site: Site) -> None:
    """Its deadline, far away here, ends with the answer; a second beginning has none."""
    with born(site, begun_within=3600) as citizen:
        citizen.capsule.begin()
        until(lambda: beginnings() == 0)
        citizen.capsule.begin()
        assert beginnings() == 0
        assert portal.do("return 'there'") == "there"
        assert citizen.ear.losses.empty()


def test_a_deadline_to_begin_ends_with_its_capsule(born: Born, site: Site) -> None:
    with born(site, begun_within=3600) as citizen:
        for pid in citizen.capsule.pids():
            os.kill(pid, signal.SIGSTOP)
        citizen.capsule.begin()
        assert beginnings() == 1
        citizen.capsule.kill()
        until(lambda: beginnings() == 0)
        citizen.capsule.begin()
        assert beginnings() == 0


@pytest.mark.parametrize(
    "script",
    [
        "location.href = '/logout'",
        "location.reload()",
        "location.href = 'http://127.0.0.9/'",
        "open('/logout')",
        "open('http://127.0.0.9/')",
        "alert('a')",
        "confirm('a')",
        "prompt('a')",
    ],
)
def test_a_page_that_does_anything_before_a_citizen_comes_is_a_loss(
    born: Born, portal: Puppet, site: Site, script: str
) -> None:
    with born(site) as citizen:
        portal.tell(script)
        assert (
            citizen.ear.losses.get(timeout=PATIENCE)
            == "the start page asked or went on by itself before a citizen came"
        )


def test_a_page_that_stays_where_it_is_may_prepare_itself(born: Born, portal: Puppet, site: Site) -> None:
    """A change of its own address or a frame inside it is no other document."""
    with born(site) as citizen:
        portal.do("""history.replaceState(null, '', '/?routed'); location.hash = 'a';
            const frame = document.createElement('iframe'); frame.src = '/logout';
            await new Promise(done => { frame.onload = done; document.body.append(frame); });""")
        citizen.capsule.begin()
        assert portal.do("return location.search + location.hash") == "?routed#a"
        assert citizen.ear.losses.empty()


def test_a_start_page_that_opens_windows_gets_warm_without_them(
    born: Born, portal: Puppet, site: Site
) -> None:
    with born(replace(site, start=f"{portal.url}opens")) as citizen:
        citizen.ear.wait_refused("new_window", "127.0.0.9")
        assert portal.do("return location.pathname") == "/opens"
        assert "/again" not in [path for path, _ in portal.asked]
        assert citizen.ear.losses.empty()


@pytest.mark.parametrize(
    ("path", "why"),
    [
        (
            "redirect?to=http://127.0.0.9/",
            "the start page leads to a host that the site profile does not allow",
        ),
        ("asks", "the start page asked or went on by itself before a citizen came"),
    ],
)
def test_a_start_page_that_is_not_fit_says_why(
    born: Born, portal: Puppet, site: Site, path: str, why: str
) -> None:
    with born(replace(site, start=portal.url + path), warm=False) as citizen:
        assert citizen.ear.losses.get(timeout=PATIENCE) == why
        assert citizen.ear.windows.empty()


def test_an_order_of_another_session_is_ignored(born: Born, portal: Puppet, site: Site) -> None:
    """A late order must never land on the next citizen."""
    with born(site) as citizen:
        citizen.capsule._send(LogOut(session=SessionId("0" * 32)))
        citizen.capsule._send(Resize(session=citizen.capsule.session, area=replace(AREA, width=800)))
        until(lambda: portal.do("return innerWidth") == 800)
        assert portal.do("return location.pathname") == "/"
        assert "/logout" not in [path for path, _ in portal.asked]


def test_a_waiting_spare_costs_next_to_no_cpu(
    born: Born, portal: Puppet, site: Site, kind: BrowserKind
) -> None:
    """Below 0.3 % of a core, the guard's share of an idle counter; its page has nothing to do here.

    An installed browser's own ten processes do a little housekeeping after their start: below 1 %.
    """
    with born(replace(site, start=f"{portal.url}logout")) as citizen:
        clock, pause = SystemClock(), threading.Event()

        def spent() -> float:
            total = 0.0
            for pid in citizen.capsule.pids():
                with contextlib.suppress(psutil.NoSuchProcess):
                    total += sum(psutil.Process(pid).cpu_times()[:2])
            return total

        def waits() -> bool:
            before, began = spent(), clock.monotonic()
            pause.wait(7)
            return (spent() - before) / (clock.monotonic() - began) < (
                0.003 if kind is BrowserKind.EMBEDDED else 0.01
            )

        until(waits)  # on a busy PC what belongs to its start takes longer


def test_twenty_capsules_leave_no_process_descriptor_or_thread(born: Born, site: Site) -> None:
    me = psutil.Process()
    with born(site, warm=False):
        pass
    until(lambda: listeners() == 0)
    descriptors = me.num_fds()
    for _ in range(20):
        with born(site, warm=False):
            pass
    until(lambda: listeners() == 0)
    assert me.num_fds() <= descriptors
    assert not [child for child in me.children() if child.status() == psutil.STATUS_ZOMBIE]
