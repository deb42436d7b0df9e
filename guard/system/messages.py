"""What Windows' messages to a top-level window say about the PC's near future. Pure."""

from __future__ import annotations

from enum import Enum, auto
from typing import Final

from guard.session.events import SystemChange

QUERY_END_SESSION: Final = 0x0011
END_SESSION: Final = 0x0016
POWER_BROADCAST: Final = 0x0218
SESSION_CHANGE: Final = 0x02B1
"""WM_QUERYENDSESSION, WM_ENDSESSION, WM_POWERBROADCAST, WM_WTSSESSION_CHANGE (winuser.h)."""

_LOGOFF: Final = 0x8000_0000
"""ENDSESSION_LOGOFF: the account logs out; without it the PC goes down or restarts."""
_SUSPEND: Final = 0x4
_RESUMED: Final = frozenset({0x7, 0x12})
"""PBT_APMSUSPEND; PBT_APMRESUMESUSPEND and PBT_APMRESUMEAUTOMATIC."""
_TAKEN_AWAY: Final = frozenset({0x2, 0x3, 0x4, 0x7})
"""WTS_CONSOLE_DISCONNECT, WTS_REMOTE_CONNECT, WTS_REMOTE_DISCONNECT, WTS_SESSION_LOCK: whoever comes next,
by fast user switching or from afar, is not the citizen."""
_LOGGED_OFF: Final = 0x6


class Told(Enum):
    """What is no `SystemChange`."""

    AWAKE = auto()
    """The sleep is over."""
    GOES = auto()
    """The logon ends now: Windows waits until this message is answered, and not for long."""
    STAYS = auto()
    """The end that was asked about does not come."""


def understand(message: int, wide: int, long: int) -> SystemChange | Told | None:  # noqa: PLR0911 -- one flat case each
    """Return what this message means; None: nothing that the guard needs to know."""
    match message:
        case 0x0011:
            return SystemChange.LOGOUT if long & _LOGOFF else SystemChange.SHUTDOWN
        case 0x0016:
            return Told.GOES if wide else Told.STAYS
        case 0x0218 if wide == _SUSPEND:
            return SystemChange.SUSPEND
        case 0x0218 if wide in _RESUMED:
            return Told.AWAKE
        case 0x02B1 if wide in _TAKEN_AWAY:
            return SystemChange.LOCK
        case 0x02B1 if wide == _LOGGED_OFF:
            return SystemChange.LOGOUT
        case _:
            return None
