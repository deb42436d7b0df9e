"""The practice portal itself: a request in, a response out; no socket, no thread.

It keeps the order of steps the real portal had before June 2023: the confirmation does not read the card a
second time, for that is the gap the incident went through; its page says so. The words are in ``pages/``.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING

from guard.practice.diary import Entry, PageSeen, Registered, Seen
from guard.practice.people import Account, Person, Town, katakana, plain
from guard.practice.sessions import PortalSession, Sessions
from guard.practice.templates import Markup, Templates

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from guard.clock import Clock

_STEPS = ("one", "two", "three", "four")
_RULES = {
    "branch": re.compile(r"[0-9]{3}"),
    "number": re.compile(r"[0-9]{7}"),
    "name": re.compile(r"(?=.*\S)[ァ-ヶー・ ]{1,40}"),
}
_FILES = {
    "/style.css": "text/css; charset=utf-8",
    "/portal.js": "text/javascript; charset=utf-8",
    "/mark.svg": "image/svg+xml",
}
_PAGES = frozenset({"top", "login", "menu", "bank", "account", "confirm", "done", "logged_out", "refused"})
_NOTHING = Markup()
_FOCUS = Markup(" autofocus")
_CHECKED = Markup(" checked")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a browser asked."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)
    token: str | None = None
    """The session cookie."""
    from_script: bool = False
    """It carries the header that only the portal's own script can add."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What it gets."""

    status: HTTPStatus = HTTPStatus.OK
    body: bytes = b""
    content_type: str = "text/html; charset=utf-8"
    location: str | None = None
    cookie: str | None = None
    """A new session cookie; the empty string takes it away."""


def _to(location: str, cookie: str | None = None) -> Response:
    return Response(status=HTTPStatus.SEE_OTHER, location=location, cookie=cookie)


class PortalSite:
    """Answers requests one at a time and tells the diary what happened."""

    def __init__(self, town: Town, templates: Templates, clock: Clock, tell: Callable[[Entry], None]) -> None:
        self._town = town
        self._templates = templates
        self._clock = clock
        self._tell = tell
        self._sessions = Sessions(clock)
        self._registered: dict[str, Account] = {}
        self._for_everyone: Mapping[tuple[str, str], Callable[[Request], Response]] = {
            ("GET", "/"): self._top,
            ("GET", "/login"): self._login,
            ("POST", "/login"): self._log_in,
            ("GET", "/logout"): self._log_out,
            ("POST", "/practice/seen"): self._seen,
        }
        self._for_citizens: Mapping[tuple[str, str], Callable[[Request, PortalSession], Response]] = {
            ("GET", "/menu"): self._menu,
            ("GET", "/account/bank"): self._bank,
            ("GET", "/account"): self._account,
            ("POST", "/account"): self._keep,
            ("GET", "/account/confirm"): self._confirm,
            ("POST", "/account/confirm"): self._register,
            ("GET", "/account/done"): self._done,
            ("POST", "/logout"): lambda request, _: self._log_out(request),
        }

    def answer(self, request: Request) -> Response:
        """Return the response; never raises for anything a browser can send."""
        route = (request.method, request.path)
        if request.method == "GET" and request.path in _FILES:
            body = self._templates.file(request.path.removeprefix("/"))
            return Response(body=body, content_type=_FILES[request.path])
        if route in self._for_everyone:
            return self._for_everyone[route](request)
        if route not in self._for_citizens:
            return self._refuse(HTTPStatus.NOT_FOUND)
        session = self._sessions.find(request.token, touch=True)
        if session is None or session.person is None:
            return _to("/login") if request.method == "GET" else self._refuse(HTTPStatus.FORBIDDEN)
        if request.method == "POST" and not _proves(request, session):
            return self._refuse(HTTPStatus.FORBIDDEN)
        return self._for_citizens[route](request, session)

    # --- pages for everyone

    def _top(self, request: Request) -> Response:
        session = self._sessions.find(request.token, touch=True)
        if session is not None and session.person is not None:
            return _to("/menu")
        return self._page("top", None, self._templates.fill("top"))

    def _login(self, request: Request) -> Response:
        session = self._sessions.find(request.token, touch=True)
        if session is not None and session.person is not None:
            return _to("/menu")
        session = session or self._sessions.start()
        return self._login_page(session)

    def _log_in(self, request: Request) -> Response:
        visit = self._sessions.find(request.token, touch=True)
        if visit is None or not _proves(request, visit):
            return self._refuse(HTTPStatus.FORBIDDEN)
        person = self._town.by_pin(request.form.get("pin", ""))
        if person is None:
            return self._login_page(visit, error="pin_unknown")
        self._sessions.end(visit.token)
        return _to("/menu", cookie=self._sessions.start(person).token)

    def _log_out(self, request: Request) -> Response:
        """End the session first: the page that proves the logout exists only afterwards."""
        self._sessions.end(request.token)
        return self._page("logged_out", None, self._templates.fill("logged_out"), cookie="", proof=True)

    def _seen(self, request: Request) -> Response:
        page, what = request.query.get("page"), request.query.get("what")
        if not request.from_script or page not in _PAGES or what not in set(Seen):
            return self._refuse(HTTPStatus.FORBIDDEN)
        session = self._sessions.find(request.token, touch=False)
        citizen = session.person.id if session is not None and session.person is not None else None
        self._tell(PageSeen(page=page, what=Seen(what), citizen=citizen, at=self._clock.monotonic()))
        return Response(status=HTTPStatus.NO_CONTENT)

    # --- pages for someone logged in

    def _menu(self, _: Request, session: PortalSession) -> Response:
        key = "registered" if _citizen(session).id in self._registered else "not_registered"
        name, state = _citizen(session).name, self._templates.text(key)
        return self._page("menu", session, self._templates.fill("menu", name=name, state=state))

    def _bank(self, request: Request, session: PortalSession) -> Response:
        query = plain(request.query.get("q", ""))
        found = [bank for bank in self._town.banks.values() if bank.found_by(query)]
        first = found[0] if query and found else None
        rows = Markup.joined(
            self._templates.fill(
                "bank_row", code=bank.code, name=bank.name, focus=_FOCUS if bank is first else _NOTHING
            )
            for bank in found
        )
        content = self._templates.fill(
            "bank",
            steps=self._steps(0),
            query=query,
            focus=_NOTHING if first else _FOCUS,
            rows=rows,
            error=self._errors([] if found else ["bank_none"]),
        )
        return self._page("bank", session, content)

    def _account(self, request: Request, session: PortalSession) -> Response:
        bank = request.query.get("bank", "")
        if bank not in self._town.banks:
            return _to("/account/bank")
        if session.pending is not None and session.pending.bank == bank:
            return self._account_page(session, session.pending, [])
        empty = Account(bank=bank, branch="", kind="ordinary", number="", name="")
        return self._account_page(session, empty, [])

    def _keep(self, request: Request, session: PortalSession) -> Response:
        typed = Account(
            bank=request.form.get("bank", ""),
            branch=plain(request.form.get("branch", "")),
            kind=request.form.get("kind", ""),
            number=plain(request.form.get("number", "")),
            name=katakana(request.form.get("name", "")),
        )
        if typed.bank not in self._town.banks:
            return _to("/account/bank")
        wrong = [
            field
            for field, good in (
                ("branch", _RULES["branch"].fullmatch(typed.branch)),
                ("kind", typed.kind in self._town.kinds),
                ("number", _RULES["number"].fullmatch(typed.number)),
                ("name", _RULES["name"].fullmatch(typed.name)),
            )
            if not good
        ]
        if wrong:
            return self._account_page(session, typed, wrong)
        session.pending = typed
        return _to("/account/confirm")

    def _confirm(self, _: Request, session: PortalSession) -> Response:
        pending = session.pending
        if pending is None:
            return _to("/account/bank")
        content = self._templates.fill(
            "confirm",
            steps=self._steps(2),
            csrf=session.csrf,
            person=_citizen(session).name,
            bank=self._town.banks[pending.bank].name,
            code=pending.bank,
            branch=pending.branch,
            kind=self._town.kinds[pending.kind],
            number=pending.number,
            name=pending.name,
        )
        return self._page("confirm", session, content)

    def _register(self, _: Request, session: PortalSession) -> Response:
        if session.pending is None:
            return _to("/account/bank")
        citizen, account = _citizen(session).id, session.pending
        session.pending = None
        self._registered[citizen] = account
        self._tell(Registered(citizen=citizen, account=account, at=self._clock.monotonic()))
        return _to("/account/done")

    def _done(self, _: Request, session: PortalSession) -> Response:
        account = self._registered.get(_citizen(session).id)
        if account is None:
            return _to("/menu")
        content = self._templates.fill(
            "done",
            steps=self._steps(3),
            csrf=session.csrf,
            person=_citizen(session).name,
            bank=self._town.banks[account.bank].name,
        )
        return self._page("done", session, content)

    # --- parts of pages

    def _login_page(self, session: PortalSession, error: str | None = None) -> Response:
        errors = self._errors([error] if error else [])
        content = self._templates.fill("login", csrf=session.csrf, error=errors)
        return self._page("login", None, content, cookie=session.token)

    def _account_page(self, session: PortalSession, typed: Account, wrong: list[str]) -> Response:
        kinds = Markup.joined(
            self._templates.fill(
                "kind", value=kind, text=text, checked=_CHECKED if kind == typed.kind else _NOTHING
            )
            for kind, text in self._town.kinds.items()
        )
        content = self._templates.fill(
            "account",
            steps=self._steps(1),
            error=self._errors(wrong),
            csrf=session.csrf,
            bank=self._town.banks[typed.bank].name,
            code=typed.bank,
            branch=typed.branch,
            kinds=kinds,
            number=typed.number,
            name=typed.name,
        )
        return self._page("account", session, content)

    def _errors(self, keys: list[str]) -> Markup:
        return Markup.joined(self._templates.fill("error", text=self._templates.text(key)) for key in keys)

    def _steps(self, now: int) -> Markup:
        classes = {step: "past" if n < now else "now" if n == now else "" for n, step in enumerate(_STEPS)}
        return self._templates.fill("steps", **classes)

    def _refuse(self, status: HTTPStatus) -> Response:
        return self._page("refused", None, self._templates.fill("refused"), status=status)

    def _page(  # noqa: PLR0913 -- the frame of every page, filled in one place
        self,
        page: str,
        session: PortalSession | None,
        content: Markup,
        *,
        status: HTTPStatus = HTTPStatus.OK,
        cookie: str | None = None,
        proof: bool = False,
    ) -> Response:
        person = (
            self._templates.fill("person", name=_citizen(session).name, csrf=session.csrf)
            if session
            else _NOTHING
        )
        whole = self._templates.fill(
            "layout",
            page=page,
            title=self._templates.text(f"title_{page}"),
            person=person,
            content=content,
            proof=Markup(' id="logged-out"') if proof else _NOTHING,
        )
        return Response(status=status, body=whole.encode(), cookie=cookie)


def _proves(request: Request, session: PortalSession) -> bool:
    return hmac.compare_digest(request.form.get("csrf", "").encode(), session.csrf.encode())


def _citizen(session: PortalSession) -> Person:
    if session.person is None:
        raise LookupError("a page for citizens was reached without a login")
    return session.person
