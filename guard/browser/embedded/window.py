"""The portal window: the one process of a capsule that the core speaks to.

``python -m guard.browser.embedded.window FD``: the file descriptor of the channel to the core. One pywebview
window whose page is replaced, before it is ever shown, by our own hardened one. It is born at the bottom of
the stack, loads the site's start page, says when that is painted, and waits. When the channel closes, it ends
at once; whenever anything unforeseen happens in it, it gives up: the core then starts another.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import webview
from PySide6.QtCore import QCoreApplication, QRect, Qt, QUrl
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWebEngineWidgets import QWebEngineView
from PySide6.QtWidgets import QApplication, QMainWindow

from guard.browser.conduct import take_up
from guard.browser.embedded.dialogs import NoDialogs
from guard.browser.embedded.page import Interceptor, PortalPage, throwaway_profile
from guard.browser.embedded.probe import Beginning, LoggingOut, Painting
from guard.browser.messages import (
    Begin,
    LogOut,
    Loss,
    NotPrinted,
    Open,
    PaperTaken,
    Resize,
)
from guard.browser.overlay import Overlay, Words
from guard.browser.papers import Papers, Wishes
from guard.browser.rules import Rules
from guard.browser.wall import Wall
from guard.errors import BrokenPromiseError, MachineError
from guard.gui_thread import GuiThread
from guard.pywebview import switch_off_the_unsafe
from guard.screens.qt_pile import WITH_KEYS, sink
from guard.settings.model import Language

if TYPE_CHECKING:
    from guard.browser.conduct import Conduct, Orders
    from guard.browser.messages import Order
    from guard.browser.port import Geometry

_LANGUAGES: Final = {Language.JA: "ja", Language.EASY_JA: "ja", Language.EN: "en,ja;q=0.5"}


class PortalWindow:
    """One citizen's window. GUI thread only."""

    def __init__(self, opening: Open, conduct: Conduct) -> None:
        self._opening = opening
        self._conduct = conduct
        self._gui = GuiThread()
        self._rules = Rules(opening.site.allow)
        self._interceptor = Interceptor(self._rules, conduct)
        # The engine reads its flags once, here, before pywebview adds its own, which would accept every
        # request for camera and microphone.
        os.environ["QTWEBENGINE_CHROMIUM_FLAGS"] = self._flags()
        self._profile = throwaway_profile(
            Path.home() / "profile",
            _LANGUAGES[opening.language],
            self._interceptor,
            opening.network.authorities,
        )

    def _flags(self) -> str:
        network, script = self._opening.network, Path.home() / "proxy.pac"
        try:
            wall = Wall.of(self._opening.site, network, network.script())
        except MachineError:
            self._conduct.give_up(Loss.PROXY_SCRIPT)
        script.write_text(wall.script, "ascii")  # a file, because the environment is too small for a long one
        return " ".join(f'"{flag}"' for flag in (*wall.flags(), *wall.proxy_flags(script)))

    def run(self, orders: Orders) -> None:
        """Show the window and obey until the channel closes."""
        area = self._opening.area
        window = webview.create_window(
            "Madoguchi Guard",
            width=area.width,
            height=area.height,
            min_size=(1, 1),
            frameless=True,
            easy_drag=False,
            background_color="#FFFFFF",
        )
        if window is None:
            raise BrokenPromiseError("pywebview made no window")
        window.events.before_show += lambda: self._prepare(window.native)
        self._conduct.follow(orders, lambda order: self._gui.run(lambda: self._obey(order)))
        webview.start(gui="qt", private_mode=True, debug=False, http_server=False)

    def _prepare(self, native: object) -> None:
        try:
            self._fill(native)
        except BaseException:  # noqa: BLE001 -- pywebview would log it and go on
            self._conduct.give_up(Loss.WINDOW_FAILED)

    def _fill(self, native: object) -> None:
        if not isinstance(native, QMainWindow):
            raise BrokenPromiseError("pywebview made no Qt window")
        self._window, conduct = native, self._conduct
        view = QWebEngineView(native)
        view.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        view.setAcceptDrops(False)
        self._page = page = PortalPage(
            self._profile, self._rules, self._opening.site.permit, self._conduct, view
        )
        view.setPage(page)
        native.setCentralWidget(view)  # pywebview's own view dies, and with it its page, bridge and channel
        native.setAcceptDrops(False)
        native.setFocusProxy(view)
        self._overlay = Overlay(native, view, Words.load(self._opening.language))
        page.speak_through(self._overlay)
        self._papers = Papers(self._opening.session, self._opening.site.permit, conduct.report)
        page.print_through(Wishes(self._papers, self._overlay))
        QShortcut(QKeySequence.StandardKey.Print, view, page.print)
        page.navigation_refused.connect(lambda: conduct.cannot_go(self._overlay))
        page.window_refused.connect(lambda: conduct.cannot_open(self._overlay))
        page.distrusted.connect(lambda: conduct.cannot_trust(self._overlay))
        page.asks.connect(self._asked)
        NoDialogs(view).refused.connect(page.refuse_dialog)
        page.loadStarted.connect(conduct.went_on)
        page.renderProcessTerminated.connect(lambda _status, _code: conduct.give_up(Loss.PAGE_DIED))
        painting = Painting(page)
        painting.painted.connect(lambda lacks: conduct.painted(int(native.winId()), lacks))
        painting.failed.connect(lambda: conduct.give_up(Loss.START_UNREACHABLE))
        self._beginning = Beginning(page)
        self._beginning.painted.connect(conduct.begun)
        native.setWindowFlags(WITH_KEYS)
        native.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self._place(self._opening.area)
        sink(native)  # before it is mapped, so that it never lies above anybody
        page.setZoomFactor(self._opening.site.zoom / 100)
        page.load(QUrl(self._opening.site.start))

    def _place(self, area: Geometry) -> None:
        self._window.setGeometry(QRect(area.x, area.y, area.width, area.height))

    def _asked(self) -> None:
        self._conduct.asked()
        self._beginning.settle()

    def _obey(self, order: Order) -> None:
        match order:
            case Begin():
                self._begin()
            case Resize(area=area):
                self._place(area)
            case LogOut():
                self._log_out()
            case PaperTaken():
                self._papers.taken()
            case NotPrinted():
                self._overlay.tell_not_printed()
            case Open():
                self._conduct.give_up(Loss.WINDOW_FAILED)

    def _begin(self) -> None:
        self._window.setFocus()
        if self._conduct.begin():
            self._beginning.start()

    def _log_out(self) -> None:
        if recipe := self._conduct.log_out(self._overlay):
            logging_out = LoggingOut(self._page, recipe)
            logging_out.ended.connect(self._logged_out)
            logging_out.start()

    def _logged_out(self, confirmed: bool) -> None:  # noqa: FBT001 -- a slot's positional argument
        self._conduct.logged_out(confirmed=confirmed)


def main() -> int:
    """Run the window until it is killed or the core is gone."""
    switch_off_the_unsafe()
    taken_up = take_up(int(sys.argv[1]))
    if taken_up is None:
        return 1
    opening, conduct, orders = taken_up
    QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_ShareOpenGLContexts)
    application = QApplication([sys.argv[0]])
    application.setQuitOnLastWindowClosed(True)
    PortalWindow(opening, conduct).run(orders)
    return 1


if __name__ == "__main__":
    # Qt's own threads outlive the interpreter's end and would crash on it.
    os._exit(main())
