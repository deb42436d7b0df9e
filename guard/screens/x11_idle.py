"""How long nobody has used the PC, as the X server itself counts it (the MIT-SCREEN-SAVER extension).

Keyboard, mouse and touch screen count, whichever window they went to. What programs draw, map or focus
does not; but a program that moves the pointer (XWarpPointer) or resets the screen saver by itself counts:
against one that never tires, only the longest duration of a session helps.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if sys.platform == "win32":
    raise ImportError("this is Linux's part")

from Xlib.ext import screensaver

if TYPE_CHECKING:
    from Xlib.display import Display


def can_tell(client: Display) -> bool:
    """Tell whether this server counts."""
    return client.has_extension(screensaver.extname)


def since_input(client: Display) -> float:
    """Return s since the last input."""
    milliseconds: int = screensaver.query_info(client.screen().root).idle
    return milliseconds / 1000
