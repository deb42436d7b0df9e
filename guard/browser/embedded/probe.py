"""Asks the questions of `guard.browser.questions` of a Qt page."""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer, QUrl, Signal
from PySide6.QtWebEngineCore import QWebEngineScript

from guard.browser.questions import CLICKED, EVERY, LEAVE, NOTE_LOST, PAINTED, PAINTS, clicks, proven

if TYPE_CHECKING:
    from PySide6.QtWebEngineCore import QWebEnginePage

    from guard.browser.site import LogoutRecipe

_EVERY_MS = round(EVERY * 1000)
_WORLD: Final = QWebEngineScript.ScriptWorldId.ApplicationWorld


class Painting(QObject):
    """Finds out when the first page is on the screen; fires ``painted`` or ``failed``, once.

    ``painted`` tells how many parts the page lacks.
    """

    painted = Signal(int)
    failed = Signal()

    def __init__(self, page: QWebEnginePage) -> None:
        super().__init__(page)
        self._page = page
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._look)
        page.loadFinished.connect(self._loaded)
        script = QWebEngineScript()
        script.setSourceCode(NOTE_LOST)
        script.setInjectionPoint(QWebEngineScript.InjectionPoint.DocumentCreation)
        script.setWorldId(_WORLD)
        page.scripts().insert(script)

    def _loaded(self, ok: bool) -> None:  # noqa: FBT001 -- a slot's positional argument
        self._page.loadFinished.disconnect(self._loaded)
        if ok:
            self._timer.start(_EVERY_MS)
        else:
            self.failed.emit()

    def _look(self) -> None:
        self._page.runJavaScript(PAINTED, _WORLD, self._hear)

    def _hear(self, answer: object) -> None:
        if not self._timer.isActive():
            return
        if isinstance(answer, int | float):  # as what PySide hands a number on depends on the number
            self._timer.stop()
            self.painted.emit(int(answer))
        elif answer == "failed":
            self._timer.stop()
            self.failed.emit()


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
        self._page.runJavaScript(PAINTS, _WORLD, self._hear)

    def _hear(self, answer: object) -> None:
        if answer == "yes":
            self.settle()

    def settle(self) -> None:
        """Take it as painted, if nothing has said so yet."""
        if self._timer.isActive():
            self._timer.stop()
            self.painted.emit()


class LoggingOut(QObject):
    """Runs a logout recipe; fires ``ended`` once, with whether its proof was seen."""

    ended = Signal(bool)

    def __init__(self, page: QWebEnginePage, recipe: LogoutRecipe) -> None:
        super().__init__(page)
        self._page = page
        self._recipe = recipe
        self._over = False
        self._clicks = deque(clicks(recipe.click))
        self._proof = proven(recipe)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._look)

    def start(self) -> None:
        """Do what the recipe says."""
        QTimer.singleShot(self._recipe.deadline_ms, self, lambda: self._end(confirmed=False))
        if self._recipe.url is None:
            self._timer.start(_EVERY_MS)
        else:
            self._page.runJavaScript(LEAVE, _WORLD, partial(self._marked, QUrl(self._recipe.url)))

    def _marked(self, url: QUrl, _answer: object) -> None:
        self._page.load(url)
        self._timer.start(_EVERY_MS)

    def _look(self) -> None:
        asked = self._clicks[0] if self._clicks else self._proof
        self._page.runJavaScript(asked, _WORLD, partial(self._hear, asked))

    def _hear(self, asked: str, answer: object) -> None:
        if answer == CLICKED and self._clicks and self._clicks[0] == asked:
            self._clicks.popleft()
        elif answer == "yes":
            self._end(confirmed=True)

    def _end(self, *, confirmed: bool) -> None:
        if not self._over:
            self._over = True
            self._timer.stop()
            self.ended.emit(confirmed)
