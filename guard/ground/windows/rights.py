"""Who may enter a folder or open an object: the account of this process and the system, nobody else."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if sys.platform != "win32":
    raise ImportError("this is Windows' part")

import win32api
import win32con
import win32security

if TYPE_CHECKING:
    from pathlib import Path

    import _win32typing

_INHERITED = win32security.OBJECT_INHERIT_ACE | win32security.CONTAINER_INHERIT_ACE


def own_sid() -> _win32typing.PySID:
    """Return the SID of the account that this process runs as."""
    token = win32security.OpenProcessToken(win32api.GetCurrentProcess(), win32con.TOKEN_QUERY)
    try:
        user: tuple[_win32typing.PySID, int] = win32security.GetTokenInformation(
            token, win32security.TokenUser
        )
    finally:
        win32api.CloseHandle(token)
    return user[0]


def keep_for_ourselves(folder: Path) -> None:
    """Let this account and SYSTEM alone into the folder, and pass nothing down from above.

    Raises pywintypes.error. SYSTEM stays, for backups and virus scanners run as it, and it gets in anyway.
    """
    rights = win32security.ACL()
    for sid in (own_sid(), win32security.CreateWellKnownSid(win32security.WinLocalSystemSid)):
        rights.AddAccessAllowedAceEx(win32security.ACL_REVISION, _INHERITED, win32con.GENERIC_ALL, sid)
    win32security.SetNamedSecurityInfo(
        os.fspath(folder),
        win32security.SE_FILE_OBJECT,
        win32security.DACL_SECURITY_INFORMATION | win32security.PROTECTED_DACL_SECURITY_INFORMATION,
        None,
        None,
        rights,
        None,
    )
