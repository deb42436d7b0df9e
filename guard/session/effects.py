"""What the table asks the core to do, as frozen values. None of them waits for another to finish."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from guard.session.events import SessionId


class Timer(StrEnum):
    """The clocks a session runs against; one of each at a time."""

    HOLD = "hold"
    IDLE = "idle"
    LONGEST = "longest"
    RETRY = "retry"


class AlertKind(StrEnum):
    """What staff must look at; stays open until a named person acknowledges it."""

    WIPE_FAILED = "wipe_failed"
    READER_LOST = "reader_lost"
    COVER_LATE = "cover_late"
    CAPSULE_LOST = "capsule_lost"
    CURTAIN_LOST = "curtain_lost"
    DISPLAY_LOST = "display_lost"
    CLOCK_JUMPED = "clock_jumped"
    JOURNAL_LOST = "journal_lost"
    LOGOUT_NOT_CONFIRMED = "logout_not_confirmed"
    TOO_MANY_WRONG_PINS = "too_many_wrong_pins"
    EMERGENCY_CODE_USED = "emergency_code_used"
    STAFF_BOOK_LOST = "staff_book_lost"
    JOURNAL_DAMAGED = "journal_damaged"
    ANCHOR_LOST = "anchor_lost"
    FORWARDING_BEHIND = "forwarding_behind"


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """Base of all effects."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover(Effect):
    """Put the shade above everything, now; answered by CoverConfirmed or CoverLate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncover(Effect):
    """Bring this session's portal window above the curtain."""

    session: SessionId


@dataclass(frozen=True, slots=True, kw_only=True)
class EndCapsule(Effect):
    """Log out of the portal if ``logout``, kill, delete, verify; answered by WipeProven or WipeFailed."""

    session: SessionId
    logout: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class KillCapsule(Effect):
    """Waste no more time on a logout: kill this capsule's container now, whatever else is under way."""

    session: SessionId


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryWipe(Effect):
    """Try again to prove this session gone; answered by WipeProven or WipeFailed."""

    session: SessionId


@dataclass(frozen=True, slots=True, kw_only=True)
class WarmSpare(Effect):
    """Make sure that a fresh capsule is being warmed; answered by SpareWarm or SpareLost.

    Asked again at once after a loss: the core waits longer from loss to loss, so that a portal out of reach
    does not keep the PC busy. The same holds for `RestartCurtain`.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class RestartCurtain(Effect):
    """End what is left of the curtain and start a new one; answered by CurtainUp or CurtainLost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm(Effect):
    """Start this timer anew for this session; it answers with the event of its name."""

    timer: Timer
    session: SessionId


@dataclass(frozen=True, slots=True, kw_only=True)
class Disarm(Effect):
    """Stop this timer if it runs."""

    timer: Timer


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert(Effect):
    """Open an alert of this kind, or add one to its count."""

    kind: AlertKind
