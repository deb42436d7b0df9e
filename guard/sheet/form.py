"""What a sheet can be made as."""

from __future__ import annotations

from enum import StrEnum


class SheetForm(StrEnum):
    """What the sheet is made as."""

    HTML = "html"
    PDF = "pdf"
