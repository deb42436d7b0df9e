"""The thread that owns a process's windows.

Other threads put their work into a queue and wake it through the kernel. A Qt signal would do the same, but
then the binding looks through its table of objects on a thread that is not the windows', and now and then
crashes there: seen four times in 16 hours of tests, each time at the same place of libshiboken6 6.11.3.
"""

from __future__ import annotations

import os
from collections import deque
from typing import TYPE_CHECKING

from PySide6.QtCore import QSocketNotifier

if TYPE_CHECKING:
    from collections.abc import Callable


class GuiThread:
    """Runs work on the thread that made this object, in order; `run` may be called from every thread.

    Must be made where Qt's application is there already.
    """

    def __init__(self) -> None:
        self._todo: deque[Callable[[], None]] = deque()
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK | os.EFD_SEMAPHORE)
        self._notifier = QSocketNotifier(self._wake, QSocketNotifier.Type.Read)
        self._notifier.activated.connect(self._do)

    def run(self, work: Callable[[], None]) -> None:
        """Have this done on the GUI thread; returns at once."""
        self._todo.append(work)
        os.eventfd_write(self._wake, 1)

    def _do(self) -> None:
        os.eventfd_read(self._wake)  # counts down: what is left wakes again, also when this work fails
        self._todo.popleft()()
