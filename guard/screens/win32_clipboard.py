"""Emptying what Windows calls the clipboard, and proving that it is empty.

All of it happens on a thread of its own: EmptyClipboard sends WM_DESTROYCLIPBOARD to whoever filled it, and a
page that hangs would hold up the shade. What Windows keeps beside it (history, other devices) is asked of
``history``, which the constructor is given.
"""

from __future__ import annotations

import queue
import sys
import threading
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import TYPE_CHECKING, Final

if sys.platform != "win32":
    raise ImportError("this is Windows' part")

from guard.screens.win32_api import user

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.clock import Clock

_AGAIN: Final = 0.01
"""s between two tries while another program has it open (OpenClipboard: for one window at a time)."""
_Task = tuple[float, "Future[bool] | None"]


class Win32Clipboard:
    """Empties the clipboard; every call may come from any thread."""

    def __init__(self, clock: Clock, history: Callable[[], bool]) -> None:
        """``history`` tells whether nothing is kept of what once lay on the clipboard."""
        self._clock = clock
        self._history = history
        self._tasks: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        self._pause = threading.Event()
        self._thread = threading.Thread(target=self._run, name="clipboard", daemon=True)
        self._thread.start()

    def clear(self, timeout: float) -> bool:
        """Empty it; tell whether it was seen empty, and nothing is kept of it, within ``timeout`` s."""
        done: Future[bool] = Future()
        self._tasks.put((self._clock.monotonic() + timeout, done))
        try:
            return done.result(timeout)
        except FutureTimeoutError:
            return False

    def clear_soon(self, timeout: float) -> None:
        """Empty it; returns at once."""
        self._tasks.put((self._clock.monotonic() + timeout, None))

    def close(self) -> None:
        """End the thread, at once or when a hung program lets go of it."""
        self._tasks.put(None)

    def _run(self) -> None:
        while task := self._tasks.get():
            deadline, done = task
            emptied = self._emptied(deadline)
            if done is not None:
                done.set_result(emptied)

    def _emptied(self, deadline: float) -> bool:
        while True:
            if _empty() and self._history():
                return True
            if self._clock.monotonic() >= deadline:
                return False
            self._pause.wait(_AGAIN)


def _empty() -> bool:
    """Empty it once; tell whether nothing lies on it afterwards."""
    if not user.OpenClipboard(None):
        return False
    user.EmptyClipboard()
    user.CloseClipboard()
    return not user.CountClipboardFormats()
