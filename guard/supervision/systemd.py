"""systemd, by sd_notify(3) and sd_watchdog_enabled(3): datagrams to the socket that it names.

The socket is never waited for: a systemd that reads nothing must not hold up a cover. A sign of life that it
does not take is lost, as another one follows; what is said only once is kept, and sent with the next one.
"""

from __future__ import annotations

import logging
import os
import socket
import sys
from typing import TYPE_CHECKING, Final

from guard.errors import MachineError
from guard.supervision.nobody import Nobody

if sys.platform == "win32":
    raise ImportError("this is Linux' part")

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from guard.supervision.port import Supervisor

_SOCKET: Final = "NOTIFY_SOCKET"
_INTERVAL: Final = "WATCHDOG_USEC"
_PID: Final = "WATCHDOG_PID"
_READY: Final = "READY=1\nSTATUS=The screen is covered, and nothing of an earlier run is left."
_STOPPING: Final = "STOPPING=1\nSTATUS=Ending the session, and proving that nothing of it is left."

_log = logging.getLogger(__name__)


class Systemd:
    """A `guard.supervision.port.Supervisor`: the systemd that started this process.

    While the guard starts or ends, systemd looks at no sign of life but asks it to be done by
    TimeoutStartSec and TimeoutStopSec; `alive` then asks for more time, which only a loop that turns gets.
    """

    def __init__(self, address: str, interval: int | None) -> None:
        """Tell the socket at this address; ``interval`` is its WATCHDOG_USEC, in µs."""
        # An abstract name is written with an @ and begins with a zero byte (unix(7)).
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        self._interval = interval
        self._running = False
        self._owed: list[str] = []
        self._deaf = False

    @property
    def every(self) -> float | None:
        """Half of what systemd waits for, as sd_watchdog_enabled(3) recommends."""
        return None if self._interval is None else self._interval / 2_000_000

    def ready(self) -> None:
        """See `Supervisor.ready`."""
        self._running = True
        self._tell_once(_READY)

    def alive(self) -> None:
        """See `Supervisor.alive`."""
        sign = "WATCHDOG=1"
        if not self._running and self._interval is not None:
            sign += f"\nEXTEND_TIMEOUT_USEC={self._interval}"
        self._send([*self._owed, sign])

    def stopping(self) -> None:
        """See `Supervisor.stopping`."""
        self._running = False
        self._tell_once(_STOPPING)

    def _tell_once(self, what: str) -> None:
        self._owed.append(what)
        self._send(self._owed)

    def _send(self, lines: list[str]) -> None:
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
                sock.settimeout(0)
                sock.sendto("\n".join(lines).encode(), self._address)
        except OSError as error:
            if not self._deaf:
                _log.warning("systemd does not take what it is told (%s)", error.strerror)
            self._deaf = True
        else:
            self._deaf = False
            self._owed.clear()


def supervisor_of(environment: MutableMapping[str, str]) -> Supervisor:
    """Return who supervises this process, and take it out of the environment: it is no child's business.

    Raises MachineError when the environment names a socket or an interval that is none.
    """
    address, interval, pid = (environment.pop(name, "") for name in (_SOCKET, _INTERVAL, _PID))
    if not address:
        return Nobody()
    if address[0] not in "/@" or len(address) < 2:
        raise MachineError(f"{_SOCKET} must be an absolute path, or a name after @; it is {address!r}.")
    return Systemd(address, _watchdog(interval, pid))


def _watchdog(interval: str, pid: str) -> int | None:
    """Return the µs within which systemd wants a sign of life from this process; None when it wants none."""
    if not interval or (pid and pid != str(os.getpid())):
        return None
    if not interval.isascii() or not interval.isdigit() or int(interval) == 0:
        raise MachineError(f"{_INTERVAL} must be a number of microseconds; it is {interval!r}.")
    return int(interval)
