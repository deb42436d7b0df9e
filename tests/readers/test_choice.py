from __future__ import annotations

import pytest

from guard.errors import ConfigError
from guard.readers.choice import choose

A, B = "ACME Contact 00 00", "ACME Contactless 01 00"


@pytest.mark.parametrize(
    ("names", "part", "chosen"),
    [((A,), "", A), ((A, B), "less", B), ((A, B), A, A), (("R 00", "R 00 00"), "R 00", "R 00")],
)
def test_the_one_that_fits_is_chosen(names: tuple[str, ...], part: str, chosen: str) -> None:
    """The only one, the one that contains the part, or the one of exactly this name."""
    assert choose(names, part) == chosen


@pytest.mark.parametrize(("names", "part"), [((), ""), ((A, B), ""), ((A, B), "ACME"), ((A, B), "Sony")])
def test_anything_else_is_refused_naming_all_that_was_found(names: tuple[str, ...], part: str) -> None:
    """One sentence that lets the operator choose without another command."""
    with pytest.raises(ConfigError) as refused:
        choose(names, part)
    assert all(name in refused.value.sentence for name in names)
    assert part in refused.value.sentence
    assert "\n" not in refused.value.sentence
