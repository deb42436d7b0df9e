"""What a process of ours is given of our own environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.ground import KEPT_VARIABLES

if TYPE_CHECKING:
    from collections.abc import Mapping


def kept(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that it needs on this system, as far as they are set; the rest it does not get."""
    return {name: environment[name] for name in KEPT_VARIABLES if name in environment}
