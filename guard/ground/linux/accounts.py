"""Whose account this is, and what of its environment a process of ours is given."""

from __future__ import annotations

import os
import sys
from typing import Final

if sys.platform == "win32":
    raise ImportError("this is Linux's part")

import pwd

KEPT_VARIABLES: Final = ("PATH", "HOME", "LANG", "TZ", "XDG_RUNTIME_DIR", "XDG_STATE_HOME")
"""Names of the environment variables that a process of ours needs; the rest it does not get."""


def account_name() -> str:
    """Return the name of the account that this process runs as."""
    return pwd.getpwuid(os.getuid()).pw_name
