"""Two clocks that never go back."""

from __future__ import annotations

import sys
import time

if sys.platform == "win32":
    raise ImportError("this is Linux's part")


def monotonic_seconds() -> float:
    """Return s since an arbitrary point; stands still while the PC sleeps (CLOCK_MONOTONIC)."""
    return time.monotonic()


def boot_seconds() -> float:
    """Return s since boot, sleep included (CLOCK_BOOTTIME)."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
