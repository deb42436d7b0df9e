"""A port for a server that a test starts, or for nobody."""

from __future__ import annotations

import random
import socket
from contextlib import suppress
from typing import Final

_OURS: Final = range(20000, 32000)
"""Below those that systems give to whoever asks for any: 32768 up on Linux (ip(7)), 49152 up on Windows."""


def free_port() -> int:
    """Return a port on loopback that nobody uses now, nor gets unless they ask for this one."""
    for port in random.SystemRandom().sample(_OURS, 100):
        with suppress(OSError), socket.socket() as sock:
            sock.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port is free")
