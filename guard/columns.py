"""Columns of a terminal, in which East Asian wide characters take two."""

from __future__ import annotations

import unicodedata


def width(text: str) -> int:
    """Return the columns that the text takes."""
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)


def padded(text: str, columns: int) -> str:
    """Return the text, filled up with blanks to so many columns."""
    return text + " " * (columns - width(text))
