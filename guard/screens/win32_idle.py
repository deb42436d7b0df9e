"""How long nobody has used the PC, as Windows counts it for this logon (GetLastInputInfo).

Keyboard, mouse and touch screen count, whichever window they went to; so does what a program injects
(SendInput): against one that never tires, only the longest duration of a session helps.
"""

from __future__ import annotations

import ctypes
import sys

if sys.platform != "win32":
    raise ImportError("this is Windows' part")

from guard.screens.ticks import since
from guard.screens.win32_api import LASTINPUTINFO, kernel, user


def since_input() -> float:
    """Return s since the last input; 0.0 when Windows does not say."""
    last = LASTINPUTINFO(cbSize=ctypes.sizeof(LASTINPUTINFO))
    if not user.GetLastInputInfo(ctypes.byref(last)):
        return 0.0
    return since(last.dwTime, kernel.GetTickCount())
