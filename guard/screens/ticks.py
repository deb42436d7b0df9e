"""Windows' clock of 32 bits, which begins anew every 49.7 days (GetTickCount). Pure."""

from __future__ import annotations

from typing import Final

_ROUND: Final = 1 << 32


def since(then: int, now: int) -> float:
    """Return s from ``then`` to ``now``, both in ms; 0.0 when ``then`` lies in the future.

    The future is what is more than half a round behind: a key was pressed between the two looks.
    """
    passed = (now - then) % _ROUND
    return 0.0 if passed > _ROUND // 2 else passed / 1000
