"""How Qt's windows lie on Windows: no frame, no button on the task bar, never asking for the keys.

Not Qt's WindowStaysOnTopHint: a window that is topmost from its first moment would show above a portal in
use, and Qt neither raises nor lowers it any more (QWindowsWindow::raise_sys). The shade makes them topmost
when it takes them over.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

if sys.platform != "win32":
    raise ImportError("this is Windows' part")

from PySide6.QtCore import Qt

from guard.screens.win32_order import never_activate, to_bottom, to_top

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

FLAGS: Final = Qt.WindowType.Tool | Qt.WindowType.FramelessWindowHint | Qt.WindowType.WindowDoesNotAcceptFocus
"""WS_EX_TOOLWINDOW and WS_POPUP; the third is Qt's own answer to a press."""


def sink(window: QWidget) -> None:
    """Put it below all others; GUI thread only."""
    handle = int(window.winId())
    never_activate(handle)  # Qt 6.8 answers WM_MOUSEACTIVATE instead, which a hung page would not
    to_bottom(handle, own=True)


def rise(window: QWidget) -> None:
    """Put it above all others now, and into the upper pile; GUI thread only."""
    to_top(int(window.winId()), own=True)
