"""What happens in the page of an installed browser, as its window hears it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from guard.browser.messages import Refusal


@dataclass(frozen=True, slots=True)
class Painted:
    """The start page is on the screen."""

    lacks: int
    """How many of its parts did not come."""


@dataclass(frozen=True, slots=True)
class Unreachable:
    """The start page cannot be shown."""

    certificate: bool


@dataclass(frozen=True, slots=True)
class Unequipped:
    """An extension that the administrator forces did not come."""


@dataclass(frozen=True, slots=True)
class Began:
    """The page has painted since it was asked."""


@dataclass(frozen=True, slots=True)
class WentOn:
    """The page begins to load another document."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A page did not get this."""

    what: Refusal
    host: str
    named: bool
    """There was an address at all; an empty window is nothing that a citizen misses."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A page gets to reach this host."""

    host: str
    page: bool
    """To be shown as the page itself."""


@dataclass(frozen=True, slots=True)
class Distrusted:
    """The page leads to a server whose certificate is not valid."""


@dataclass(frozen=True, slots=True)
class Asks:
    """A page's alert or question; answer it with `Tab.answer`."""

    number: int
    kind: str
    """``alert``, ``confirm``, ``prompt`` or ``beforeunload``."""
    text: str
    proposed: str


@dataclass(frozen=True, slots=True)
class Answered:
    """What the page asked last is open no more: the browser's own dialog was answered, or the page went."""


@dataclass(frozen=True, slots=True)
class WantsPaper:
    """The page wants to be printed."""


@dataclass(frozen=True, slots=True)
class Paper:
    """The page as a PDF."""

    pdf: bytes


@dataclass(frozen=True, slots=True)
class Saved:
    """A PDF was downloaded."""

    pdf: bytes


@dataclass(frozen=True, slots=True)
class LoggedOut:
    """The logout recipe has ended."""

    confirmed: bool


@dataclass(frozen=True, slots=True)
class Died:
    """The page's process ended, or the browser did."""

    page_only: bool


Happening = (
    Painted
    | Unreachable
    | Unequipped
    | Began
    | WentOn
    | Refused
    | Wanted
    | Distrusted
    | Asks
    | Answered
    | WantsPaper
    | Paper
    | Saved
    | LoggedOut
    | Died
)
