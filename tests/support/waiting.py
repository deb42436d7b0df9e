"""Waiting for what must come, however slow the machine is."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from guard.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE = 30.0
"""s; nothing is asserted about how long it took."""
_GLANCE = 0.02
"""s; a deed done at each glance, such as a key, must not flood whoever is slow."""


def until(
    true: Callable[[], bool], what: str = "what was waited for did not come", within: float = PATIENCE
) -> None:
    """Return as soon as it is true."""
    clock, pause = SystemClock(), threading.Event()
    end = clock.monotonic() + within
    while not true():
        assert clock.monotonic() < end, what
        pause.wait(_GLANCE)
