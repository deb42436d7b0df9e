"""Whose account this is, and what of its environment a process of ours is given."""

from __future__ import annotations

import sys
from typing import Final

if sys.platform != "win32":
    raise ImportError("this is Windows' part")

import win32api

KEPT_VARIABLES: Final = (
    "APPDATA",
    "COMPUTERNAME",
    "LOCALAPPDATA",
    "PATH",
    "PROGRAMDATA",
    "SYSTEMDRIVE",
    "SYSTEMROOT",
    "TEMP",
    "TMP",
    "USERDOMAIN",
    "USERNAME",
    "USERPROFILE",
    "WINDIR",
)
"""Names of the environment variables that a process of ours needs; the rest it does not get.

Without SYSTEMROOT neither sockets nor random numbers are to be had (CPython's docs of Popen).
"""


def account_name() -> str:
    """Return the name of the account that this process runs as."""
    return str(win32api.GetUserName())
