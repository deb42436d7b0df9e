"""Which session the guard serves. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Session:
    """A session somebody is logged on to."""

    number: int
    domain: str
    user: str
    at_console: bool
    """It is the one that keyboard and screen belong to."""


def session_to_serve(
    sessions: Sequence[Session], account: str, computer: str, served: int | None
) -> int | None:
    r"""Return the session to serve, None when there is none.

    ``account`` is a name, ``DOMAIN\name`` or ``.\name`` (of this ``computer``); empty: whoever is at the
    console. ``served`` is the session served now: it stays while several would do, and while nobody of whom
    anything is known is at the console (a locked or switched screen).
    """
    mine = [one for one in sessions if _is(one, account, computer)]
    at_console = [one.number for one in mine if one.at_console]
    if at_console:
        return at_console[0]
    numbers = sorted(one.number for one in mine)
    if served in numbers:
        return served
    return numbers[0] if numbers and account else None


def _is(session: Session, account: str, computer: str) -> bool:
    domain, slash, name = account.strip().rpartition("\\")
    if domain == ".":
        domain = computer
    return (not name or session.user.casefold() == name.casefold()) and (
        not slash or session.domain.casefold() == domain.casefold()
    )
