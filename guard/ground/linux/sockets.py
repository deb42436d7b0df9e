"""Waiting for a socket."""

from __future__ import annotations

import select
import sys
from typing import TYPE_CHECKING

if sys.platform == "win32":
    raise ImportError("this is Linux's part")

if TYPE_CHECKING:
    import socket


def readable(sock: socket.socket, seconds: float | None = None) -> bool:
    """Wait until there is something to read, or the end of it; tell whether so within the time (s).

    By poll(2), which, unlike select(2), takes descriptors of any number.
    """
    waiting = select.poll()
    waiting.register(sock, select.POLLIN)
    return bool(waiting.poll(None if seconds is None else seconds * 1000))
