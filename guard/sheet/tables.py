"""The tables of the sheet."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from guard.sheet.markup import Markup, element

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Kind(Enum):
    """What stands in a column; its value is the class that sets it."""

    WORDS = "words"
    NUMBER = "number"
    """To the right, the unit in the heading."""
    TIME = "time"
    """All of one width, in the middle."""
    CODE = "code"


@dataclass(frozen=True, slots=True)
class Column:
    """One column."""

    heading: str
    """``|`` marks where it may break."""
    kind: Kind
    width: float = 0
    """mm of the sheet's; 0: what is left."""


def table(columns: Sequence[Column], rows: Iterable[Sequence[str]], total: Sequence[str] = ()) -> Markup:
    """Return a table whose heading comes again on each page, and whose rows are not torn apart."""
    sizes = [element("col", style=f"width:{each.width:g}mm" if each.width else "") for each in columns]
    heading = element(
        "tr", *(element("th", *_unbroken(each.heading), scope="col", css=each.kind.value) for each in columns)
    )
    foot = element("tbody", _row(columns, total), css="total") if total else Markup()
    body = element("tbody", *(_row(columns, row) for row in rows))
    return element("table", element("colgroup", *sizes), element("thead", heading), body, foot)


def _row(columns: Sequence[Column], cells: Sequence[str]) -> Markup:
    filled = zip(columns, cells, strict=True)
    return element("tr", *(element("td", cell, css=column.kind.value) for column, cell in filled))


def _unbroken(heading: str) -> list[Markup]:
    """Return the parts of a heading, which has ``|`` where a line may break."""
    return [element("span", part) for part in heading.split("|")]
