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
from guard.ground import readable, socket_pair, taken_over

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
        self._end_lock = threading.Lock()
        self._closed = False
        self._waiting = 0

    @classmethod
    def pair(cls) -> tuple[Channel, socket.socket]:
        """Return our end, and the raw end for a child (close it here once the child has it)."""
        ours, theirs = socket_pair()
        theirs.set_inheritable(True)
        return cls(ours), theirs

    @classmethod
    def inherited(cls, descriptor: int) -> Channel:
        """Return the channel that our parent left us as this file descriptor."""
        return cls(taken_over(descriptor))

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
        while data := self._received():
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

    def _received(self) -> bytes:
        """Wait for bytes and return them; none once the channel is over, at whichever end."""
        with self._end_lock:
            if self._closed:
                return b""
            self._waiting += 1
        try:
            while True:
                readable(self._sock)
                with contextlib.suppress(BlockingIOError):  # nothing there after all
                    return self._sock.recv(MAX_LINE)
        except OSError:
            return b""
        finally:
            with self._end_lock:
                self._waiting -= 1
                self._release()

    def close(self) -> None:
        """Close both directions; a reader in `messages` returns. May be called again."""
        with self._end_lock:
            self._closed = True
            with contextlib.suppress(OSError):
                self._sock.shutdown(socket.SHUT_RDWR)
            self._release()

    def _release(self) -> None:
        """Give the socket back, but not while somebody waits on it: its number may be another's at once."""
        if self._closed and not self._waiting:
            self._sock.close()
