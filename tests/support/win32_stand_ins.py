"""Stand-ins for QtWebEngine, which Wine cannot run: curtain and capsule as plain windows of QtWidgets.

``python -m tests.support.win32_stand_ins run --config FILE`` is the real service, with these two in place of
`guard.screens.curtain_window` and `guard.browser.embedded.window`, and nothing else replaced. Both are
started by the real sealer as ``python -m tests.support.win32_stand_ins FD`` (the first order tells which one
is wanted), speak the real protocols, and show real windows: the curtain green, the strip blue, the portal
red. They prove nothing of pages: neither what is drawn in them nor what a site may do.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final
from unittest import mock

assert sys.platform == "win32"

from PySide6.QtCore import QObject, QRect, Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication, QWidget

from guard.browser import messages as portal
from guard.channel import Channel, ChannelClosedError
from guard.screens import messages as cover
from guard.screens.qt_pile import FLAGS, rise, sink

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from PySide6.QtGui import QPaintEvent

    from guard.browser.port import Geometry
    from guard.channel import Message

CURTAIN, STRIP, PORTAL = "#11CC22", "#1122CC", "#CC2211"
COPIED: Final = "what a citizen copied"
MODULE: Final = "tests.support.win32_stand_ins"
_CHECKOUT: Final = Path(__file__).parents[2]
_CORE_SILENT: Final = 3.0
"""s, as in `guard.screens.curtain_window`."""
_RAISE_EVERY_MS: Final = 50
"""As in `guard.screens.qt_window`."""
_COPY_EVERY_MS: Final = 100


class Window(QWidget):
    """One window of one colour, made and piled as `guard.screens.qt_window` does it."""

    def __init__(self, colour: str, area: Geometry) -> None:
        super().__init__()
        self._waiting: list[Callable[[], None]] = []
        self._colour = colour
        self.setWindowFlags(FLAGS)
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.setStyleSheet(f"background-color: {colour}")
        self.place(area)
        sink(self)
        self.show()

    def place(self, area: Geometry) -> None:
        """Fill this rectangle."""
        self.setGeometry(QRect(area.x, area.y, area.width, area.height))

    def id(self) -> int:
        """Return the window's handle."""
        return int(self.winId())

    def when_painted(self, then: Callable[[], None]) -> None:
        """Paint it anew, and call back when that is done."""
        self._waiting.append(then)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 -- Qt's name
        """Paint it."""
        super().paintEvent(event)
        done, self._waiting = self._waiting, []
        for then in done:
            QTimer.singleShot(0, then)


class Orders(QObject):
    """The core's words, brought to the GUI thread; an empty one is its end."""

    came = Signal(object)

    def __init__(
        self, channel: Channel, messages: Iterator[dict[str, object]], silence: float | None
    ) -> None:
        """Without a word for ``silence`` s the channel is closed."""
        super().__init__()
        self._channel = channel
        self._messages = messages
        self._silence = silence
        self._heard = threading.Event()

    def follow(self) -> None:
        """Begin."""
        threading.Thread(target=self._read, daemon=True).start()
        if self._silence is not None:
            threading.Thread(target=self._watch, args=(self._silence,), daemon=True).start()

    def _read(self) -> None:
        for message in self._messages:
            self._heard.set()
            self.came.emit(message)
        self._channel.close()
        self.came.emit({})

    def _watch(self, silence: float) -> None:
        while self._heard.wait(silence):
            self._heard.clear()
        self._channel.close()


class Curtain:
    """Stands in for `guard.screens.curtain_window.CurtainWindow`."""

    def __init__(self, channel: Channel, opening: cover.Open) -> None:
        _, strip, curtain = opening.areas
        self._channel = channel
        self._up = False
        self._curtain = Window(CURTAIN, curtain)
        self._strip = Window(STRIP, strip)
        self._raising = QTimer(self._curtain)
        self._raising.timeout.connect(lambda: rise(self._curtain))

    def obey(self, message: Message) -> None:
        """Do what the core says; without a core cover alone, and for good."""
        if not message:
            rise(self._curtain)
            self._raising.start(_RAISE_EVERY_MS)
            self._strip.hide()
            return
        match cover.read_order(message):
            case cover.Show(seq=seq):
                self._curtain.when_painted(lambda: self._strip.when_painted(lambda: self._painted(seq)))
            case cover.Resize(areas=(_, strip, curtain)):
                self._curtain.place(curtain)
                self._strip.place(strip)
            case _:
                pass

    def _painted(self, seq: int) -> None:
        with suppress(ChannelClosedError):
            if not self._up:
                up = cover.Up(curtain=self._curtain.id(), strip=self._strip.id())
                self._channel.send(cover.write_report(up))
            self._up = True
            self._channel.send(cover.write_report(cover.Painted(seq=seq)))


class Capsule:
    """Stands in for a browser: a window, a process of its own, files in its folder, something copied."""

    def __init__(self, channel: Channel, opening: portal.Open) -> None:
        self._channel = channel
        self._session = opening.session
        self._window = Window(PORTAL, opening.area)
        self._storage = (Path(os.environ["LOCALAPPDATA"]) / "cookies").open("wb")
        self._storage.write(b"a citizen's")
        self._storage.flush()
        self._renderer = subprocess.Popen(
            [sys.executable, "-I", "-c", "import threading; threading.Event().wait()"]
        )
        self._copying = QTimer(self._window)
        """Again and again: what is copied before the guard has uncovered, it erases."""
        self._copying.timeout.connect(lambda: QApplication.clipboard().setText(COPIED))
        self._window.when_painted(
            lambda: self._say(portal.Warm(session=self._session, window=self._window.id(), lacks=0))
        )

    def obey(self, message: Message) -> None:
        """Do what the core says; go when it has gone."""
        if not message:
            QApplication.exit(0)
            return
        match portal.read_order(message):
            case portal.Begin():
                self._copying.start(_COPY_EVERY_MS)
                self._window.when_painted(lambda: self._say(portal.Begun(session=self._session)))
            case portal.Resize(area=area):
                self._window.place(area)
            case portal.LogOut():
                self._say(portal.LoggedOut(session=self._session, confirmed=True))
            case _:
                pass

    def _say(self, report: portal.Report) -> None:
        with suppress(ChannelClosedError):
            self._channel.send(portal.write_report(report))


def play(descriptor: int) -> int:
    """Be the curtain or the capsule, whichever the core opens."""
    channel = Channel.inherited(descriptor)
    messages = channel.messages()
    first = next(messages)
    application = QApplication([sys.argv[0]])
    application.setQuitOnLastWindowClosed(False)
    player: Curtain | Capsule
    if "session" in first:
        opening = portal.read_order(first)
        assert isinstance(opening, portal.Open)
        player, silence = Capsule(channel, opening), None
    else:
        order = cover.read_order(first)
        assert isinstance(order, cover.Open)
        player, silence = Curtain(channel, order), _CORE_SILENT
    orders = Orders(channel, messages, silence)
    orders.came.connect(player.obey, Qt.ConnectionType.QueuedConnection)
    orders.follow()
    return application.exec()


def serve(config: Path) -> int:
    """Run the real service with the stand-ins in it."""
    from guard import service  # noqa: PLC0415 -- the stand-ins themselves need nothing of it
    from guard.browser.capsule import Launch  # noqa: PLC0415 -- the same
    from guard.screens.curtain import CurtainSetup  # noqa: PLC0415 -- the same
    from guard.settings.load import load  # noqa: PLC0415 -- the same

    path = {"PYTHONPATH": str(_CHECKOUT)}
    launch = Launch(module=MODULE, environment=path)
    setup = partial(CurtainSetup, module=MODULE)
    with (
        mock.patch.object(service, "launch_of", return_value=launch),
        mock.patch.object(service, "CurtainSetup", setup),
    ):
        return service.run(partial(load, config, os.environ))


if __name__ == "__main__":
    if sys.argv[1] == "run":
        sys.exit(serve(Path(sys.argv[3])))
    os._exit(play(int(sys.argv[1])))
