"""Where windows are shown: what a sealed process needs to be let in there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One screen of this PC, as Linux or Windows knows it."""

    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables that name it."""
    readable: Sequence[Path] = ()
    """Files that those variables name."""
    display: str | None = None
    """X display whose socket is shown; None where there is none."""
