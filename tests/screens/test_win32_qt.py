"""How the curtain's windows lie on a real desktop of Windows."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

assert sys.platform == "win32"

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QMainWindow

from guard.clock import SystemClock
from guard.screens import win32_order as order
from guard.screens.qt_pile import FLAGS, rise, sink
from guard.screens.win32 import Win32Shade
from guard.screens.win32_api import user
from guard.screens.win32_bare import monitors
from tests.screens.ear import HOTKEY, Ear
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def application() -> QApplication:
    return QApplication(["curtain"])


@pytest.fixture
def window(application: QApplication) -> Iterator[QMainWindow]:
    """Make a window as the curtain makes it."""
    window = QMainWindow()
    window.setWindowFlags(FLAGS)
    window.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
    window.setGeometry(0, 0, 800, 600)
    sink(window)
    window.show()
    application.processEvents()
    yield window
    window.close()
    application.processEvents()


def first() -> int:
    return order.seen(monitors())[0]


def test_it_has_no_frame_no_button_on_the_task_bar_and_never_the_keyboard(window: QMainWindow) -> None:
    handle = int(window.winId())
    extended, style = user.GetWindowLongW(handle, -20), user.GetWindowLongW(handle, -16)
    assert extended & 0x08000080 == 0x08000080
    assert not style & 0x00C40000  # WS_CAPTION, WS_THICKFRAME
    assert not order.has_keyboard(handle)
    assert (window.width(), window.height()) == (800, 600)


def test_it_is_not_topmost_until_the_shade_takes_it_over_and_then_shows_above_it(
    application: QApplication, window: QMainWindow
) -> None:
    handle = int(window.winId())
    assert not order.is_topmost(handle)
    shade = Win32Shade(SystemClock(), Ear(), hotkey=HOTKEY, history=lambda: True)
    shade.start()
    try:
        assert first() == shade._shades[0]
        shade.adopt_curtain(handle, 0)

        def up() -> bool:
            application.processEvents()
            return first() == handle

        until(up)
        assert shade.covered()
    finally:
        shade.close()


def test_alone_it_rises_above_all(application: QApplication, window: QMainWindow) -> None:
    topmost = QMainWindow()
    topmost.setWindowFlags(Qt.WindowType.WindowStaysOnTopHint | Qt.WindowType.FramelessWindowHint)
    topmost.setGeometry(0, 0, 800, 600)
    topmost.show()
    application.processEvents()
    assert first() == int(topmost.winId())
    rise(window)
    assert first() == int(window.winId())
    topmost.close()
