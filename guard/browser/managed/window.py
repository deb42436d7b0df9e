"""The window of an installed browser: the one process of its capsule that the core speaks to.

``python -m guard.browser.managed.window FD``: the file descriptor of the channel to the core. It makes the
host window, adds its own policy to the machine's, starts the browser and has `guard.browser.managed.frame`
put the browser's window into the host; it holds the page through `guard.browser.managed.tab`. When the
channel closes, it ends at once; whenever anything unforeseen happens in it, it gives up.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import QApplication, QWidget

from guard.browser.conduct import take_up
from guard.browser.managed import happenings
from guard.browser.managed.flags import flags
from guard.browser.managed.here import ThisStart
from guard.browser.managed.launch import BINARY
from guard.browser.managed.policy import zoom_preferences
from guard.browser.managed.tab import Browser, Tab
from guard.browser.messages import (
    Begin,
    LogOut,
    Loss,
    NotPrinted,
    Open,
    PaperTaken,
    Refusal,
    Resize,
)
from guard.browser.overlay import Overlay, Words
from guard.browser.papers import Papers, Wishes
from guard.browser.rules import Rules
from guard.browser.wall import Wall
from guard.errors import MachineError
from guard.gui_thread import GuiThread
from guard.screens.qt_pile import WITH_KEYS, sink
from guard.settings.model import Language

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.browser.conduct import Conduct, Orders
    from guard.browser.messages import Order
    from guard.browser.port import Geometry

_LANGUAGES: Final = {Language.JA: "ja", Language.EASY_JA: "ja", Language.EN: "en,ja"}


class ManagedWindow:
    """One citizen's window. GUI thread only."""

    def __init__(self, opening: Open, conduct: Conduct) -> None:
        self._opening = opening
        self._conduct = conduct
        self._gui = GuiThread()
        self._host = _host_window()
        self._place(opening.area)
        self._overlay = Overlay(self._host, QWidget(self._host), Words.load(opening.language))
        sink(self._host)  # before it is mapped, so that it never lies above anybody
        self._host.show()
        window_class = f"guard-{opening.session[:16]}"
        self._start = ThisStart()
        self._frame = self._start.holder(
            int(self._host.winId()),
            window_class,
            print_pressed=lambda: self._gui.run(self._wants_paper),
            page_gone=lambda: self._gui.run(lambda: conduct.give_up(Loss.WINDOW_FAILED)),
        )
        self._overlay.covers.connect(lambda on: self._frame.set_aside(on=on))
        self._papers = Papers(opening.session, opening.site.permit, conduct.report)
        self._wishes = Wishes(self._papers, self._overlay)
        self._hand_over: Callable[[bytes], None] = lambda _pdf: None
        self._tab = Tab(
            opening.site,
            Rules(opening.site.allow),
            self._browser(window_class),
            lambda happening: self._gui.run(lambda: self._happened(happening)),
        )

    def run(self, orders: Orders) -> None:
        """Start the browser; orders are obeyed from now on, until the channel closes."""
        self._conduct.follow(orders, lambda order: self._gui.run(lambda: self._obey(order)))
        self._frame.start()
        self._tab.start()

    def _browser(self, window_class: str) -> Browser:
        opening, profile = self._opening, Path.home() / "profile"
        try:
            wall = Wall.of(opening.site, opening.network, opening.network.script())
        except MachineError:
            self._conduct.give_up(Loss.PROXY_SCRIPT)
        (profile / "Default").mkdir(parents=True)
        laid_down = self._start.lay_down(opening.site, wall, profile)
        preferences = json.dumps(zoom_preferences(opening.site.zoom))
        (profile / "Default" / "Preferences").write_text(preferences, "utf-8")
        languages = _LANGUAGES[opening.language]
        return Browser(
            binary=Path(os.environ[BINARY]),
            profile=profile,
            arguments=[
                *flags(
                    profile=profile,
                    window_class=window_class,
                    area=opening.area,
                    languages=languages,
                    wall=wall,
                ),
                *laid_down.flags,
            ],
            extensions=laid_down.extensions,
            environment={**laid_down.environment, "LANGUAGE": languages.partition(",")[0]},
        )

    def _place(self, area: Geometry) -> None:
        self._host.setGeometry(QRect(area.x, area.y, area.width, area.height))

    # --- what the core wants

    def _obey(self, order: Order) -> None:
        match order:
            case Begin():
                if self._conduct.begin():
                    self._tab.begin()
            case Resize(area=area):
                self._place(area)
            case LogOut():
                if recipe := self._conduct.log_out(self._overlay):
                    self._tab.log_out(recipe)
            case PaperTaken():
                self._papers.taken()
            case NotPrinted():
                self._overlay.tell_not_printed()
            case Open():
                self._conduct.give_up(Loss.WINDOW_FAILED)

    # --- what happens on the page

    def _happened(self, happening: happenings.Happening) -> None:  # noqa: C901, PLR0912 -- one flat case each
        conduct = self._conduct
        match happening:
            case happenings.Painted(lacks=lacks):
                conduct.painted(int(self._host.winId()), lacks)
            case happenings.Unreachable(certificate=certificate):
                conduct.give_up(Loss.START_CERTIFICATE if certificate else Loss.START_UNREACHABLE)
            case happenings.Unequipped():
                conduct.give_up(Loss.EXTENSION)
            case happenings.Began():
                conduct.begun()
            case happenings.WentOn():
                conduct.went_on()
            case happenings.Refused(what=what, host=host):
                conduct.refused(what, host)
                if what is Refusal.NAVIGATION:
                    conduct.cannot_go(self._overlay)
                elif what is Refusal.NEW_WINDOW and happening.named:
                    conduct.cannot_open(self._overlay)
            case happenings.Wanted(host=host, page=page):
                conduct.wanted(host, page=page)
            case happenings.Distrusted():
                conduct.cannot_trust(self._overlay)
            case happenings.Asks():
                self._asked(happening)
            case happenings.Answered():
                self._overlay.withdraw()
            case happenings.WantsPaper():
                self._wants_paper()
            case happenings.Paper(pdf=pdf):
                self._hand_over(pdf)
            case happenings.Saved(pdf=pdf):
                self._wish(lambda hand_over: hand_over(pdf), file=True)
            case happenings.LoggedOut(confirmed=confirmed):
                conduct.logged_out(confirmed=confirmed)
            case happenings.Died(page_only=page_only):
                conduct.give_up(Loss.PAGE_DIED if page_only else Loss.WINDOW_FAILED)

    def _asked(self, asks: happenings.Asks) -> None:
        self._conduct.asked()
        self._conduct.begun()
        match asks.kind:
            case "alert":
                self._overlay.tell(asks.text)
                self._tab.answer(asks.number, yes=True)
            case "prompt":
                answer = self._overlay.prompt(asks.text, asks.proposed)
                self._tab.answer(asks.number, yes=answer is not None, text=answer or "")
            case _:
                self._tab.answer(asks.number, yes=self._overlay.ask(asks.text))

    def _wants_paper(self) -> None:
        self._wish(self._make_paper)

    def _wish(self, make: Callable[[Callable[[bytes], None]], None], *, file: bool = False) -> None:
        if not (self._conduct.attended and self._wishes.wish(make, file=file)):
            self._tab.refuse(Refusal.PRINTING)

    def _make_paper(self, hand_over: Callable[[bytes], None]) -> None:
        self._hand_over = hand_over
        self._tab.print()


def _host_window() -> QWidget:
    host = QWidget()
    host.setWindowFlags(WITH_KEYS)
    host.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
    host.setAttribute(Qt.WidgetAttribute.WA_NativeWindow)
    host.setStyleSheet("background: #ffffff")
    return host


def main() -> int:
    """Run the window until it is killed or the core is gone."""
    taken_up = take_up(int(sys.argv[1]))
    if taken_up is None:
        return 1
    opening, conduct, orders = taken_up
    threading.excepthook = lambda _: conduct.give_up(Loss.WINDOW_FAILED)
    application = QApplication([sys.argv[0]])
    ManagedWindow(opening, conduct).run(orders)
    application.exec()
    return 1


if __name__ == "__main__":
    # Qt's own threads outlive the interpreter's end and would crash on it.
    os._exit(main())
