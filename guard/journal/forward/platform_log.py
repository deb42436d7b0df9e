"""What this operating system calls its log, and whether a syslog server's word can be proven here."""

import sys
from pathlib import Path
from typing import Final

_WINDOWS: Final = sys.platform == "win32"
NAME: Final = "event-log" if _WINDOWS else "journald"
"""Of the platform's log, for status and alerts."""
PLACE: Final = Path("MadoguchiGuard" if _WINDOWS else "/run/systemd/journal/socket")
"""Where it is: a source of the Event Log, or a socket that is there on every PC with journald."""
SYSLOG: Final = not _WINDOWS
"""Whether records can go to a syslog server: only where the kernel tells that it read them (`closure`)."""
