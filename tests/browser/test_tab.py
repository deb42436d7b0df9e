"""What holds the page of an installed browser, where no real browser can be brought to do it each time."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

from playwright.async_api import Error

from guard.browser.managed.tab import Browser, Tab
from guard.browser.rules import Rules
from guard.browser.site import Site

START = "https://portal.example/"
BROWSER = Browser(
    binary=Path("/none"), profile=Path("/none"), arguments=[], environment={}, extensions=frozenset()
)


class PageOfTwoProcesses:
    """The browser's own page has come, and its process is not yet the one that obeys."""

    def __init__(self) -> None:
        self.main_frame = SimpleNamespace(url="chrome-error://chromewebdata/")
        self.asked: list[str] = []

    async def go_back(self, *, wait_until: str) -> object:
        self.asked.append(wait_until)
        if len(self.asked) == 1:
            raise Error("Protocol error (Page.getNavigationHistory): Not attached to an active page")
        self.main_frame.url = START
        return self


def test_the_browser_s_own_page_is_left_however_busy_the_browser_is() -> None:
    site = Site(key="test", name="test", start=START, allow=("portal.example",), logout=None)
    tab = Tab(site, Rules(site.allow), BROWSER, lambda _: None)
    page = PageOfTwoProcesses()
    tab._page = page  # type: ignore[assignment]
    tab._loop.run_until_complete(tab._back())
    tab._loop.close()
    assert page.main_frame.url == START
    assert page.asked == ["commit", "commit"]
