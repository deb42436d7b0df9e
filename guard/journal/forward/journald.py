"""The platform's log on Linux: journald's native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL).

One datagram an entry, ``NAME=value`` a line; the form for values with line ends in them is not needed, for
`plain` leaves none. Own code, as libsystemd's binding needs a compiler and the pure ones (logging-journald)
are mostly about Python's logging; no fall-back to ``/dev/log`` either: Debian has journald, and where it is
missing the status says so. What the kernel queued for journald counts as taken: best effort.
"""

from __future__ import annotations

import sys

if sys.platform == "win32":
    raise ImportError("this is Linux's part")

import re
import socket
import sys
from typing import TYPE_CHECKING, Final

if sys.platform == "win32":
    raise ImportError("this is Linux's part")

from guard.journal.forward.port import Pace, TargetError, TargetMissingError
from guard.journal.forward.telling import APP, plain, sentence, values
from guard.journal.severity import severity

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from guard.journal.record import Record

_PATIENCE: Final = 5.0
"""s for which a full queue is waited on."""
_NOT_IN_NAMES: Final = re.compile(r"[^A-Z0-9_]")
_NAME_MOST: Final = 64


class Journald:
    """A `guard.journal.forward.port.Target`: entries with SYSLOG_IDENTIFIER madoguchi-guard and GUARD_…."""

    name = "journald"
    place = "journald"
    pace = Pace(records=500, rest=2.0)
    """journald silently drops what a service sends beyond 10,000 in 30 s (journald.conf, RateLimitBurst=)."""
    wants_history = False
    """Three years at once would push other programs' entries out."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def send(self, records: Sequence[Record]) -> int:
        """See `guard.journal.forward.port.Target.send`; TargetMissingError where nobody listens."""
        taken = 0
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.settimeout(_PATIENCE)
            try:
                sock.connect(str(self._path))
                for record in records:
                    sock.send(entry(record))
                    taken += 1
            except (FileNotFoundError, ConnectionRefusedError) as error:
                if not taken:
                    raise TargetMissingError(f"no journald listens at {self._path}") from error
            except OSError as error:
                if not taken:
                    raise TargetError(f"journald at {self._path} takes nothing ({error})") from error
        return taken


def entry(record: Record) -> bytes:
    """Return the record as one datagram."""
    own = {"at": plain(record.at), "kind": plain(record.kind)} | values(record)
    fields = {
        f"GUARD_{_NOT_IN_NAMES.sub('_', name.upper())}"[:_NAME_MOST]: text for name, text in own.items()
    }
    fields |= {"MESSAGE": sentence(record), "PRIORITY": f"{severity(record):d}", "SYSLOG_IDENTIFIER": APP}
    return "".join(f"{name}={text}\n" for name, text in fields.items()).encode()
