"""How Qt's windows lie on X11: beyond the window manager's reach, never asking for the keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

FLAGS: Final = (
    Qt.WindowType.X11BypassWindowManagerHint
    | Qt.WindowType.FramelessWindowHint
    | Qt.WindowType.WindowDoesNotAcceptFocus
)


def sink(window: QWidget) -> None:
    """Put it below all others."""
    window.winId()
    window.lower()


def rise(window: QWidget) -> None:
    """Put it above all others now."""
    window.raise_()
