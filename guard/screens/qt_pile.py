"""How Qt's windows lie among all others, on the system that this is: flags, `sink` and `rise`."""

import sys

if sys.platform == "win32":
    from guard.screens.win32_qt import FLAGS, rise, sink
else:
    from guard.screens.x11_qt import FLAGS, rise, sink

__all__ = ["FLAGS", "rise", "sink"]
