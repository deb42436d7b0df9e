"""What the order of windows has to be, told from a list of them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Ours:
    """The guard's own windows, and the portal that is uncovered."""

    shades: tuple[int, ...]
    """One a monitor, the counter's own first; never empty."""
    curtain: int | None = None
    strip: int | None = None
    portal: int | None = None


@dataclass(frozen=True, slots=True)
class Move:
    """Put a window directly below another, or on top of all."""

    window: int
    below: int | None
    """None: on top."""


def covers(seen: Sequence[int], shades: Sequence[int]) -> bool:
    """Tell whether nothing that can be seen lies above any of the shades; ``seen`` from top to bottom."""
    return set(seen[: len(shades)]) == set(shades)


def covers_with_curtain(seen: Sequence[int], ours: Ours) -> bool:
    """Tell whether nothing but the curtain lies above any of the shades."""
    return covers([window for window in seen if window != ours.curtain], ours.shades)


def curtain_shows(seen: Sequence[int], ours: Ours) -> bool:
    """Tell whether the curtain lies on top of all, or there is none."""
    return ours.curtain is None or (bool(seen) and seen[0] == ours.curtain)


def to_uncover(seen: Sequence[int], ours: Ours) -> tuple[Move, ...]:
    """Return what is to be moved until strip, portal, curtain and shade lie in this order.

    Nobody waits for the portal's own process here but to put its window on top of all, when it lies below the
    shade: what lies above it is put below it instead, by processes of ours. Empty: all is in order.
    """
    place = {window: number for number, window in enumerate(seen)}
    moves: list[Move] = []
    # never the shade below the curtain: below one that Windows keeps in the lower pile it would sink there
    first, *others = ours.shades
    portal = ours.portal
    if portal in place and first in place:
        if place[first] < place[portal]:
            moves.append(Move(first, portal))
        if ours.curtain in place and not place[portal] < place[ours.curtain] < place[first]:
            moves.append(Move(ours.curtain, portal))
    strips = () if ours.strip is None else (ours.strip,)
    above = [window for window in (*others, *strips) if window in place]
    if set(seen[: len(above)]) != set(above):
        moves.extend(Move(window, None) for window in above)
    return tuple(moves)
