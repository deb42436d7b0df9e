"""What the kernel knows about a peer that has closed its end of a TCP connection (Linux)."""

from __future__ import annotations

import socket
import struct
import sys
from typing import Final

if sys.platform == "win32":
    raise ImportError("this is Linux's part")

import fcntl
import termios

_CLOSE_WAIT: Final = 8
"""TCP_CLOSE_WAIT of linux/tcp_states.h: a FIN came, and no RST."""


def peer_has_read_all(sock: socket.socket) -> bool:
    """Tell, once the end of the peer's data was read, whether its program had read all of ours.

    A kernel that closes a socket with data its program did not read sends a reset, not a FIN, and answers
    what arrives later with a reset, too (RFC 2525, section 2.17). So a FIN, and nothing of ours
    unacknowledged (tcp(7), SIOCOUTQ), says that the program had taken every byte, even if it was killed.
    """
    state = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
    (unacknowledged,) = struct.unpack("i", fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, bytes(4)))
    return state == _CLOSE_WAIT and unacknowledged == 0
