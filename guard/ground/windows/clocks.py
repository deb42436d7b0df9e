"""Two clocks that never go back (QueryUnbiasedInterruptTimePrecise and QueryInterruptTimePrecise)."""

from __future__ import annotations

import ctypes
import sys
from typing import Final

if sys.platform != "win32":
    raise ImportError("this is Windows' part")

_TICKS: Final = 10_000_000
"""A second, in the 100 ns that both count."""
_realtime: Final = ctypes.WinDLL("api-ms-win-core-realtime-l1-1-1")


def monotonic_seconds() -> float:
    """Return s since an arbitrary point; stands still while the PC sleeps."""
    ticks = ctypes.c_ulonglong()
    _realtime.QueryUnbiasedInterruptTimePrecise(ctypes.byref(ticks))
    return ticks.value / _TICKS


def boot_seconds() -> float:
    """Return s since boot, sleep included."""
    ticks = ctypes.c_ulonglong()
    _realtime.QueryInterruptTimePrecise(ctypes.byref(ticks))
    return ticks.value / _TICKS
