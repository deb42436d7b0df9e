"""Whether anything grows: what must be the same after every session, and what may breathe. Pure."""

from __future__ import annotations

import itertools
import math
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MIB: Final = 1 << 20
ALLOWED: Final = 1 * MIB
"""Bytes that a series may rise in 1,000 sessions, and in what is judged of a shorter run: heaps settle."""
SETTLES: Final = 0.5
"""The share of a life, its first, that is not judged: there everything happens for the first time."""
LEAST: Final = 8
"""Samples without which a slope says nothing: of fewer, no rise is certain."""
CERTAIN: Final = 3.3
"""Standard deviations from no trend; of series that only breathe, one in 2,000 seems to rise so clearly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What was there after so many sessions, in READY."""

    session: int
    counts: Mapping[str, int]
    """What must be the same each time."""
    sizes: Mapping[str, Size]
    """What may breathe but not grow."""


@dataclass(frozen=True, slots=True)
class Size:
    """Bytes of something that lives, and of which life it was."""

    life: int
    """Such as a process id: another one begins anew."""
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One thing's sizes through its last life, once that has settled."""

    name: str
    sessions: int
    """From the first sample to the last."""
    samples: int
    first: int
    last: int
    per_thousand: float
    """Theil-Sen slope: the median of the slopes between all pairs; a few odd samples do not move it."""
    trend: float
    """How clearly it rises: z of the Mann-Kendall test, in standard deviations from no trend."""

    @property
    def grows(self) -> bool:
        """Clearly, and by more than is allowed, in its own run and in a thousand sessions."""
        rise = min(self.per_thousand, self.per_thousand * self.sessions / 1000)
        return rise > ALLOWED and self.trend > CERTAIN


def differences(base: Mapping[str, int], now: Mapping[str, int]) -> dict[str, tuple[int, int]]:
    """Return what is not as many as at the beginning, with both numbers."""
    return {
        name: (base.get(name, 0), now.get(name, 0))
        for name in sorted({*base, *now})
        if base.get(name, 0) != now.get(name, 0)
    }


def series(samples: Sequence[Sample]) -> list[Series]:
    """Return the series of everything that was seen often enough to tell."""
    found: list[Series] = []
    for name in sorted({name for sample in samples for name in sample.sizes}):
        points = [(sample.session, sample.sizes[name]) for sample in samples if name in sample.sizes]
        life = points[-1][1].life
        last = [(session, one.size) for session, one in points if one.life == life]
        last = last[round(len(last) * SETTLES) :]
        if len(last) < LEAST:
            continue
        found.append(
            Series(
                name=name,
                sessions=last[-1][0] - last[0][0],
                samples=len(last),
                first=last[0][1],
                last=last[-1][1],
                per_thousand=slope(last) * 1000,
                trend=trend([size for _, size in last]),
            )
        )
    return found


def trend(sizes: Sequence[int]) -> float:
    """Return z of the Mann-Kendall test: 0 without a trend, and the higher the more clearly they rise."""
    n = len(sizes)
    score = sum((later > earlier) - (later < earlier) for earlier, later in itertools.combinations(sizes, 2))
    deviation = math.sqrt(n * (n - 1) * (2 * n + 5) / 18)
    return (score - (score > 0) + (score < 0)) / deviation


def slope(points: Sequence[tuple[int, int]]) -> float:
    """Return the Theil-Sen estimate of the rise a session."""
    return statistics.median(
        (later - earlier) / (at - before)
        for (before, earlier), (at, later) in itertools.combinations(points, 2)
        if at != before
    )
