"""The thread that owns a process's windows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal

if TYPE_CHECKING:
    from collections.abc import Callable


class GuiThread(QObject):
    """Runs work on the thread that made this object, in order; `run` may be called from every thread."""

    _work = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._work.connect(self._do, Qt.ConnectionType.QueuedConnection)

    def run(self, work: Callable[[], None]) -> None:
        """Have this done on the GUI thread; returns at once."""
        self._work.emit(work)

    def _do(self, work: Callable[[], None]) -> None:
        work()
