"""A virtual card for practice and tests, on the vsmartcard (vpcd) protocol. Holds nobody's data.

TCP, every message ``<length: 2 bytes, big endian><payload>``. The reader sends one byte: 0 power off, 1 power
on, 2 reset, 4 give your ATR; anything longer is a command. Only 4 and commands are answered. To connect is to
lie down on the reader, to disconnect is to leave it.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import sys
import threading
import time

from guard.errors import BrokenPromiseError

ATR = bytes.fromhex("3BDA13FF8131FB468012392F31C173C601C03B")
"""The answer to reset that all cards of a generation share (pcsc-tools' public list); names no person."""

_GIVE_ATR = b"\x04"
_NOT_SUPPORTED = b"\x6d\x00"
"""ISO 7816-4: instruction not supported. We never send a command; another program's gets this."""
_CONNECT_DEADLINE = 5.0


class VirtualCard:
    """One card, and the loopback port of the reader's driver that it can be laid on."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._sock: socket.socket | None = None

    @property
    def lies_there(self) -> bool:
        """True between `insert` and `remove`, whether or not the driver is alive."""
        return self._sock is not None

    def insert(self) -> float:
        """Lay the card on the reader; return the monotonic time (s) just before.

        Raises OSError when no driver listens, BrokenPromiseError when the card lies there already.
        """
        if self._sock is not None:
            raise BrokenPromiseError("the practice card lies on the reader already")
        at = time.monotonic()
        sock = socket.create_connection(("127.0.0.1", self._port), timeout=_CONNECT_DEADLINE)
        sock.settimeout(None)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sock = sock
        threading.Thread(target=self._serve, args=(sock,), name="practice-card", daemon=True).start()
        return at

    def remove(self) -> float:
        """Take the card off the reader; return the monotonic time (s) just before.

        Raises BrokenPromiseError when no card lies there.
        """
        sock, self._sock = self._sock, None
        if sock is None:
            raise BrokenPromiseError("no practice card lies on the reader")
        at = time.monotonic()
        with contextlib.suppress(OSError):  # the driver may have gone first
            sock.shutdown(socket.SHUT_RDWR)  # ends `_serve`, which closes it
        return at

    def answer(self, command: bytes) -> bytes:  # noqa: ARG002 -- a card that knows more looks at it
        """Return what the card says to a command (ISO 7816-4): that it does not know it."""
        return _NOT_SUPPORTED

    def _serve(self, sock: socket.socket) -> None:
        """Be the card until either side disconnects."""
        with sock, contextlib.suppress(OSError):
            while header := _receive(sock, 2):
                message = _receive(sock, struct.unpack(">H", header)[0])
                if message == _GIVE_ATR:
                    _send(sock, ATR)
                elif len(message) > 1:
                    _send(sock, self.answer(message))


def _send(sock: socket.socket, message: bytes) -> None:
    sock.sendall(struct.pack(">H", len(message)) + message)


def _receive(sock: socket.socket, length: int) -> bytes:
    """Return exactly this many bytes, or none when the driver is gone."""
    received = b""
    while len(received) < length:
        # vpcd sends header and body apart: without this the body waits 44 ms for our delayed acknowledgement.
        if sys.platform == "linux":
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        part = sock.recv(length - len(received))
        if not part:
            return b""
        received += part
    return received
