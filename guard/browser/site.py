"""What a capsule may do on which portal: the site profile, as values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutRecipe:
    """How to log out of the portal, and what proves it."""

    done: str
    """A URL prefix (begins with ``http://`` or ``https://``) or else a CSS selector that only the
    logged-out page has."""
    url: str | None = None
    """The page to open; exactly one of ``url`` and ``click`` is given."""
    click: str | None = None
    """The CSS selector of the element to click."""
    deadline_ms: int = 1500


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """What the portal's pages may do besides being looked at."""

    downloads: bool = False
    printing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One portal, as the municipality's profile file describes it."""

    name: str
    start: str
    """The first page, an http or https URL."""
    allow: tuple[str, ...]
    """Hosts: ``host``, ``host:port`` or ``*.host`` (which does not include ``host`` itself); no others."""
    logout: LogoutRecipe | None = None
    permit: Permit = Permit()
    practice: bool = False
    """The guard itself serves its practice portal at ``start`` (a loopback address)."""
