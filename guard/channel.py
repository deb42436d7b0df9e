"""Messages between the core and its children: one JSON object a line over a socket pair.

A message is at most `MAX_LINE` bytes and must be a JSON object; anything else closes the channel, for a child
that breaks the protocol is no longer trusted (fail closed). Sending never blocks: a peer that does not read
until the socket's buffer is full counts as dead.
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Iterator, Mapping

from guard.errors import BrokenPromiseError
from guard.ground import readable

Message = Mapping[str, object]
MAX_LINE = 64 * 1024


class ChannelClosedError(BrokenPromiseError):
    """The peer is gone, does not read, or broke the protocol."""


class Channel:
    """One end of a socket pair."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)  # noqa: FBT003 -- the library's own signature
        self._sock = sock
        self._send_lock = threading.Lock()

    @classmethod
    def pair(cls) -> tuple[Channel, socket.socket]:
        """Return our end, and the raw end for a child (close it here once the child has it)."""
        ours, theirs = socket.socketpair()
        theirs.set_inheritable(True)
        return cls(ours), theirs

    @classmethod
    def inherited(cls, descriptor: int) -> Channel:
        """Return the channel that our parent left us as this file descriptor."""
        sock = socket.socket(fileno=descriptor)
        sock.set_inheritable(False)
        return cls(sock)

    def send(self, message: Message) -> None:
        """Send one message; raises ChannelClosedError if the peer cannot take it now."""
        line = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        if len(line) > MAX_LINE:
            raise BrokenPromiseError(f"a message of {len(line)} bytes is longer than the {MAX_LINE} allowed")
        try:
            with self._send_lock:
                sent = self._sock.send(line)
        except OSError as error:
            raise ChannelClosedError("the peer does not take messages any more") from error
        if sent != len(line):
            self.close()
            raise ChannelClosedError("the peer does not read its messages")

    def messages(self) -> Iterator[dict[str, object]]:
        """Yield messages until the peer closes or breaks the protocol; then return."""
        buffer = b""
        while True:
            try:
                readable(self._sock)
                data = self._sock.recv(MAX_LINE)
            except BlockingIOError:  # nothing there after all
                continue
            except (OSError, ValueError):  # ValueError: closed by ourselves meanwhile
                return
            if not data:
                return
            buffer += data
            *lines, buffer = buffer.split(b"\n")
            if len(buffer) > MAX_LINE:
                return
            for line in lines:
                try:
                    message = json.loads(line)
                except (ValueError, RecursionError):  # the latter for a line of brackets only
                    return
                if not isinstance(message, dict):
                    return
                yield message

    def close(self) -> None:
        """Close both directions; a reader in `messages` returns. May be called again."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)
        self._sock.close()
