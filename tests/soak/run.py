"""The soak: many citizens at one counter, one after the other, and whether anything stays."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import tempfile
import time
from collections import Counter as Tally
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.soak.counter import SoakCounter, StarvedError, soak_counter
from tests.soak.growth import Sample, Series, series
from tests.soak.happenings import ALERTS, CAPSULE_FAILS, COVER_FAILS, DEEDS, LOGOUT_FAILS
from tests.soak.plan import Happening, Planned

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.soak.counter import Citizen

WARM_UP: Final = 5
"""Ordinary sessions before the first one of the plan: what is made once is made then."""
SAMPLES: Final = 100
"""In a long run; a short one has fewer, every `OFTEN` sessions."""
OFTEN: Final = 10
LATE_MOST: Final = 0.5
"""The share of the sessions whose logout may come too late, for the PC is busy with other things: if most
did, it would be one that does not work."""
STARVED_MOST: Final = 0.02
"""The share of the sessions whose browser may not paint in time, for the same reason."""
COVER_LATE_MOST: Final = 0.02
"""The share of the sessions whose cover may come too late, for the same reason: they are killed at once."""
TRIES: Final = 3
"""For one citizen; then it is no accident."""


class WrongError(Exception):
    """Something was not as it must be; says after which session."""


@dataclass(slots=True)
class Soak:
    """What a run has found so far."""

    tell: Callable[[str], None]
    samples: list[Sample] = field(default_factory=list)
    happened: Tally[Happening] = field(default_factory=Tally)
    seconds: list[float] = field(default_factory=list)
    """Of each session, from card to READY and checked."""
    starved: int = 0
    """Sessions that the guard gave up before anybody saw a page, and that began anew: the PC was too busy."""
    covers_late: int = 0
    """Sessions whose cover was not confirmed within its 100 ms: the capsule was killed at once."""
    late: int = 0
    """Sessions whose logout had no reason to fail and was not confirmed by its deadline."""

    @property
    def series(self) -> list[Series]:
        """What may breathe but not grow."""
        return series(self.samples)

    def run(self, planned: Sequence[Planned], seed: int, kind: str) -> None:
        """Have all of them come; raises WrongError as soon as something is wrong."""
        with tempfile.TemporaryDirectory(prefix="guard-soak-") as folder:
            now = Planned(0, Happening.ORDINARY)
            try:
                with soak_counter(Path(folder), kind) as counter:
                    try:
                        for _ in range(WARM_UP):
                            self._one(counter, now)
                        base = counter.sample(0, None)
                        every = max(OFTEN, len(planned) // SAMPLES)
                        for turn, now in enumerate(planned, 1):
                            began = time.monotonic()
                            self._one(counter, now)
                            self.seconds.append(time.monotonic() - began)
                            self.happened[now.happening] += 1
                            if turn % every == 0 or turn == len(planned):
                                counter.check_left()
                                self.samples.append(counter.sample(now.number, base))
                                self.tell(f"{turn} of {len(planned)} sessions")
                        counter.check_stopped()
                        assert self.late <= LATE_MOST * len(planned), f"{self.late} logouts came too late"
                        starved = f"{self.starved} browsers did not paint in time"
                        assert self.starved <= max(2.0, STARVED_MOST * len(planned)), starved
                        late = f"{self.covers_late} covers came too late"
                        assert self.covers_late <= max(2.0, COVER_LATE_MOST * len(planned)), late
                    except Exception:
                        self.tell(f"the guard's last words:\n{counter.one.log()[-4000:]}")
                        raise
            except Exception as error:
                what = str(error) or type(error).__name__
                where = f"session {now.number} ({now.happening}), seed {seed}"
                raise WrongError(f"{where}: {what}") from error
        if growing := [one.name for one in self.series if one.grows]:
            raise WrongError(f"seed {seed}: growing: {', '.join(growing)}")

    def _one(self, counter: SoakCounter, now: Planned) -> None:
        citizen = self._come(counter)
        DEEDS[now.happening](counter, citizen)
        counter.wait_ready()
        allowed = ALERTS.get(now.happening, frozenset())
        if not allowed & LOGOUT_FAILS and counter.logout_was_late():
            self.late += 1
            allowed |= LOGOUT_FAILS
        if counter.cover_was_late():
            self.covers_late += 1
            allowed |= COVER_FAILS
        counter.check_gone(citizen.number, allowed)

    def _come(self, counter: SoakCounter) -> Citizen:
        """Have a citizen come, and another one when the PC was too busy for the first."""
        for _ in range(TRIES):
            try:
                return counter.come()
            except StarvedError:
                self.starved += 1
                assert counter.starved() == self.starved, "a browser was lost, and not for the PC was busy"
                counter.reader.remove()
                counter.wait_ready()
                counter.check_gone(None, CAPSULE_FAILS)
        raise AssertionError(f"{TRIES} browsers in a row did not paint in time")
