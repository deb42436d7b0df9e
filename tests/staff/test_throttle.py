"""How long wrong tries make one wait."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.staff.throttle import LONGEST_WAIT, wait_after, wait_left

TIMES = st.floats(0, 1e7)
FAILURES = st.integers(0, 1000)


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [
        (0, 0),
        (1, 1),
        (2, 2),
        (3, 4),
        (4, 8),
        (5, 16),
        (6, 30),
        (7, 60),
        (8, 120),
        (9, 300),
        (10, 900),
        (11, 900),
        (9999, 900),
    ],
)
def test_each_wrong_try_in_a_row_costs_more_until_a_quarter_of_an_hour(failures: int, seconds: float) -> None:
    assert wait_after(failures) == seconds


@given(failures=FAILURES, tried_at=TIMES, now=TIMES)
def test_a_wait_is_never_negative_and_never_longer_than_the_longest(
    failures: int, tried_at: float, now: float
) -> None:
    assert 0 <= wait_left(failures, tried_at, now) <= wait_after(failures) <= LONGEST_WAIT


@given(failures=FAILURES, tried_at=TIMES, before=TIMES, after=TIMES)
def test_a_restart_never_shortens_a_wait(failures: int, tried_at: float, before: float, after: float) -> None:
    """``before`` s passed from the try to the restart, ``after`` s since: the PC knows the latter only."""
    unbroken = wait_left(failures, tried_at, tried_at + before + after)
    assert wait_left(failures, tried_at, after) >= unbroken - 1e-6


@given(failures=FAILURES, tried_at=TIMES, passed=TIMES)
def test_a_wait_ends_when_its_seconds_have_passed(failures: int, tried_at: float, passed: float) -> None:
    left = wait_left(failures, tried_at, tried_at + passed)
    assert left == pytest.approx(max(0.0, wait_after(failures) - passed), abs=1e-6)
