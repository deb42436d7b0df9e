"""What the environment says of a line."""

from __future__ import annotations

import pytest

from guard.errors import MachineError
from guard.keeper.line_names import LineNames
from guard.keeper.names import LINE, SECONDS


def test_the_guard_takes_what_the_keeper_wrote_and_leaves_none_of_it() -> None:
    names = LineNames.new(10)
    environment = {"PATH": "x", **names.variables}
    assert LineNames.take(environment) == names
    assert environment == {"PATH": "x"}


def test_no_two_lines_are_the_same() -> None:
    assert LineNames.new(10).pipe != LineNames.new(10).pipe


def test_without_a_keeper_there_is_no_line() -> None:
    assert LineNames.take({"PATH": "x"}) is None


@pytest.mark.parametrize(
    ("number", "seconds"),
    [("0" * 31, "10"), (r"..\other" + "0" * 24, "10"), ("0" * 32, ""), ("0" * 32, "0"), ("0" * 32, "inf")],
)
def test_anything_else_is_refused_in_one_sentence(number: str, seconds: str) -> None:
    with pytest.raises(MachineError, match=LINE):
        LineNames.take({LINE: number, SECONDS: seconds})
