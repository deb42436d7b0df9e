"""Waiting for a socket."""

from __future__ import annotations

import select
import sys
from typing import TYPE_CHECKING

if sys.platform != "win32":
    raise ImportError("this is Windows' part")

if TYPE_CHECKING:
    import socket


def readable(sock: socket.socket, seconds: float | None = None) -> bool:
    """Wait until there is something to read, or the end of it; tell whether so within the time (s)."""
    return bool(select.select([sock], [], [], seconds)[0])
