"""The screen locker that all peers drive: Debian's i3lock, an opaque white window with the keyboard taken."""

from __future__ import annotations

import contextlib
import threading

import psutil

from guard.clock import SystemClock

COMMAND = ("i3lock", "--color=ffffff")
"""Returns as soon as the screen is covered; a process of its own stays behind until the password is given."""
_NAME = COMMAND[0]
_END_SECONDS = 5.0
_POLL_SECONDS = 0.02
_NONE_LEFT = 10
"""Looks in a row without one; a single one can fall between the start of the process that stays and the end
of the one before it, and find neither."""


def unlock(display: str) -> None:
    """End every locker on this display, in place of the password; raises TimeoutError when one stays."""
    clock, pause = SystemClock(), threading.Event()
    end = clock.monotonic() + _END_SECONDS
    none = 0
    while none < _NONE_LEFT:
        found = _lockers(display)
        none = 0 if found else none + 1
        if clock.monotonic() > end:
            raise TimeoutError(f"{_NAME} does not end")
        for process in found:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.terminate()
        pause.wait(_POLL_SECONDS)


def _lockers(display: str) -> list[psutil.Process]:
    """Return every locker on this display that is alive; a zombie is not."""
    found = list[psutil.Process]()
    for process in psutil.process_iter(["name"]):
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):  # zombies and others' processes
            if process.info["name"] == _NAME and process.environ().get("DISPLAY") == display:
                found.append(process)
    return found
