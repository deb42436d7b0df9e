"""What happens to whom: a citizen each session, most of them undisturbed, drawn from a seed."""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import StrEnum, auto
from typing import Final


class Happening(StrEnum):
    """How a session goes, and ends."""

    ORDINARY = auto()
    """The card is taken."""
    # what citizens and staff do
    END_BUTTON = auto()
    GUARD_END = auto()
    GUARD_COVER = auto()
    STAFF_RESUME = auto()
    CARD_SWAPPED = auto()
    """Within one look of the reader."""
    CARD_FLICKERS = auto()
    """Taken, laid and taken again at once."""
    CLIPBOARD = auto()
    """The secret is copied."""
    DOWNLOAD = auto()
    """The portal hands the secret out as a file."""
    # what a page and its server do
    PAGE_HANGS = auto()
    LOGOUT_SLOW = auto()
    """The portal answers its logout once the session is over."""
    SITE_REFUSES = auto()
    """The portal hangs up on whoever comes, until the session is over."""
    # what dies or stands still and comes back
    CAPSULE_CHILD_KILLED = auto()
    CAPSULE_INIT_KILLED = auto()
    CURTAIN_STOPPED = auto()
    PIN_PROCESS_KILLED = auto()
    SERVICE_KILLED = auto()
    SERVICE_RESTARTED = auto()
    SERVICE_STOPPED = auto()
    READER_UNPLUGGED = auto()
    # what ends the life of a process that otherwise lasts as long as the guard
    CORE_KILLED = auto()
    CURTAIN_KILLED = auto()
    KEEPER_KILLED = auto()
    FORWARDER_KILLED = auto()


ENDS_A_LIFE: Final = frozenset(
    {
        Happening.CORE_KILLED,
        Happening.CURTAIN_KILLED,
        Happening.KEEPER_KILLED,
        Happening.FORWARDER_KILLED,
    }
)
FIRST_LIVES: Final = 0.2
"""The share of the sessions, the first, in which these come: what lasts then lives through all the others,
and whether it grows can be told."""
DISTURBED: Final = 0.08
"""The share of the sessions that are not ordinary; more of a short run, in which everything happens once."""


@dataclass(frozen=True, slots=True)
class Planned:
    """One session to come."""

    number: int
    """From 1."""
    happening: Happening


def plan(seed: int, sessions: int) -> tuple[Planned, ...]:
    """Return so many sessions, always the same for a seed and a number of them.

    As long as there is room, everything happens, and everything equally often.
    """
    dice = random.Random(seed)  # noqa: S311 -- it must be drawn again
    happenings = [Happening.ORDINARY] * sessions
    first = round(sessions * FIRST_LIVES)
    mortal = sorted(ENDS_A_LIFE)
    others = sorted(set(Happening) - ENDS_A_LIFE - {Happening.ORDINARY})
    wanted = max(round(sessions * DISTURBED), len(mortal) + len(others))
    deaths = round(wanted * len(mortal) / (len(mortal) + len(others)))
    places = dice.sample(range(first), min(deaths, first))
    for turn, place in enumerate(places):
        happenings[place] = mortal[turn % len(mortal)]
    free = [place for place in range(sessions) if happenings[place] is Happening.ORDINARY]
    dice.shuffle(others)
    for turn, place in enumerate(dice.sample(free, min(wanted - deaths, len(free)))):
        happenings[place] = others[turn % len(others)]
    return tuple(Planned(number, happening) for number, happening in enumerate(happenings, 1))
