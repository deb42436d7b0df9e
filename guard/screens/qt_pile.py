"""How Qt's windows lie among all others, on the system that this is: flags, `sink` and `rise`."""

import sys
from typing import Final

from PySide6.QtCore import Qt

if sys.platform == "win32":
    from guard.screens.win32_qt import FLAGS, rise, sink
else:
    from guard.screens.x11_qt import FLAGS, rise, sink

WITH_KEYS: Final = FLAGS & ~Qt.WindowType.WindowDoesNotAcceptFocus
"""The flags of a window that the core gives the keyboard to."""

__all__ = ["FLAGS", "WITH_KEYS", "rise", "sink"]
