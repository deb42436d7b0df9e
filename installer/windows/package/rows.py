"""Rows on their way into the tables of one database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from installer.windows.package.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from installer.windows.package.idt import Cell


class Rows:
    """Collects rows by table; `texts` holds them against what the tables allow."""

    def __init__(self) -> None:
        self._rows: dict[str, list[tuple[Cell, ...]]] = {}

    def add(self, table: str, *cells: Cell) -> None:
        """Add one row; raises KeyError for a table nobody knows."""
        self._rows.setdefault(TABLES[table].name, []).append(cells)

    def of(self, table: str) -> list[tuple[Cell, ...]]:
        """Return the rows added so far."""
        return list(self._rows.get(table, []))

    def texts(self) -> Mapping[str, str]:
        """Return each filled table's archive by its name; raises ValueError like `Table.text`."""
        return {name: TABLES[name].text(self._rows[name]) for name in sorted(self._rows)}
