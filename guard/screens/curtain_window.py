"""The curtain process: one pywebview with two windows, the curtain and the strip.

``python -m guard.screens.curtain_window FD``: the file descriptor of the channel to the core. It draws what
the core tells it and reports what is pressed; it decides nothing. Its windows lie where the core stacks them.
When the core is gone, however that happened, the curtain rises above everything, says that things are being
prepared, and stays until the next core sweeps it away.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sys
import threading
from typing import TYPE_CHECKING, Final, Protocol

import webview
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QApplication

from guard.channel import Channel, ChannelClosedError
from guard.errors import BrokenPromiseError, GuardError
from guard.ground import forbid_core_dumps, restrict_libraries
from guard.gui_thread import GuiThread
from guard.pywebview import switch_off_the_unsafe
from guard.screens.catalogue import Catalogue
from guard.screens.messages import (
    Alive,
    EndPressed,
    KeyPressed,
    LanguagePressed,
    Open,
    Painted,
    PortalPressed,
    Resize,
    Show,
    StaffPressed,
    Up,
    read_order,
    write_report,
)
from guard.screens.page import curtain_page, strip_page
from guard.screens.port import Key, Scene, Screen
from guard.screens.qt_window import QtWindow
from guard.screens.view import curtain_view, strip_view
from guard.settings.model import Language

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from guard.browser.port import Geometry
    from guard.screens.messages import Report

CORE_SILENT: Final = 3.0
"""s without a word from the core, which says one every second, until the curtain covers by itself."""


class Api:
    """All that a page can call."""

    def __init__(self, report: Callable[[Report], None], painted: Callable[[int], None]) -> None:
        self._report = report
        self._painted = painted

    def end(self, seq: int) -> None:
        """The end button was pressed."""
        self._report(EndPressed(seq=seq))

    def staff(self, seq: int) -> None:
        """A staff button was pressed."""
        self._report(StaffPressed(seq=seq))

    def language(self, seq: int, value: str) -> None:
        """A language button was pressed."""
        with contextlib.suppress(ValueError):
            self._report(LanguagePressed(seq=seq, language=Language(value)))

    def key(self, seq: int, value: str) -> None:
        """A key of the staff's pad was pressed."""
        with contextlib.suppress(ValueError):
            self._report(KeyPressed(seq=seq, key=Key(value)))

    def portal(self, seq: int, key: str) -> None:
        """A portal's button was pressed."""
        self._report(PortalPressed(seq=seq, key=key))

    def painted(self, seq: int) -> None:
        """The page has drawn the view of this number."""
        self._painted(seq)


class PageOwner(Protocol):
    """Whom a page reports to."""

    def report(self, report: Report) -> None:
        """Something was pressed; any thread."""
        ...

    def page_painted(self) -> None:
        """A page's newest view has reached the screen; GUI thread."""
        ...


class Page:
    """One window with its page; knows which view it has painted last."""

    def __init__(self, html: str, area: Geometry, gui: GuiThread, owner: PageOwner) -> None:
        self.painted = -1
        self._gui = gui
        self._owner = owner
        window = webview.create_window(
            "Madoguchi Guard",
            html=html,
            js_api=Api(owner.report, self._was_drawn),
            width=area.width,
            height=area.height,
            min_size=(1, 1),
            frameless=True,
            easy_drag=False,
            focus=False,
            text_select=False,
            zoomable=False,
            draggable=False,
            background_color="#FFFFFF",
        )
        if window is None:
            raise BrokenPromiseError("pywebview made no window")
        self._window = window
        self._area = area
        window.events.before_show += self._prepare
        self.loaded = window.events.loaded

    def qt(self) -> QtWindow:
        """Return its Qt side; GUI thread only."""
        return self._qt

    def _prepare(self) -> None:
        self._qt = QtWindow(self._window.native)
        self._qt.prepare(self._area)

    def draw(self, view: Mapping[str, object]) -> None:
        """Have the page draw this view; GUI thread only."""
        self._qt.run_script(f"show({json.dumps(view)})")

    def _was_drawn(self, seq: int) -> None:
        self._gui.run(lambda: self._qt.when_on_screen(lambda: self._was_painted(seq)))

    def _was_painted(self, seq: int) -> None:
        self._qt.run_script(f"settled({seq})")
        self.painted = max(self.painted, seq)
        self._owner.page_painted()


class CurtainWindow:
    """Both windows and what is said about them."""

    def __init__(self, channel: Channel, opening: Open, catalogue: Catalogue) -> None:
        self._channel = channel
        self._catalogue = catalogue
        self._gui = GuiThread()
        self._told = -1
        self._heard = threading.Event()
        self._latest: Show | None = None
        self._alone = False
        _, strip, curtain = opening.areas
        self._curtain = Page(curtain_page(), curtain, self._gui, self)
        self._strip = Page(strip_page(), strip, self._gui, self)

    def run(self, messages: Iterator[dict[str, object]]) -> None:
        """Show the windows and follow the core's orders; returns when the windows are gone."""
        threading.Thread(target=self._follow, args=(messages,), name="orders", daemon=True).start()
        webview.start(gui="qt", debug=False, http_server=False, private_mode=True)

    def _follow(self, messages: Iterator[dict[str, object]]) -> None:
        self._curtain.loaded.wait()
        self._strip.loaded.wait()
        threading.Thread(target=self._watch_core, name="core-watch", daemon=True).start()
        try:
            for message in messages:
                self._heard.set()
                self._obey(message)
        except BrokenPromiseError as error:
            logging.getLogger("guard.curtain").error("%s", error.sentence)  # noqa: TRY400 -- the sentence says it all
        self._channel.close()
        self._gui.run(self._guard_alone)

    def _watch_core(self) -> None:
        """A core that says nothing for too long is as good as dead: closing the channel covers."""
        while self._heard.wait(CORE_SILENT):
            self._heard.clear()
        self._channel.close()

    def _obey(self, message: dict[str, object]) -> None:
        match read_order(message):
            case Show() as order:
                self._gui.run(lambda: self._draw(order))
            case Resize(areas=(_, strip, curtain)):
                self._gui.run(lambda: self._place(curtain, strip))
            case Alive():
                pass
            case Open():
                raise BrokenPromiseError("the core opened the curtain twice")

    def _draw(self, order: Show) -> None:
        self._latest = order
        numbered = {"seq": order.seq}
        curtain = curtain_view(order.scene, order.language, self._catalogue) | numbered
        if self._alone:
            curtain["staffLabel"] = ""  # nobody would hear it
        strip = strip_view(order.scene, order.language, self._catalogue) | numbered
        self._curtain.draw(curtain)
        self._strip.draw(strip)

    def _place(self, curtain: Geometry, strip: Geometry) -> None:
        self._curtain.qt().place(curtain)
        self._strip.qt().place(strip)

    def _guard_alone(self) -> None:
        self._alone = True
        self._curtain.qt().stay_on_top()
        self._strip.qt().hide()
        last = self._latest
        scene = Scene(screen=Screen.STARTING)
        self._draw(
            Show(
                seq=last.seq + 1 if last else 0,
                scene=scene,
                language=last.language if last else Language.JA,
            )
        )

    def page_painted(self) -> None:
        """See `PageOwner.page_painted`."""
        seq = min(self._curtain.painted, self._strip.painted)
        if seq <= self._told:
            return
        if self._told < 0:
            self.report(Up(curtain=self._curtain.qt().id(), strip=self._strip.qt().id()))
        self._told = seq
        self.report(Painted(seq=seq))

    def report(self, report: Report) -> None:
        """See `PageOwner.report`."""
        with contextlib.suppress(ChannelClosedError):  # the core is gone; the orders' thread sees it too
            self._channel.send(write_report(report))


def main() -> int:
    """Run the curtain until it is killed; returns 1 when there is no core to follow."""
    restrict_libraries()
    forbid_core_dumps()  # the digits of a PIN pass through
    switch_off_the_unsafe()
    channel = Channel.inherited(int(sys.argv[1]))
    messages = channel.messages()
    opening = next(messages, None)
    if opening is None:
        return 1
    try:
        order = read_order(opening)
        if not isinstance(order, Open):
            raise BrokenPromiseError("the core did not open the curtain first")
        QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_ShareOpenGLContexts)
        application = QApplication([sys.argv[0]])
        application.setQuitOnLastWindowClosed(True)
        CurtainWindow(channel, order, Catalogue.load()).run(messages)
    except GuardError as error:
        sys.stderr.write(f"guard: {error.sentence}\n")
    return 1


if __name__ == "__main__":
    # Qt's own threads outlive the interpreter's end and would crash on it.
    code = main()
    sys.stderr.flush()
    os._exit(code)
