"""Sockets: two that belong together, waiting for one, and taking over what a parent left."""

from __future__ import annotations

import select
import socket
import sys

if sys.platform == "win32":
    raise ImportError("this is Linux's part")


def socket_pair() -> tuple[socket.socket, socket.socket]:
    """Return two sockets that are connected to each other; what one sends is on its way at once."""
    return socket.socketpair()


def taken_over(descriptor: int) -> socket.socket:
    """Return the socket that our parent left us under this number; raises OSError."""
    sock = socket.socket(fileno=descriptor)
    sock.set_inheritable(False)
    return sock


def readable(sock: socket.socket, seconds: float | None = None) -> bool:
    """Wait until there is something to read, or the end of it; tell whether so within the time (s).

    By poll(2), which, unlike select(2), takes descriptors of any number.
    """
    waiting = select.poll()
    waiting.register(sock, select.POLLIN)
    return bool(waiting.poll(None if seconds is None else seconds * 1000))
