"""The end of sd_notify(3) that systemd has: a socket that hears what a service tells."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import socket
from pathlib import Path
from typing import Self

PATIENCE = 60.0


class Manager:
    """Hears datagrams at a path, or at an abstract name that begins with an @."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._name = f"\0{address[1:]}" if address.startswith("@") else address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self._name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
        if not self.address.startswith("@"):
            Path(self.address).unlink()

    def next(self, patience: float = PATIENCE) -> str:
        """Return the next datagram; raises TimeoutError when none comes within so many s."""
        self._socket.settimeout(patience)
        return self._socket.recv(4096).decode()

    def heard(self) -> list[str]:
        """Return what waits to be heard; waits for nothing."""
        told: list[str] = []
        self._socket.settimeout(0)
        try:
            while True:
                told.append(self._socket.recv(4096).decode())
        except BlockingIOError:
            return told

    def fill(self) -> bool:
        """Tell this manager something, as another service would; False when it takes no more."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
            other.settimeout(0)
            try:
                other.sendto(b"WATCHDOG=1", self._name)
            except BlockingIOError:
                return False
        return True
