"""How long to wait after wrong tries in a row. Pure; time is seconds since boot, never the wall clock."""

from __future__ import annotations

from typing import Final

PERSON_LOCKED_AT: Final = 5
"""Wrong tries in a row; from then on only ``guard staff reset`` helps this person."""
COUNTER_LOCKED_AT: Final = 10
"""Wrong tries in a row by whomever; from then on one try per `LONGEST_WAIT`."""
LONGEST_WAIT: Final = 900.0
"""s"""
_WAITS: Final = (0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 60.0, 120.0, 300.0, LONGEST_WAIT)


def wait_after(failures: int) -> float:
    """Return the seconds to wait after so many failures in a row."""
    return _WAITS[min(failures, len(_WAITS) - 1)]


def wait_left(failures: int, tried_at: float, now: float) -> float:
    """Return the seconds still to wait at ``now``, after a last try at ``tried_at`` (both s since boot)."""
    # Less time since boot than at the last try: the PC was restarted, and only what passed since is sure.
    # After a restart that does not show like this, more time has passed than the difference. So no restart
    # shortens a wait.
    passed = now - tried_at if now >= tried_at else now
    return max(0.0, wait_after(failures) - passed)
