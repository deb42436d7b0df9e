"""A text that must not show: it prints as nothing, in logs, tracebacks and dumps of dataclasses."""

from __future__ import annotations


class Secret:
    """Holds a PIN until it is revealed to what checks it.

    Python cannot wipe a string from memory; what this promises is that nobody prints one by accident.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def __len__(self) -> int:
        """Return the number of characters."""
        return len(self._text)

    def __repr__(self) -> str:
        return "Secret(…)"

    def reveal(self) -> str:
        """Return the text."""
        return self._text
