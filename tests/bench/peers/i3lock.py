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


def unlock(display: str) -> None:
    """End every locker on this display, in place of the password; raises TimeoutError when one stays."""
    clock, pause = SystemClock(), threading.Event()
    end = clock.monotonic() + _END_SECONDS
    # Again until there is none: a locker that has just covered is about to leave a process of its own behind.
    while found := _lockers(display):
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
