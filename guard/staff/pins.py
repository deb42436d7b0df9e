"""Which new PINs are refused because they are the first ones anybody would try. Pure."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from guard.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from guard.secret import Secret

PIN_LEAST: Final = 6
"""Digits."""
PIN_MOST: Final = 12
CODE_DIGITS: Final = 16
"""Of an emergency code, which nobody chooses."""
_GROUPS: Final = (2, 3)
"""Digits of the groups that count as repeated; one digit that is repeated is a group of two as well."""
_REIWA: Final = 2018
"""Reiwa 1 (令和元年) was 2019."""


def check_new_pin(pin: Secret, number: str, today: date) -> None:
    """Raise ConfigError, without the PIN in it, when this person may not have this PIN."""
    digits = pin.reveal()
    if not (PIN_LEAST <= len(digits) <= PIN_MOST and digits.isascii() and digits.isdigit()):
        raise ConfigError(f"a PIN has {PIN_LEAST} to {PIN_MOST} digits and nothing else.")
    if any(_repeats(digits, digits[:size]) for size in _GROUPS):
        raise ConfigError("this PIN repeats itself, which is easily seen; take another one.")
    if _runs(digits):
        raise ConfigError("this PIN counts up or down, which is easily guessed; take another one.")
    if any(digits in _written(day) for day in _days(today.year)):
        raise ConfigError("this PIN is a date of this year, which is easily guessed; take another one.")
    if _repeats(digits, number) or digits.strip("0") == number.strip("0"):
        raise ConfigError("this PIN is made of the staff number, which everybody knows; take another one.")


def _repeats(digits: str, group: str) -> bool:
    return (group * len(digits))[: len(digits)] == digits


def _runs(digits: str) -> bool:
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(digits)}
    return steps in ({1}, {9})


def _days(year: int) -> Iterator[date]:
    day = date(year, 1, 1)
    while day.year == year:
        yield day
        day += timedelta(days=1)


def _written(day: date) -> tuple[str, ...]:
    """Return the ways in which people write this day with digits only."""
    orders = ("%Y%m%d", "%y%m%d", "%m%d%Y", "%d%m%Y", "%m%d%y", "%d%m%y")
    return (*(day.strftime(order) for order in orders), f"{day.year - _REIWA:02}{day:%m%d}")
