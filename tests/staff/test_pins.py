"""Which PINs nobody may choose."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.errors import ConfigError
from guard.secret import Secret
from guard.staff.pins import check_new_pin

TODAY = date(2026, 4, 1)
DIGITS = st.text("0123456789", min_size=6, max_size=12)


def refused(pin: str, number: str = "7") -> bool:
    try:
        check_new_pin(Secret(pin), number, TODAY)
    except ConfigError:
        return True
    return False


@pytest.mark.parametrize(
    "pin", ["482913", "000001", "112233", "135790", "908172635445", "240229", "19840501", "070401"]
)
def test_a_pin_that_is_not_easily_guessed_is_taken(pin: str) -> None:
    assert not refused(pin)


@pytest.mark.parametrize(
    "pin", ["", "12345", "1" * 13, "48291a", "482 913", "４８２９１３", "48291٣", "-48291"]
)
def test_a_pin_is_six_to_twelve_ascii_digits(pin: str) -> None:
    assert refused(pin)


@pytest.mark.parametrize("pin", ["111111", "121212", "123123", "1231231", "00000000", "909090909"])
def test_a_repeated_group_is_refused(pin: str) -> None:
    assert refused(pin)


@pytest.mark.parametrize("pin", ["123456", "987654", "890123", "210987", "012345678901"])
def test_a_run_is_refused(pin: str) -> None:
    assert refused(pin)


@pytest.mark.parametrize(
    "pin", ["20260501", "260501", "12312026", "31122026", "123126", "311226", "080501", "20261231"]
)
def test_a_day_of_this_year_is_refused_in_every_usual_order(pin: str) -> None:
    assert refused(pin)


@pytest.mark.parametrize(
    ("number", "pin"),
    [
        ("1984", "198419"),
        ("1984", "19841984"),
        ("1984", "001984"),
        ("1984", "198400"),
        ("0019", "190000"),
        ("482913", "482913"),
    ],
)
def test_the_staff_number_is_refused_however_it_is_padded(number: str, pin: str) -> None:
    assert refused(pin, number)
    assert not refused(pin, "7")


def test_the_refusal_does_not_repeat_the_pin() -> None:
    with pytest.raises(ConfigError) as refusal:
        check_new_pin(Secret("123123"), "7", TODAY)
    assert "123123" not in refusal.value.sentence


@given(group=st.text("0123456789", min_size=1, max_size=3), length=st.integers(6, 12))
def test_no_repeated_group_gets_through(group: str, length: int) -> None:
    assert refused((group * length)[:length])


@given(first=st.integers(0, 9), step=st.sampled_from([1, -1]), length=st.integers(6, 12))
def test_no_run_gets_through(first: int, step: int, length: int) -> None:
    assert refused("".join(str((first + step * at) % 10) for at in range(length)))


@given(day=st.integers(0, 364), form=st.sampled_from(["%Y%m%d", "%y%m%d", "%m%d%y", "%d%m%Y"]))
def test_no_day_of_this_year_gets_through(day: int, form: str) -> None:
    assert refused((date(2026, 1, 1) + timedelta(days=day)).strftime(form))


@given(pin=DIGITS)
def test_what_is_refused_is_one_of_few(pin: str) -> None:
    """A rule that refused much would itself tell which PINs are left."""
    distinct = len(set(pin)) > 3
    steps = {(int(b) - int(a)) % 10 for a, b in pairwise(pin)}
    dated = len(pin) in {6, 8}
    if distinct and len(steps) > 1 and not dated and pin.strip("0") != "7":
        assert not refused(pin)
