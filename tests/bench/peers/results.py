"""What was measured, and what it is worth: plain values."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Removal:
    """One card taken, in ms of CLOCK_MONOTONIC."""

    reported_ms: float
    """From the card taken to the bare client's report."""
    covered_ms: float | None
    """From the card taken to the first picture without the portal; None: never covered."""


@dataclass(frozen=True, slots=True)
class Restart:
    """The PC/SC service restarted while a card lay there and the portal was shown."""

    at_once: bool
    """The restart itself covered the screen."""
    next_removal: bool
    """A card taken afterwards did."""
    condition: str
    """What the contender was like in the end."""


@dataclass(frozen=True, slots=True)
class Rest:
    """The cost of waiting for a card, over all processes of a contender."""

    cpu_percent: float
    """Of one core."""
    pcscd_percent: float
    """Of one core: what the PC/SC service spent meanwhile."""
    resident_mib: float
    """The processes' resident sets added up: what they share with each other counts more than once."""
    own_mib: float
    """What is theirs alone and no file's (RssAnon, RssShmem, VmSwap)."""
    processes: int


@dataclass(slots=True)
class Result:
    """All of one contender at one reader."""

    reader: str
    contender: str
    removals: list[Removal] = field(default_factory=list)
    swaps: list[bool] = field(default_factory=list)
    """For each: did it cover?"""
    restarts: list[Restart] = field(default_factory=list)
    rest: Rest | None = None
    spoilt: list[str] = field(default_factory=list)
    """Why scenes were played again: none of them is among the figures."""

    def from_taken(self) -> list[float]:
        """Return ms from the card taken to the screen covered, of those that were."""
        return [one.covered_ms for one in self.removals if one.covered_ms is not None]

    def from_report(self) -> list[float]:
        """Return ms from PC/SC's report, as the bare client had it, to the screen covered."""
        return [one.covered_ms - one.reported_ms for one in self.removals if one.covered_ms is not None]
