"""The practice portal without sockets, on a clock that the tests turn."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus

import pytest

from guard.practice.diary import Entry, PageSeen, Registered
from guard.practice.people import Town
from guard.practice.sessions import TIMEOUT
from guard.practice.site import PortalSite, Request, Response
from guard.practice.templates import Templates

GOOD = {"bank": "9902", "branch": "123", "kind": "ordinary", "number": "7654321", "name": "レンシュウ タロウ"}


class TurnedClock:
    """Time that moves only when told."""

    now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def boot(self) -> float:
        return self.now

    def utc(self) -> datetime:
        return datetime.fromtimestamp(self.now, UTC)


@dataclass
class Browser:
    """Keeps the cookie and the last page, as a browser does."""

    site: PortalSite
    token: str | None = None
    page: str = ""

    def go(self, path: str, *, script: bool = False, **query: str) -> Response:
        return self._ask(Request(method="GET", path=path, query=query, token=self.token, from_script=script))

    def send(self, path: str, **form: str) -> Response:
        """Post with the CSRF token of the last page."""
        csrf = re.search(r'name="csrf" value="([^"]+)"', self.page)
        return self.send_raw(path, csrf=csrf[1] if csrf else "", **form)

    def send_raw(self, path: str, **form: str) -> Response:
        return self._ask(Request(method="POST", path=path, form=form, token=self.token))

    def log_in(self, pin: str) -> None:
        self.go("/login")
        self.send("/login", pin=pin)
        self.go("/")

    def _ask(self, request: Request) -> Response:
        response = self.site.answer(request)
        if response.cookie is not None:
            self.token = response.cookie or None
        if response.location is not None:
            return self.go(response.location)
        self.page = response.body.decode()
        return response


@dataclass
class World:
    """A portal, its clock and its diary."""

    clock: TurnedClock = field(default_factory=TurnedClock)
    told: list[Entry] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.site = PortalSite(Town.shipped(), Templates(), self.clock, self.told.append)

    def browser(self, token: str | None = None) -> Browser:
        return Browser(self.site, token)


@pytest.fixture
def world() -> World:
    """A fresh portal."""
    return World()


def test_a_living_session_goes_from_the_top_page_straight_to_its_menu(world: World) -> None:
    """A missed logout really shows: whoever opens the portal next is greeted as A."""
    browser = world.browser()
    browser.log_in("1111")
    world.clock.now += TIMEOUT - 1
    browser.go("/")
    assert "見本 花子 さん" in browser.page


def test_a_session_ends_after_an_hour_without_requests(world: World) -> None:
    """The real portal's time-out."""
    browser = world.browser()
    browser.log_in("1111")
    world.clock.now += TIMEOUT
    browser.go("/menu")
    assert "見本" not in browser.page


def test_being_seen_does_not_keep_a_session_alive(world: World) -> None:
    """Only what people do counts as use."""
    browser = world.browser()
    browser.log_in("1111")
    world.clock.now += TIMEOUT - 1
    seen = {"page": "menu", "what": "focused"}
    path = "/practice/seen"
    world.site.answer(Request(method="POST", path=path, query=seen, token=browser.token, from_script=True))
    world.clock.now += 1
    browser.go("/menu")
    assert "見本" not in browser.page


@pytest.mark.parametrize("way", ["button", "address"])
def test_after_logout_the_old_cookie_is_worthless(world: World, way: str) -> None:
    """Logging out ends the session on the server, not only in the browser."""
    browser = world.browser()
    browser.log_in("1111")
    stolen = browser.token
    if way == "button":
        browser.send("/logout")
    else:
        browser.go("/logout")
    assert browser.token is None
    assert 'id="logged-out"' in browser.page
    thief = world.browser(stolen)
    thief.go("/menu")
    assert "見本" not in thief.page


@pytest.mark.parametrize("path", ["/", "/login", "/menu", "/account/bank", "/nowhere"])
def test_only_the_logout_page_has_the_proof_of_a_logout(world: World, path: str) -> None:
    """No other page may be taken for a confirmed logout."""
    browser = world.browser()
    browser.log_in("1111")
    browser.go(path)
    assert "logged-out" not in browser.page


def test_login_gives_a_new_cookie(world: World) -> None:
    """A cookie from before the login is worth nothing after it."""
    browser = world.browser()
    browser.go("/login")
    before = browser.token
    browser.send("/login", pin="2222")
    assert browser.token not in {None, before}
    early = world.browser(before)
    early.go("/menu")
    assert "練習 太郎" not in early.page


def test_an_unknown_pin_logs_nobody_in(world: World) -> None:
    """The PIN chooses the citizen; none is chosen by default."""
    browser = world.browser()
    browser.log_in("9999")
    assert browser.go("/menu").status == HTTPStatus.OK
    assert 'data-page="login"' in browser.page


def test_an_account_lands_under_whoever_is_logged_in(world: World) -> None:
    """The ledger says under whom, whatever name the account bears."""
    browser = world.browser()
    browser.log_in("1111")
    browser.go("/account", bank="9902")
    browser.send("/account", **GOOD)
    browser.send("/account/confirm")
    entry = next(entry for entry in world.told if isinstance(entry, Registered))
    assert (entry.citizen, entry.account.name) == ("A", "レンシュウ タロウ")


def test_nothing_is_registered_before_the_confirmation(world: World) -> None:
    """Typing alone registers nothing."""
    browser = world.browser()
    browser.log_in("1111")
    browser.go("/account", bank="9902")
    browser.send("/account", **GOOD)
    assert not world.told


@pytest.mark.parametrize(
    ("field", "value"),
    [("branch", "12"), ("number", "12345678"), ("name", "TARO"), ("name", " "), ("kind", "x")],
)
def test_a_wrong_field_is_said_and_not_accepted(world: World, field: str, value: str) -> None:
    """The form comes back with one sentence."""
    browser = world.browser()
    browser.log_in("1111")
    browser.go("/account", bank="9902")
    browser.send("/account", **{**GOOD, field: value})
    assert browser.page.count('role="alert"') == 1
    assert 'data-page="account"' in browser.page


def test_full_width_digits_and_hiragana_are_understood(world: World) -> None:
    """Nobody has to know how a bank writes a name."""
    browser = world.browser()
    browser.log_in("2222")
    browser.go("/account", bank="9902")
    browser.send("/account", **{**GOOD, "number": "７６５４３２１", "name": "れんしゅう　たろう"})
    assert "7654321" in browser.page
    assert "レンシュウ タロウ" in browser.page


@pytest.mark.parametrize("path", ["/login", "/account", "/account/confirm", "/logout"])
def test_a_post_without_the_pages_token_is_refused(world: World, path: str) -> None:
    """Another site cannot act in a citizen's name."""
    browser = world.browser()
    browser.log_in("1111")
    assert browser.send_raw(path, pin="2222", **GOOD).status == HTTPStatus.FORBIDDEN
    browser.go("/menu")
    assert "見本 花子" in browser.page


@pytest.mark.parametrize("evil", ['"><script>alert(1)</script>', "'&<b>$title"])
def test_what_people_type_is_escaped(world: World, evil: str) -> None:
    """Nothing typed becomes part of the page's code."""
    browser = world.browser()
    browser.log_in("1111")
    browser.go("/account/bank", q=evil)
    assert evil not in browser.page
    browser.go("/account", bank="9902")
    browser.send("/account", **{**GOOD, "name": evil, "number": evil})
    assert evil not in browser.page
    assert "&lt;" in browser.page


def test_only_the_portals_own_script_can_say_that_a_page_was_seen(world: World) -> None:
    """A form elsewhere cannot write into the diary."""
    query = {"page": "top", "what": "focused"}
    refused = world.site.answer(Request(method="POST", path="/practice/seen", query=query))
    assert refused.status == HTTPStatus.FORBIDDEN
    world.site.answer(Request(method="POST", path="/practice/seen", query=query, from_script=True))
    assert [type(entry) for entry in world.told] == [PageSeen]


def test_every_page_is_marked_as_practice(world: World) -> None:
    """Nobody may take it for the real portal."""
    browser = world.browser()
    for path in ("/", "/login", "/nowhere", "/logout"):
        browser.go(path)
        assert '<span class="practice">練習用</span>' in browser.page
