"""Questions that the portal window asks its page, in a JavaScript world that the page cannot see or change.

Each is asked again every few milliseconds until the answer is final; a page that never answers (``while
(true)``) simply leaves it open, and its deadline passes.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer, QUrl, Signal
from PySide6.QtWebEngineCore import QWebEngineScript

if TYPE_CHECKING:
    from PySide6.QtWebEngineCore import QWebEnginePage

    from guard.browser.site import LogoutRecipe

_EVERY_MS = 20
_WORLD: Final = QWebEngineScript.ScriptWorldId.ApplicationWorld

_PAINTED: Final = """(() => {
  const [navigation] = performance.getEntriesByType('navigation');
  if (navigation && navigation.responseStatus >= 400) return 'failed';
  if (window.frames_seen === undefined) {
    window.frames_seen = 0;
    requestAnimationFrame(() => requestAnimationFrame(() => { window.frames_seen = 2; }));
  }
  return window.frames_seen === 2 ? 'painted' : 'waiting';
})()"""
_PAINTS: Final = """(() => {
  if (window.frames_since === undefined) {
    window.frames_since = 0;
    requestAnimationFrame(() => requestAnimationFrame(() => { window.frames_since = 2; }));
  }
  return window.frames_since === 2 ? 'yes' : 'no';
})()"""
_LEAVE: Final = "window.left_by_logout = true;"
_CLICK: Final = """(() => {
  const element = document.querySelector(%s);
  if (element) element.click();
  return element ? 'clicked' : 'missing';
})()"""
_PROVEN: Final = """(() => {
  const [navigation] = performance.getEntriesByType('navigation');
  if (navigation && navigation.responseStatus >= 400) return 'no';
  const done = %(done)s, same = window.left_by_logout === true;
  if (%(by_address)s) return !same && location.href.startsWith(done) ? 'yes' : 'no';
  return !(same && %(must_leave)s) && document.querySelector(done) ? 'yes' : 'no';
})()"""


class Painting(QObject):
    """Finds out when the first page is on the screen; fires ``painted`` or ``failed``, once."""

    painted = Signal()
    failed = Signal()

    def __init__(self, page: QWebEnginePage) -> None:
        super().__init__(page)
        self._page = page
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._look)
        page.loadFinished.connect(self._loaded)

    def _loaded(self, ok: bool) -> None:  # noqa: FBT001 -- a slot's positional argument
        self._page.loadFinished.disconnect(self._loaded)
        if ok:
            self._timer.start(_EVERY_MS)
        else:
            self.failed.emit()

    def _look(self) -> None:
        self._page.runJavaScript(_PAINTED, _WORLD, self._hear)

    def _hear(self, answer: object) -> None:
        if answer in {"painted", "failed"} and self._timer.isActive():
            self._timer.stop()
            (self.painted if answer == "painted" else self.failed).emit()


class Beginning(QObject):
    """Finds out that the page still paints; fires ``painted``, once, or never when it does not."""

    painted = Signal()

    def __init__(self, page: QWebEnginePage) -> None:
        super().__init__(page)
        self._page = page
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._look)

    def start(self) -> None:
        """Begin to ask; another document that is loaded meanwhile is asked too."""
        self._timer.start(_EVERY_MS)

    def _look(self) -> None:
        self._page.runJavaScript(_PAINTS, _WORLD, self._hear)

    def _hear(self, answer: object) -> None:
        if answer == "yes":
            self.settle()

    def settle(self) -> None:
        """Take it as painted, if nothing has said so yet."""
        if self._timer.isActive():
            self._timer.stop()
            self.painted.emit()


class LoggingOut(QObject):
    """Runs a logout recipe; fires ``ended`` once, with whether its proof was seen.

    A proof by address counts only on another document than the one that the logout began on: that one may
    have had the same address while it was still logged in. So does a proof by selector after opening a URL.
    """

    ended = Signal(bool)

    def __init__(self, page: QWebEnginePage, recipe: LogoutRecipe) -> None:
        super().__init__(page)
        self._page = page
        self._recipe = recipe
        self._over = False
        self._proof = _PROVEN % {
            "done": json.dumps(recipe.done),
            "by_address": json.dumps(recipe.done.startswith(("http://", "https://"))),
            "must_leave": json.dumps(recipe.url is not None),
        }
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._look)

    def start(self) -> None:
        """Do what the recipe says."""
        QTimer.singleShot(self._recipe.deadline_ms, self, lambda: self._end(confirmed=False))
        self._page.runJavaScript(_LEAVE, _WORLD, self._marked)

    def _marked(self, _answer: object) -> None:
        if self._recipe.url is not None:
            self._page.load(QUrl(self._recipe.url))
        else:
            self._page.runJavaScript(_CLICK % json.dumps(self._recipe.click), _WORLD)
        self._timer.start(_EVERY_MS)

    def _look(self) -> None:
        self._page.runJavaScript(self._proof, _WORLD, self._hear)

    def _hear(self, answer: object) -> None:
        if answer == "yes":
            self._end(confirmed=True)

    def _end(self, *, confirmed: bool) -> None:
        if not self._over:
            self._over = True
            self._timer.stop()
            self.ended.emit(confirmed)
