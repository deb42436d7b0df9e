"""A port for a server that a test starts, or for nobody."""

from __future__ import annotations

import socket


def free_port() -> int:
    """Return a port on loopback that nobody uses now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port
