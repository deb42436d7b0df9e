"""Sockets on Windows: a pair is TCP's there, and must not behave like it."""

from __future__ import annotations

import socket
import sys

assert sys.platform == "win32"

from guard.ground import socket_pair


def test_neither_end_of_a_pair_keeps_a_short_message_back() -> None:
    one, other = socket_pair()
    with one, other:
        for end in (one, other):
            assert end.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
