"""The thread that owns a process's windows.

Other threads put their work into a queue and wake it through the kernel. A Qt signal would do the same, but
then the binding looks through its table of objects on a thread that is not the windows', and now and then
crashes there: seen four times in 16 hours of tests, each time at the same place of libshiboken6 6.11.3.
"""

from __future__ import annotations

import contextlib
from collections import deque
from typing import TYPE_CHECKING

from PySide6.QtCore import QSocketNotifier

from guard.ground import socket_pair

if TYPE_CHECKING:
    from collections.abc import Callable

_RINGS = 4096
"""Bytes taken at once; each is somebody who rang."""


class GuiThread:
    """Begins work on the thread that made this object, in order; `run` may be called from every thread.

    What waits in a loop of its own lets what follows be done meanwhile.

    Must be made where Qt's application is there already.
    """

    def __init__(self) -> None:
        self._todo: deque[Callable[[], None]] = deque()
        self._bell, self._heard = socket_pair()
        for end in (self._bell, self._heard):
            end.setblocking(False)  # noqa: FBT003 -- the library's own signature
        self._notifier = QSocketNotifier(self._heard.fileno(), QSocketNotifier.Type.Read)
        self._notifier.activated.connect(self._do)

    def run(self, work: Callable[[], None]) -> None:
        """Have this done on the GUI thread; returns at once."""
        self._todo.append(work)
        self._ring()

    def _ring(self) -> None:
        with contextlib.suppress(BlockingIOError):  # it rings already
            self._bell.send(b"!")

    def _do(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._heard.recv(_RINGS)
        if not self._todo:
            return
        work = self._todo.popleft()
        if self._todo:  # rings for what is left first: the work may fail, or wait in a loop of its own
            self._ring()
        work()
