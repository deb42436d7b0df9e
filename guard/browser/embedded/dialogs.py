"""Keeps the engine's own dialogs, such as the one of ``<input type="color">``, off the screen."""

from __future__ import annotations

from PySide6.QtCore import QChildEvent, QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QDialog, QWidget


class NoDialogs(QObject):
    """Ends every dialog that this view is to show, before it is a window; fires ``refused`` each time."""

    refused = Signal()

    def __init__(self, view: QWidget) -> None:
        super().__init__(view)
        view.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:  # noqa: N802 -- Qt's name
        """Catch it when it is made ready to be shown."""
        dialog = event.child() if isinstance(event, QChildEvent) and event.polished() else None
        if isinstance(dialog, QDialog):
            dialog.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
            QTimer.singleShot(0, dialog, dialog.reject)
            self.refused.emit()
        return False
