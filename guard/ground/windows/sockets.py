"""Sockets: two that belong together, waiting for one, and handing one over to a child.

A socket's handle is not inherited as other handles are: it is shared with one process by its id
(WSADuplicateSocket), and what that call gives has to reach the process: here as the first bytes of its stdin.
"""

from __future__ import annotations

import select
import socket
import sys
from typing import Final

if sys.platform != "win32":
    raise ImportError("this is Windows' part")

_SHARED: Final = 628
"""Bytes: sizeof(WSAPROTOCOL_INFOW)."""


def socket_pair() -> tuple[socket.socket, socket.socket]:
    """Return two sockets that are connected to each other; what one sends is on its way at once.

    Here they are TCP's, which would keep a second short message back until the first is acknowledged (Nagle's
    algorithm, RFC 9293 3.7.4), for up to 200 ms (SIO_TCP_SET_ACK_FREQUENCY).
    """
    pair = socket.socketpair()
    for end in pair:
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return pair


def shared(descriptor: int, pid: int) -> bytes:
    """Share the socket of this handle with a process; return what that one must be given. Raises OSError."""
    sock = socket.socket(fileno=descriptor)
    try:
        return sock.share(pid)
    finally:
        sock.detach()


def taken_over(descriptor: int) -> socket.socket:  # noqa: ARG001 -- the same call as on Linux
    """Return the socket that our parent shared with us; raises OSError when it did not."""
    given = sys.stdin.buffer.read(_SHARED)
    try:
        return socket.fromshare(given)
    except ValueError:
        raise OSError("the parent has shared no socket") from None


def readable(sock: socket.socket, seconds: float | None = None) -> bool:
    """Wait until there is something to read, or the end of it; tell whether so within the time (s)."""
    return bool(select.select([sock], [], [], seconds)[0])
