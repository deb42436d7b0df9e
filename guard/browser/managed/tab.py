"""The one page of an installed browser, held over a DevTools pipe by Playwright.

Everything here runs on one asyncio loop in a thread of its own; calls come in from other threads and return
at once, what happens goes out as one of the `happenings`. Playwright starts the browser (every switch is
ours), speaks the pipe and keeps track of frames and workers; what needs an isolated world, or a word that
Playwright has not, is asked of its raw DevTools session.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import threading
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Final, TypeVar

from playwright.async_api import Error, async_playwright

from guard.browser.managed.forced import FORCED_WITHIN, come
from guard.browser.managed.happenings import (
    Answered,
    Asks,
    Began,
    Died,
    Distrusted,
    LoggedOut,
    Painted,
    Paper,
    Refused,
    Saved,
    Unequipped,
    Unreachable,
    Wanted,
    WantsPaper,
    WentOn,
)
from guard.browser.messages import Refusal
from guard.browser.papers import holds_pdf
from guard.browser.questions import CLICKED, EVERY, LEAVE, NOTE_LOST, PAINTED, PAINTS, clicks, proven
from guard.browser.rules import Rules, host_of

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path

    from playwright.async_api import (
        BrowserContext,
        CDPSession,
        Dialog,
        Download,
        Frame,
        Page,
        Request,
        Response,
        WebSocket,
    )

    from guard.browser.managed.happenings import Happening
    from guard.browser.site import LogoutRecipe, Site

_T = TypeVar("_T")
_WORLD: Final = "guard"
_HERE: Final = frozenset({"currentTab", ""})
_ERROR_PAGE: Final = "chrome-error:"
_CERTIFICATE_ERROR: Final = "net::ERR_CERT_"
_TELL: Final = "guardRefuses"
_PRINT: Final = "guardPrints"
"""Bindings of the two scripts beside this file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Browser:
    """What to start."""

    binary: Path
    profile: Path
    arguments: list[str]
    environment: dict[str, str | float | bool]
    extensions: frozenset[str]
    """Those that must have come before the start page is opened."""


class Tab:
    """Starts the browser with its one page; everything that happens goes to ``tell``, on the tab's thread."""

    def __init__(self, site: Site, rules: Rules, browser: Browser, tell: Callable[[Happening], None]) -> None:
        self._site = site
        self._rules = rules
        self._passes = Rules(site.extension_hosts)
        """What the wall lets pass for extensions, and so for parts of pages, too."""
        self._browser = browser
        self._tell = tell
        self._in_use = False
        self._numbers = itertools.count()
        self._dialog: tuple[int, Dialog] | None = None
        self._distrusted = False
        """A certificate was not valid, and the browser is about to show its own page about that."""
        self._loop = asyncio.new_event_loop()
        self._tasks: set[asyncio.Task[None]] = set()

    # --- called from every thread

    def start(self) -> None:
        """Start the browser and open the site's start page.

        Answered by `Painted`, `Unreachable`, `Unequipped` or `Died`.
        """
        threading.Thread(target=self._run, name="tab", daemon=True).start()

    def begin(self) -> None:
        """A citizen uses it from now on; answered by `Began` unless the page hangs."""
        self._soon(self._begin())

    def answer(self, number: int, *, yes: bool, text: str = "") -> None:
        """Answer the question of this number, if it is open still."""
        self._soon(self._answer(number, yes=yes, text=text))

    def log_out(self, recipe: LogoutRecipe) -> None:
        """Run the recipe; answered by `LoggedOut`."""
        self._soon(self._log_out(recipe))

    def refuse(self, what: Refusal) -> None:
        """Have this refused to the page that is open; answered by `Refused`."""
        self._loop.call_soon_threadsafe(lambda: self._refuse(what, self._page.url))

    def print(self) -> None:
        """Make a PDF of the page; answered by `Paper`."""
        self._soon(self._print())

    # --- the loop

    def _soon(self, work: Coroutine[object, object, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.create_task(self._live())
        self._loop.run_forever()

    async def _live(self) -> None:
        try:
            await self._open()
        except Exception:  # noqa: BLE001 -- whatever stops it, there is no page
            self._tell(Died(page_only=False))

    async def _open(self) -> None:
        browser = self._browser
        playwright = await async_playwright().start()
        context = await playwright.chromium.launch_persistent_context(
            browser.profile,
            executable_path=browser.binary,
            ignore_default_args=True,
            args=browser.arguments,
            env=browser.environment,
            headless=False,
            no_viewport=True,
            accept_downloads=self._site.permit.downloads,
            handle_sigint=False,
            handle_sigterm=False,
            handle_sighup=False,
        )
        context.on("close", lambda _: self._tell(Died(page_only=False)))
        self._page: Page = context.pages[0] if context.pages else await context.wait_for_event("page")
        self._session: CDPSession = await context.new_cdp_session(self._page)
        tree = await self._session.send("Page.getFrameTree")
        self._main_frame: str = tree["frameTree"]["frame"]["id"]
        await self._listen(context)
        await self._start()

    async def _listen(self, context: BrowserContext) -> None:
        page, session = self._page, self._session
        page.on("crash", lambda _: self._tell(Died(page_only=True)))
        page.on("close", lambda _: self._tell(Died(page_only=True)))
        page.on("filechooser", lambda _: self._refuse(Refusal.FILE_CHOICE, page.url))
        page.on("framenavigated", _careful(self._went))
        page.on("websocket", _careful(self._socket))
        page.on("dialog", _careful(self._ask))  # Playwright dismisses those of other pages, which nobody sees
        page.on("dialogclosed", _careful(self._closed))
        page.on("download", lambda download: self._later(self._download(download)))
        context.on("page", lambda other: self._later(self._another(other)))
        context.on("request", _careful(self._requested))
        context.on("requestfailed", _careful(self._failed))
        context.on("response", _careful(self._answered))
        session.on("Page.frameRequestedNavigation", self._wants_to_go)
        session.on("Page.frameScheduledNavigation", self._wants_to_go)
        session.on("Page.windowOpen", self._wants_window)
        session.on("Fetch.requestPaused", lambda event: self._later(self._paused(event)))
        await context.add_init_script(_script("within"))
        session.on("Runtime.bindingCalled", self._called)
        await session.send("Page.enable")
        await session.send("Runtime.enable")
        await session.send("Runtime.addBinding", {"name": _PRINT})
        await session.send("Runtime.addBinding", {"name": _TELL, "executionContextName": _WORLD})
        for source in (_script("apart"), NOTE_LOST):
            await session.send(
                "Page.addScriptToEvaluateOnNewDocument", {"source": source, "worldName": _WORLD}
            )
        await session.send("Fetch.enable", {"patterns": [{"resourceType": "Document"}]})

    def _later(self, work: Coroutine[object, object, None]) -> None:
        task = self._loop.create_task(self._quietly(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _quietly(self, work: Coroutine[object, object, None]) -> None:
        """Let it pass that a page goes away while something is asked of it."""
        try:
            await work
        except Error:
            return

    # --- the start page, and whether it paints

    async def _start(self) -> None:
        try:
            async with asyncio.timeout(FORCED_WITHIN):
                while not come(self._browser.profile, self._browser.extensions):  # noqa: ASYNC110 -- files tell nobody
                    await asyncio.sleep(EVERY)
        except TimeoutError:
            self._tell(Unequipped())
            return
        try:
            await self._page.goto(self._site.start, wait_until="load", timeout=0)
        except Error as error:
            self._tell(Unreachable(certificate=_CERTIFICATE_ERROR in error.message))
            return
        await self._session.send("Page.resetNavigationHistory")  # the way back ends at the start page
        self._later(self._until(PAINTED))

    async def _until(self, question: str) -> None:
        """Ask until the page has painted, or cannot."""
        while True:
            answer = await self._world(question)
            if answer == "failed":
                self._tell(Unreachable(certificate=False))
                return
            if isinstance(answer, int):
                self._tell(Painted(lacks=answer))
                return
            if answer == "yes":
                self._tell(Began())
                return
            await asyncio.sleep(EVERY)

    async def _world(self, script: str) -> object:
        """Return what the script answers in a world of our own; None while the page is between documents."""
        try:
            world = await self._session.send(
                "Page.createIsolatedWorld", {"frameId": self._main_frame, "worldName": _WORLD}
            )
            said = await self._session.send(
                "Runtime.evaluate",
                {"expression": script, "contextId": world["executionContextId"], "returnByValue": True},
            )
        except Error:
            return None
        return said["result"].get("value")

    async def _begin(self) -> None:
        self._in_use = True
        await self._until(PAINTS)

    # --- where it may go

    def _allowed(self, url: str) -> bool:
        return self._rules.may_navigate(url, main_frame=True)

    def _wants_to_go(self, event: dict[str, str]) -> None:
        """Tell of a navigation that will be stopped: by us below, by policy, or by the engine itself."""
        if event.get("disposition", "") not in _HERE:
            self._wants_window(event)
        elif event["frameId"] == self._main_frame and not self._allowed(event["url"]):
            self._refuse(Refusal.NAVIGATION, event["url"])

    def _called(self, event: dict[str, str]) -> None:
        if event["name"] == _TELL:
            self._refuse(Refusal.NAVIGATION, event["payload"])
        elif event["name"] == _PRINT:
            self._tell(WantsPaper())

    def _wants_window(self, event: dict[str, str]) -> None:
        """Open what is allowed in the same window, as there is only one."""
        url = event["url"]
        if self._in_use and self._allowed(url):
            self._later(self._go(url))
        else:
            self._refuse(Refusal.NEW_WINDOW, url)

    async def _another(self, other: Page) -> None:
        await other.close()

    async def _go(self, url: str) -> None:
        await self._page.goto(url, wait_until="commit")

    async def _back(self) -> None:
        """Leave the browser's own page; asked again, for between two processes there is nobody who obeys."""
        while self._page.main_frame.url.startswith(_ERROR_PAGE):
            try:
                came = await self._page.go_back(wait_until="commit")
            except Error:
                await asyncio.sleep(EVERY)
                continue
            if came is None:
                await self._go(self._site.start)
            return

    async def _paused(self, event: dict[str, object]) -> None:
        """Let a document load, or leave the page where it is."""
        request = event["request"]
        url = request["url"] if isinstance(request, dict) else ""
        if self._rules.may_request(url):
            await self._session.send("Fetch.continueRequest", {"requestId": event["requestId"]})
        else:
            await self._session.send(
                "Fetch.failRequest", {"requestId": event["requestId"], "errorReason": "Aborted"}
            )

    def _requested(self, request: Request) -> None:
        document = request.is_navigation_request()
        main = document and self._in_page(request)
        if not self._rules.may_request(request.url):
            if document or not self._passes.may_request(request.url):
                self._refuse(Refusal.NAVIGATION if main else Refusal.REQUEST, request.url)
            return
        self._tell(Wanted(host_of(request.url), page=main))
        if main:
            self._tell(WentOn())

    def _in_page(self, request: Request) -> bool:
        """Tell whether it fills the page itself; the first one of a window that is not there yet does not."""
        try:
            return request.frame == self._page.main_frame
        except Error:
            return False

    def _failed(self, request: Request) -> None:
        if (request.failure or "").startswith(_CERTIFICATE_ERROR):
            self._refuse(Refusal.CERTIFICATE, request.url)
            if request.is_navigation_request() and self._in_page(request):
                self._distrusted = True
                self._tell(Distrusted())

    def _socket(self, socket: WebSocket) -> None:
        """Tell of those, too, which are no requests to Playwright."""
        if self._rules.may_request(socket.url):
            self._tell(Wanted(host_of(socket.url), page=False))
        else:
            self._refuse(Refusal.REQUEST, socket.url)
        socket.on("socketerror", lambda error: self._socket_failed(socket.url, error))

    def _socket_failed(self, url: str, error: str) -> None:
        if _CERTIFICATE_ERROR in error:
            self._refuse(Refusal.CERTIFICATE, url)

    def _went(self, frame: Frame) -> None:
        """Leave the browser's own page about a certificate at once: ours is shown, and leads back."""
        if self._distrusted and frame == self._page.main_frame and frame.url.startswith(_ERROR_PAGE):
            self._distrusted = False
            self._later(self._back())

    def _answered(self, response: Response) -> None:
        """The server wants a password, for which the browser, by policy, asks nobody (RFC 9110, 15.5.2)."""
        if response.status in {401, 407}:
            self._refuse(Refusal.AUTHENTICATION, response.url)

    async def _download(self, download: Download) -> None:
        permit = self._site.permit
        if not permit.downloads:
            self._refuse(Refusal.DOWNLOAD, download.url)
        elif (
            permit.printing and await download.failure() is None and holds_pdf(file := await download.path())
        ):
            self._tell(Saved(file.read_bytes()))

    def _refuse(self, what: Refusal, url: str) -> None:
        self._tell(Refused(what, host_of(url), named=bool(url)))

    # --- what it says

    def _ask(self, dialog: Dialog) -> None:
        number = next(self._numbers)
        self._dialog = number, dialog
        self._tell(Asks(number, dialog.type, dialog.message, dialog.default_value))

    async def _answer(self, number: int, *, yes: bool, text: str) -> None:
        if self._dialog is not None and self._dialog[0] == number:
            (_, dialog), self._dialog = self._dialog, None
            await self._quietly(dialog.accept(text) if yes else dialog.dismiss())

    def _closed(self, dialog: Dialog) -> None:
        """The browser's own dialog is there, too, and hears a key that is pressed before ours covers it."""
        if self._dialog is not None and self._dialog[1] == dialog:
            self._dialog = None
            self._tell(Answered())

    # --- its end, and paper

    async def _log_out(self, recipe: LogoutRecipe) -> None:
        end = self._loop.time() + recipe.deadline_ms / 1000
        confirmed = False
        try:
            async with asyncio.timeout_at(end):
                if recipe.url is not None:
                    await self._world(LEAVE)
                    self._later(self._go(recipe.url))
                for click in clicks(recipe.click):
                    await self._said(click, CLICKED)
                await self._said(proven(recipe), "yes")
                confirmed = True
        except TimeoutError:
            pass
        self._tell(LoggedOut(confirmed))

    async def _said(self, question: str, answer: str) -> None:
        """Ask until the page answers so."""
        while await self._world(question) != answer:  # noqa: ASYNC110 -- pages tell nobody
            await asyncio.sleep(EVERY)

    async def _print(self) -> None:
        wanted = {"printBackground": True, "preferCSSPageSize": True}
        try:
            said = await self._session.send("Page.printToPDF", wanted)
        except Error:
            said = {"data": ""}  # what is no PDF is told as not printed
        self._tell(Paper(base64.b64decode(said["data"])))


def _careful(handler: Callable[[_T], None]) -> Callable[[_T], None]:
    """Keep what a listener raises from Playwright, which would raise it from the next call instead."""

    def careful(happened: _T) -> None:
        with contextlib.suppress(Error):
            handler(happened)

    return careful


def _script(name: str) -> str:
    return files("guard.browser.managed").joinpath(f"{name}.js").read_text("utf-8")
