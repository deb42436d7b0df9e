"""What a capsule may do on which portal: the site profile, as values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class BrowserKind(StrEnum):
    """What a portal runs in."""

    EMBEDDED = "embedded"
    CHROME = "chrome"
    EDGE = "edge"
    CHROMIUM = "chromium"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutRecipe:
    """How to log out of the portal, and what proves it."""

    done: str
    """A URL prefix (begins with ``http://`` or ``https://``) or else a CSS selector that only the
    logged-out page has."""
    url: str | None = None
    """The page to open; exactly one of ``url`` and ``click`` is given."""
    click: tuple[str, ...] = ()
    """The CSS selectors of what to click, one after the other, each as soon as it can be seen."""
    deadline_ms: int = 1500


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """What the portal's pages may do besides being looked at."""

    downloads: bool = False
    printing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """One text of the profile's own in the three languages of the screens; empty where it has none."""

    ja: str = ""
    en: str = ""
    easy_ja: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One portal, as the municipality's profile file describes it."""

    key: str
    """What core, curtain and journal call it: the profile file's name without ``.toml``."""
    name: str
    start: str
    """The first page, an http or https URL."""
    allow: tuple[str, ...]
    """Hosts: ``host``, ``host:port`` or ``*.host`` (which does not include ``host`` itself); no others."""
    logout: LogoutRecipe | None = None
    permit: Permit = Permit()
    zoom: int = 100
    """Percent."""
    browsers: tuple[BrowserKind, ...] = ()
    """The kinds it works in; empty: every kind."""
    extension_hosts: tuple[str, ...] = ()
    """Hosts that the browser may reach besides, for its extensions; no page is opened there."""
    button: Wording = Wording()
    """What its button on the idle screen says, if there are several portals; ``name`` where it is empty."""
    strip: Wording = Wording()
    """What the strip says during a session, instead of the guard's own sentence."""
    practice: bool = False
    """The guard itself serves its practice portal at ``start`` (a loopback address)."""
