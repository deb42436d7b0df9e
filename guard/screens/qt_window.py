"""The Qt side of a pywebview window: what pywebview has no words for. Call on the GUI thread only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, Qt, QTimer
from PySide6.QtQuickWidgets import QQuickWidget
from PySide6.QtWebEngineWidgets import QWebEngineView
from PySide6.QtWidgets import QMainWindow, QWidget

from guard.errors import MachineError
from guard.screens.qt_pile import FLAGS, rise, sink

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.browser.port import Geometry

_FRAMES_TO_SCREEN = 3
"""Frames that Qt renders until the first of them is surely on the screen: it renders, composes, shows."""

_RAISE_EVERY_MS = 50
"""Rare enough to cost nothing, often enough that nobody can read what rises between."""


class QtWindow:
    """One window with a page, beyond any window manager's reach, stacked by others."""

    def __init__(self, native: object) -> None:
        if not isinstance(native, QMainWindow):
            raise MachineError(f"pywebview made a {type(native).__name__} where a Qt window is needed")
        self._window = native
        self._raising = QTimer(native)
        self._raising.timeout.connect(lambda: rise(native))
        self._frames = 0
        self._waiting: list[tuple[int, Callable[[], None]]] = []
        self._watched = False

    def prepare(self, area: Geometry) -> None:
        """Before it is shown: beyond the window manager's reach, at the bottom, never asking for the keys."""
        self._window.setWindowFlags(FLAGS)
        self._window.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self._refuse_drops()
        self.place(area)
        sink(self._window)

    def _refuse_drops(self) -> None:
        """Qt would ask whoever drags what it is, and stand still for 5 s while a killed page says nothing."""
        for widget in (self._window, *self._window.findChildren(QWidget)):
            widget.setAcceptDrops(False)

    def place(self, area: Geometry) -> None:
        """Fill this rectangle."""
        self._window.setGeometry(QRect(area.x, area.y, area.width, area.height))

    def id(self) -> int:
        """Return the id the display server knows it by."""
        return int(self._window.winId())

    def run_script(self, script: str) -> None:
        """Run this in the page; nothing waits for it."""
        view = self._window.findChild(QWebEngineView)
        if view is not None:
            view.page().runJavaScript(script)

    def when_on_screen(self, then: Callable[[], None]) -> None:
        """Call back once what the page has drawn by now is on the screen, given that it keeps drawing."""
        if not self._watched:
            surface = self._window.findChild(QQuickWidget)
            if surface is None:
                raise MachineError("this Qt shows pages in a way that the guard does not know")
            surface.quickWindow().afterRendering.connect(self._count, Qt.ConnectionType.QueuedConnection)
            self._watched = True
        self._waiting.append((self._frames + _FRAMES_TO_SCREEN, then))

    def _count(self) -> None:
        self._frames += 1
        due = [then for frame, then in self._waiting if frame <= self._frames]
        self._waiting = [(frame, then) for frame, then in self._waiting if frame > self._frames]
        for then in due:
            then()

    def hide(self) -> None:
        """Take it off the screen."""
        self._window.hide()

    def stay_on_top(self) -> None:
        """Rise above everything now, and again and again."""
        rise(self._window)
        self._raising.start(_RAISE_EVERY_MS)
