"""Tables of an MSI database as the text ``msibuild -i`` imports (IDT; Microsoft: "Text Archive Files")."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

Cell = str | int | None
"""One value; None is the null of the database."""
_BREAKS = frozenset("\t\r\n\0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column: its name and its type as the archive writes it (``s72``, ``I2``; a capital may be null)."""

    name: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table; its first ``keys`` columns are its key."""

    name: str
    keys: int
    columns: tuple[Column, ...]

    def text(self, rows: Sequence[Sequence[Cell]]) -> str:
        """Return the archive of this table with these rows, in the order of their keys.

        Raises ValueError for a row that does not fit: another number of cells, a null where none may stand, a
        text that is too long or holds a tab or a line break, a key that was there already.
        """
        lines = [
            "\t".join(column.name for column in self.columns),
            "\t".join(column.kind for column in self.columns),
            "\t".join([self.name, *(column.name for column in self.columns[: self.keys])]),
        ]
        seen = set[tuple[Cell, ...]]()
        for row in sorted(rows, key=lambda row: [str(cell) for cell in row[: self.keys]]):
            key = tuple(row[: self.keys])
            if key in seen:
                raise ValueError(f"{self.name}: {key} stands there twice")
            seen.add(key)
            lines.append("\t".join(self._cells(row)))
        return "".join(f"{line}\r\n" for line in lines)

    def _cells(self, row: Sequence[Cell]) -> list[str]:
        if len(row) != len(self.columns):
            raise ValueError(f"{self.name}: {row} has {len(row)} cells, not {len(self.columns)}")
        return [self._cell(column, cell) for column, cell in zip(self.columns, row, strict=True)]

    def _cell(self, column: Column, cell: Cell) -> str:
        kind, size = column.kind[0], int(column.kind[1:])
        where = f"{self.name}.{column.name}"
        if cell is None or cell == "":
            if kind.islower():
                raise ValueError(f"{where} is missing")
            return ""
        if isinstance(cell, int) != (kind in "iI"):
            raise ValueError(f"{where}: {cell!r} is of the wrong kind")
        text = str(cell)
        if isinstance(cell, str) and ((size and len(text) > size) or _BREAKS & set(text)):
            raise ValueError(f"{where}: {cell!r} does not fit into {column.kind}")
        return text
