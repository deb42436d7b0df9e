"""A text that must not show: it prints as nothing, in logs, tracebacks and dumps of dataclasses."""

from __future__ import annotations

import resource

_NO_CORE_DUMP = 1
"""Bytes; the kernel writes or pipes no dump at this limit, while 0 still feeds a pipe, core(5)."""


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


def forbid_core_dumps() -> None:
    """Let a crash of this process, or of one it starts from now on, write its memory nowhere."""
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    limit = _NO_CORE_DUMP if most == resource.RLIM_INFINITY else min(most, _NO_CORE_DUMP)
    resource.setrlimit(resource.RLIMIT_CORE, (limit, limit))
