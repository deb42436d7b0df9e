"""The judge of the soak: it finds what grows, and takes nothing else for growth."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import random

import pytest

from tests.soak.growth import MIB, Sample, Size, differences, series, slope, trend


def _samples(sizes: list[int], *, every: int, life: int = 1) -> list[Sample]:
    return [
        Sample(session=turn * every, counts={}, sizes={"core": Size(life, size)})
        for turn, size in enumerate(sizes)
    ]


def test_a_leak_of_two_kibibytes_a_session_is_found_beneath_ten_times_its_noise() -> None:
    dice = random.Random(1)  # noqa: S311 -- noise
    sizes = [40 * MIB + turn * 50 * 2048 + dice.randrange(MIB) for turn in range(101)]
    (one,) = series(_samples(sizes, every=50))
    assert one.grows
    assert one.per_thousand == pytest.approx(2000 * 1024, rel=0.2)


def test_noise_a_first_rise_and_a_few_peaks_are_no_growth() -> None:
    dice = random.Random(1)  # noqa: S311 -- noise
    sizes = [40 * MIB + min(turn, 5) * MIB + dice.randrange(MIB) for turn in range(101)]
    sizes[20], sizes[99] = 400 * MIB, 400 * MIB
    (one,) = series(_samples(sizes, every=50))
    assert not one.grows


def test_an_engine_that_breathes_by_twenty_mebibytes_does_not_grow() -> None:
    """In a short run its slope alone is often more than is allowed."""
    dice = random.Random(1)  # noqa: S311 -- noise
    runs = [
        series(_samples([160 * MIB + dice.randrange(20 * MIB) for _ in range(20)], every=10))[0]
        for _ in range(300)
    ]
    assert sum(one.per_thousand * one.sessions / 1000 > MIB for one in runs) > 50
    assert sum(one.grows for one in runs) <= 1


def test_a_short_run_may_rise_by_as_much_as_a_thousand_sessions_and_no_further() -> None:
    (breathing,) = series(_samples([MIB * turn // 10 for turn in range(20)], every=10))
    (leaking,) = series(_samples([2 * MIB * turn // 10 for turn in range(20)], every=10))
    assert (breathing.grows, leaking.grows) == (False, True)


def test_what_a_life_begins_with_is_not_judged() -> None:
    (settling,) = series(_samples([10 * MIB * min(turn, 10) for turn in range(20)], every=10))
    assert (settling.samples, settling.first, settling.last) == (10, 100 * MIB, 100 * MIB)


def test_a_process_that_was_started_anew_is_judged_by_its_last_life() -> None:
    first, second = [10 * MIB * turn for turn in range(20)], [5 * MIB] * 20
    both = _samples(first, every=10, life=1) + [
        Sample(session=sample.session + 200, counts={}, sizes=sample.sizes)
        for sample in _samples(second, every=10, life=2)
    ]
    (one,) = series(both)
    assert (one.samples, one.first, one.grows) == (10, 5 * MIB, False)


def test_too_few_samples_of_a_life_say_nothing() -> None:
    assert series(_samples([MIB, 20 * MIB, 60 * MIB], every=1000)) == []


def test_one_more_one_less_and_one_that_is_new_are_told_with_both_numbers() -> None:
    base = {"threads": 9, "windows": 7, "clients": 5}
    assert differences(base, {"threads": 10, "windows": 6, "clients": 5, "process: sleep": 1}) == {
        "process: sleep": (0, 1),
        "threads": (9, 10),
        "windows": (7, 6),
    }
    assert differences(base, dict(base)) == {}


def test_the_trend_is_that_of_mann_and_kendall() -> None:
    """S = 10 of 10 pairs, variance 5 x 4 x 15 / 18; (S - 1) / deviation."""
    assert trend([1, 2, 3, 4, 5]) == pytest.approx(9 / (300 / 18) ** 0.5)
    assert trend([5, 4, 3, 2, 1]) == pytest.approx(-9 / (300 / 18) ** 0.5)
    assert trend([1, 3, 3, 1]) == 0.0


def test_the_slope_is_a_rise_a_session() -> None:
    assert slope([(0, 0), (10, 50), (20, 100), (30, 0), (40, 200)]) == 5.0
