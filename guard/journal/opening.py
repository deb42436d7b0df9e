"""Where the journal stands when a guard starts, and what it has to say about how it found it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from guard.journal.chain import NO_HEAD, first_key, head
from guard.journal.standing import Standing
from guard.journal.tail import TailDamagedError, follow, last_line

if TYPE_CHECKING:
    from pathlib import Path

    from guard.journal.anchor import Anchor
    from guard.journal.segments import Segment


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """How the journal goes on."""

    standing: Standing
    segment: Segment | None = None
    """The one to go on with, from ``size`` bytes on; None: a new one must begin."""
    size: int = 0
    torn: int = 0
    """Bytes behind them that a crash cut short."""
    damage: str = ""
    """Why what is in the files cannot be gone on with; empty when it can."""


def look_back(folder: Path, anchor: Anchor) -> Opening:
    """Find out where the journal stands; begins one where none is. Raises MachineError and OSError."""
    mark = anchor.standing()
    if mark is None:
        seq, line = last_line(folder)
        key = first_key()
        standing = Standing(seq=seq, head=head(line) if line else NO_HEAD, key=key)
        anchor.begin(standing)
        return Opening(standing=standing, damage="mark_missing" if seq else "")
    try:
        tail = follow(folder, mark)
    except TailDamagedError as error:
        return Opening(standing=mark, damage=error.what)
    plain = tail.segment if tail.segment and not tail.segment.packed else None
    return Opening(standing=tail.standing, segment=plain, size=tail.size, torn=tail.torn if plain else 0)
