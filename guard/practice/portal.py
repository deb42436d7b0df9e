"""The parent's hold on the practice portal: starts it, stops it, keeps its diary."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import socket
import subprocess
import sys
import threading
import urllib.parse
from typing import TYPE_CHECKING, Self

from guard.channel import Channel
from guard.environment import kept
from guard.errors import ConfigError, MachineError
from guard.ground import start_bound
from guard.practice.diary import Diary, from_message

if TYPE_CHECKING:
    from types import TracebackType

_STOP_SECONDS = 5
"""A process that only has to notice the end of a file has long ended by then."""


class PracticePortal:
    """A practice portal in a process of its own, on loopback; forgets everything when stopped."""

    def __init__(self) -> None:
        self.diary = Diary()
        self._channel: Channel | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None

    def start(self, start_url: str) -> None:
        """Serve this address; when it returns, browsers can connect.

        Raises ConfigError for an address that is not ``http://127.x.x.x:PORT/`` and MachineError when the
        port is taken.
        """
        host, port = _loopback(start_url)
        listening = socket.socket()
        if sys.platform == "win32":  # there, reuse means to take a port away from whoever has it
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with listening:
            try:
                listening.bind((host, port))
                listening.listen(64)
            except OSError as error:
                raise MachineError(
                    f"port {port} on {host} is taken or not allowed ({error.strerror}), so the practice"
                    " portal cannot start: end the other program or change `start` in the site profile"
                ) from error
            self._channel, theirs = Channel.pair()
            with theirs:
                handed = theirs.fileno(), listening.fileno()
                server = (sys.executable, "-P", "-m", "guard.practice.server", *map(str, handed))
                self._process = start_bound(server, kept(os.environ), handed=handed)
        self._reader = threading.Thread(target=self._read, args=(self._channel,), name="practice-portal")
        self._reader.start()

    @property
    def pid(self) -> int | None:
        """The portal's process id, or None while it does not run."""
        return self._process.pid if self._process is not None else None

    def stop(self) -> None:
        """End it; returns when it is gone. May be called again."""
        if self._channel is not None:
            self._channel.close()
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_STOP_SECONDS)
            self._process.kill()
            self._process.wait()
        if self._reader is not None:
            self._reader.join()
        self._channel = self._process = self._reader = None

    def _read(self, channel: Channel) -> None:
        for message in channel.messages():
            self.diary.add(from_message(message))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _loopback(start_url: str) -> tuple[str, int]:
    address = urllib.parse.urlsplit(start_url)
    try:
        host, port = ipaddress.IPv4Address(address.hostname or ""), address.port
    except ValueError:
        host, port = None, None
    if address.scheme != "http" or host is None or not host.is_loopback or not port:
        raise ConfigError(
            f"`start` of a practice site is {start_url!r}; the practice portal is only ever served on this"
            " PC, so http://127.x.x.x:PORT/ is allowed"
        )
    return str(host), port
