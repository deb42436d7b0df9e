"""The plan of a soak: the same again for the same seed, and everything happens."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

from collections import Counter

import pytest

from tests.soak.happenings import DEEDS
from tests.soak.plan import ENDS_A_LIFE, FIRST_LIVES, Happening, plan


def test_a_seed_draws_the_same_again_and_another_seed_does_not() -> None:
    assert plan(7, 300) == plan(7, 300)
    assert plan(7, 300) != plan(8, 300)
    assert [one.number for one in plan(7, 300)] == list(range(1, 301))


@pytest.mark.parametrize("sessions", [120, 200, 5000])
def test_everything_happens_and_most_sessions_are_ordinary(sessions: int) -> None:
    tally = Counter(one.happening for one in plan(1, sessions))
    assert set(tally) == set(Happening)
    assert tally[Happening.ORDINARY] > sessions * 0.75


def test_what_lasts_lives_on_after_the_first_sessions() -> None:
    deaths = [one.number for one in plan(3, 1000) if one.happening in ENDS_A_LIFE]
    assert deaths
    assert max(deaths) <= 1000 * FIRST_LIVES


def test_whatever_can_happen_can_be_done() -> None:
    assert set(DEEDS) == set(Happening)
