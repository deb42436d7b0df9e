"""What the keeper asks of this PC: who is logged on, whom to serve, the log."""

# mypy: no-warn-unused-ignores
# An ignore is one on Windows only, where pywin32's stubs are wrong.

from __future__ import annotations

import sys
import winreg
from typing import TYPE_CHECKING, Final

if sys.platform != "win32":
    raise ImportError("this is Windows' part")

import pywintypes
import win32api
import win32ts

from guard.errors import MachineError
from guard.keeper.names import ACCOUNT, KEY
from guard.keeper.note import note
from guard.keeper.sessions import Session, session_to_serve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from guard.keeper.launch import KeptGuard, Launcher

_HERE: Final = 0
"""WTS_CURRENT_SERVER_HANDLE."""


def account_to_serve(key: str = KEY) -> str:
    """Return the account the administrator set, empty for whoever is at the console; MachineError."""
    look = winreg.KEY_READ | winreg.KEY_WOW64_64KEY
    try:
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, key, 0, look) as opened:
            found, kind = winreg.QueryValueEx(opened, ACCOUNT)
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise MachineError(rf"HKEY_LOCAL_MACHINE\{key} cannot be read: {error.strerror}") from error
    if kind != winreg.REG_SZ or not isinstance(found, str):
        raise MachineError(rf"HKEY_LOCAL_MACHINE\{key}, value {ACCOUNT}, must be a text (REG_SZ)")
    return found.strip()


def sessions() -> Iterator[Session]:
    """Give the sessions that somebody is logged on to; raises pywintypes.error."""
    console = win32ts.WTSGetActiveConsoleSessionId()  # type: ignore[no-untyped-call]
    for found in win32ts.WTSEnumerateSessions(_HERE):
        number = int(found["SessionId"])
        try:
            user = str(win32ts.WTSQuerySessionInformation(_HERE, number, win32ts.WTSUserName) or "")
            domain = str(win32ts.WTSQuerySessionInformation(_HERE, number, win32ts.WTSDomainName) or "")
        except pywintypes.error:  # it went since
            continue
        if user:
            yield Session(number, domain, user, at_console=number == console)


class ThisPc:
    """What `guard.keeper.attendance.Surroundings` names but for the service's own end."""

    def __init__(self, launcher: Launcher) -> None:
        self._launcher = launcher
        self._told = ""

    def session(self, served: int | None) -> int | None:
        """See `Surroundings.session`; where it cannot be told, the one served so far is served on."""
        try:
            return session_to_serve(tuple(sessions()), account_to_serve(), win32api.GetComputerName(), served)
        except (pywintypes.error, MachineError) as error:
            why = error.sentence if isinstance(error, MachineError) else str(error.strerror)
            if why != self._told:  # it is looked every few seconds
                self.note(f"it cannot be told whose session to serve: {why}")
            self._told = why
            return served

    def start(self, session: int) -> KeptGuard:
        """See `Surroundings.start`."""
        return self._launcher.start(session)

    def note(self, sentence: str) -> None:
        """See `Surroundings.note`."""
        note("Keeper", f"{sentence}.")
