"""The portal window: the one process of a capsule that the core speaks to.

``python -m guard.browser.embedded.window FD``: the file descriptor of the channel to the core. One pywebview
window whose page is replaced, before it is ever shown, by our own hardened one. It is born at the bottom of
the stack, loads the site's start page, says when that is painted, and waits. When the channel closes, it ends
at once; whenever anything unforeseen happens in it, it gives up: the core then starts another.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

import webview
from PySide6.QtCore import QCoreApplication, QObject, QRect, Qt, QUrl, Signal
from PySide6.QtWebEngineWidgets import QWebEngineView
from PySide6.QtWidgets import QApplication, QMainWindow

from guard.browser.embedded.page import Interceptor, PortalPage, throwaway_profile
from guard.browser.embedded.probe import Beginning, LoggingOut, Painting
from guard.browser.messages import (
    MOST_REFUSALS,
    Begin,
    Begun,
    LoggedOut,
    LogOut,
    Loss,
    Lost,
    Open,
    Refusal,
    Refused,
    Resize,
    Warm,
    read_order,
    write_report,
)
from guard.browser.overlay import Overlay, Words
from guard.browser.rules import Rules
from guard.channel import Channel, ChannelClosedError
from guard.errors import BrokenPromiseError
from guard.pywebview import switch_off_the_unsafe
from guard.secret import forbid_core_dumps
from guard.settings.model import Language

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from guard.browser.messages import Order, Report
    from guard.browser.port import Geometry

_LANGUAGES: Final = {Language.JA: "ja", Language.EASY_JA: "ja", Language.EN: "en,ja;q=0.5"}
_NO_PROXY = "http://127.0.0.1:9"
"""Nobody listens there (discard, RFC 863): whatever is not allowed ends here."""


class Orders(QObject):
    """Carries orders from the thread that reads the channel to the GUI thread."""

    arrived = Signal(object)


class PortalWindow:
    """One citizen's window. GUI thread only, but for `_listen`."""

    def __init__(self, channel: Channel, opening: Open) -> None:
        self._channel = channel
        self._opening = opening
        self._told: set[tuple[Refusal, str]] = set()
        self._warm = False
        self._logging_out = False
        self._rules = Rules(opening.site.allow)
        self._interceptor = Interceptor(self._rules, self._refused)
        self._orders = Orders()
        self._orders.arrived.connect(self._obey, Qt.ConnectionType.QueuedConnection)
        # The engine reads its flags once, here, before pywebview adds its own, which would accept every
        # request for camera and microphone.
        os.environ["QTWEBENGINE_CHROMIUM_FLAGS"] = _flags(self._rules)
        self._profile = throwaway_profile(
            Path.home() / "profile", _LANGUAGES[opening.language], self._interceptor
        )

    def run(self, messages: Iterator[dict[str, object]]) -> None:
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
        threading.Thread(target=self._listen, args=(messages,), daemon=True).start()
        webview.start(gui="qt", private_mode=True, debug=False, http_server=False)

    def _listen(self, messages: Iterator[dict[str, object]]) -> None:
        with contextlib.suppress(BrokenPromiseError):
            for message in messages:
                self._orders.arrived.emit(read_order(message))
        os._exit(0)  # nothing of a citizen outlives the core

    def _prepare(self, native: object) -> None:
        try:
            self._fill(native)
        except BaseException:  # noqa: BLE001 -- pywebview would log it and go on
            self.give_up(Loss.WINDOW_FAILED)

    def _fill(self, native: object) -> None:
        if not isinstance(native, QMainWindow):
            raise BrokenPromiseError("pywebview made no Qt window")
        self._window = native
        view = QWebEngineView(native)
        view.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        view.setAcceptDrops(False)
        self._page = page = PortalPage(
            self._profile, self._rules, self._opening.site.permit, self._refused, view
        )
        view.setPage(page)
        native.setCentralWidget(view)  # pywebview's own view dies, and with it its page, bridge and channel
        native.setAcceptDrops(False)
        native.setFocusProxy(view)
        self._overlay = Overlay(native, view, Words.load(self._opening.language))
        page.speak_through(self._overlay)
        page.navigation_refused.connect(self._cannot_go)
        page.window_refused.connect(self._cannot_open)
        page.asks.connect(self._asked)
        page.loadStarted.connect(self._went_on)
        page.renderProcessTerminated.connect(lambda _status, _code: self.give_up(Loss.PAGE_DIED))
        painting = Painting(page)
        painting.painted.connect(self._painted)
        painting.failed.connect(lambda: self.give_up(Loss.START_UNREACHABLE))
        self._beginning = Beginning(page)
        self._beginning.painted.connect(lambda: self._report(Begun(session=self._opening.session)))
        native.setWindowFlags(Qt.WindowType.X11BypassWindowManagerHint | Qt.WindowType.FramelessWindowHint)
        native.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self._place(self._opening.area)
        native.winId()
        native.lower()  # before it is mapped, so that it never lies above anybody
        page.load(QUrl(self._opening.site.start))

    def _place(self, area: Geometry) -> None:
        self._window.setGeometry(QRect(area.x, area.y, area.width, area.height))

    def _painted(self) -> None:
        self._warm = True
        self._report(Warm(session=self._opening.session, window=int(self._window.winId())))

    @property
    def _unused(self) -> bool:
        """No citizen has come yet: whatever happens is the page's own doing."""
        return not (self._page.in_use or self._logging_out)

    def _cannot_go(self) -> None:
        if not self._warm and self._unused:
            self.give_up(Loss.START_ELSEWHERE)
        self._cannot_open()

    def _cannot_open(self) -> None:
        self._went_on()
        if self._page.in_use and not self._logging_out:
            self._overlay.refuse()

    def _went_on(self) -> None:
        if self._warm and self._unused:
            self.give_up(Loss.START_CHANGED)

    def _asked(self) -> None:
        if self._unused:
            self.give_up(Loss.START_CHANGED)
        self._beginning.settle()  # what waits for an answer paints no more, and yet it lives

    def _obey(self, order: Order) -> None:
        if order.session != self._opening.session:
            return  # a late order must never land on the next citizen
        match order:
            case Begin():
                self._begin()
            case Resize(area=area):
                self._place(area)
            case LogOut():
                self._log_out()
            case Open():
                self.give_up(Loss.WINDOW_FAILED)

    def _begin(self) -> None:
        self._window.setFocus()
        if not self._page.in_use:
            self._page.in_use = True
            self._beginning.start()

    def _log_out(self) -> None:
        recipe = self._opening.site.logout
        if recipe is None or self._logging_out:
            return
        self._logging_out = True
        self._overlay.accept_all()
        logging_out = LoggingOut(self._page, recipe)
        logging_out.ended.connect(self._logged_out)
        logging_out.start()

    def _logged_out(self, confirmed: bool) -> None:  # noqa: FBT001 -- a slot's positional argument
        self._report(LoggedOut(session=self._opening.session, confirmed=confirmed))

    def _refused(self, what: Refusal, host: str) -> None:
        if (what, host) not in self._told and len(self._told) < MOST_REFUSALS:
            self._told.add((what, host))
            self._report(Refused(session=self._opening.session, what=what, host=host))

    def _report(self, report: Report) -> None:
        try:
            self._channel.send(write_report(report))
        except ChannelClosedError:
            os._exit(1)

    def give_up(self, why: Loss) -> NoReturn:
        """Say why and end."""
        self._report(Lost(session=self._opening.session, why=why))
        os._exit(1)


def _flags(rules: Rules) -> str:
    """Return switches that wall in what asks no interceptor, such as WebRTC and early look-ups of names."""
    flags = (
        f"--host-resolver-rules={rules.resolver_rules()}",
        f"--proxy-server={_NO_PROXY}",
        f"--proxy-bypass-list={rules.proxy_bypass()}",
        "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    )
    return " ".join(f'"{flag}"' for flag in flags)


def main() -> int:
    """Run the window until it is killed or the core is gone."""
    forbid_core_dumps()
    switch_off_the_unsafe()
    channel = Channel.inherited(int(sys.argv[1]))
    messages = channel.messages()
    first = next(messages, None)
    opening = read_order(first) if first is not None else None
    if not isinstance(opening, Open):
        return 1
    QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_ShareOpenGLContexts)
    application = QApplication([sys.argv[0]])
    application.setQuitOnLastWindowClosed(True)
    window = PortalWindow(channel, opening)

    def unforeseen(
        _kind: type[BaseException], _error: BaseException, _trace: TracebackType | None
    ) -> NoReturn:
        window.give_up(Loss.WINDOW_FAILED)

    sys.excepthook = unforeseen
    window.run(messages)
    return 1


if __name__ == "__main__":
    # Qt's own threads outlive the interpreter's end and would crash on it.
    os._exit(main())
