"""What this operating system calls its log, and whether a syslog server's word can be proven here."""

import sys
from pathlib import Path
from typing import Final

NAME: Final[str]
"""Of the platform's log, for status and alerts."""
PLACE: Final[Path]
"""Where it is."""
SYSLOG: Final[bool]
"""Whether records can go to a syslog server: only where the kernel tells that it read them (`closure`)."""

if sys.platform == "win32":
    NAME, PLACE, SYSLOG = "event-log", Path("MadoguchiGuard"), False
else:
    NAME, PLACE, SYSLOG = "journald", Path("/run/systemd/journal/socket"), True
