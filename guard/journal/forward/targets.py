"""The targets that a set-up names, on this operating system."""

from __future__ import annotations

import socket
import sys
from typing import TYPE_CHECKING

import guard

if sys.platform == "win32":
    from guard.journal.forward.event_log import EventLog as PlatformLog
else:
    from guard.journal.forward.journald import Journald as PlatformLog
    from guard.journal.forward.tls import TlsSyslog

if TYPE_CHECKING:
    from guard.journal.forward.messages import Setup
    from guard.journal.forward.port import Target


def targets(setup: Setup) -> list[Target]:
    """Return them, the platform's log first; the settings name no syslog server where there is none."""
    found: list[Target] = []
    if setup.platform_log:
        found.append(PlatformLog(setup.platform_log))
    if setup.syslog and sys.platform != "win32":
        host, patience = socket.gethostname(), setup.timing.patience
        found.append(TlsSyslog(setup.syslog, host, guard.__version__, patience))
    return found
