"""The choices a municipality makes about how sessions end."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class OnRemoval(StrEnum):
    """What happens when the card leaves the reader."""

    WIPE = "wipe"
    """The session ends and is wiped (default)."""
    HOLD = "hold"
    """The screen is covered and the session waits for staff, for the hold time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How sessions end; the table asks only `on_removal`, the core's timers use the rest (seconds)."""

    on_removal: OnRemoval = OnRemoval.WIPE
    hold_seconds: int = 60
    idle_seconds: int = 180
    idle_warning_seconds: int = 30
    longest_minutes: int = 60
