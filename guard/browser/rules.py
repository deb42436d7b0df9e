"""Which addresses a portal's pages may reach: the site profile's ``allow`` list, and nothing else. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

_PORTS: Final = {"http": 80, "https": 443, "ws": 80, "wss": 443}
_WEB: Final = frozenset({"http", "https"})
_INSIDE: Final = frozenset({"about", "blob", "data"})
"""Schemes that carry what the page itself made, from nowhere."""


class Rules:
    """Answers for one site; every question takes the whole URL and no answer ever contains it."""

    def __init__(self, allow: Iterable[str]) -> None:
        self._patterns = tuple(pattern.lower() for pattern in allow)

    def may_navigate(self, url: str, *, main_frame: bool) -> bool:
        """Tell whether a frame may show this; what the page made itself may only fill frames inside it."""
        scheme = _scheme(url)
        if scheme in _INSIDE:
            return not main_frame
        return scheme in _WEB and self._allowed(url)

    def may_request(self, url: str) -> bool:
        """Tell whether anything of a page may ask for this."""
        scheme = _scheme(url)
        return scheme in _INSIDE or (scheme in _PORTS and self._allowed(url))

    def resolver_rules(self) -> str:
        """Return Chromium's ``--host-resolver-rules``: names outside the list do not exist for it."""
        hosts = dict.fromkeys(pattern.partition(":")[0] for pattern in self._patterns)
        return ", ".join(("MAP * ~NOTFOUND", *(f"EXCLUDE {host}" for host in hosts)))

    def _allowed(self, url: str) -> bool:
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
        except ValueError:
            return False
        return any(_covers(pattern, host, port) for pattern in self._patterns)


def host_of(url: str) -> str:
    """Return the host for the journal, or the scheme of an address that has none."""
    try:
        return urlsplit(url).hostname or f"{_scheme(url)}:"
    except ValueError:
        return ""


def _scheme(url: str) -> str:
    return url.partition(":")[0].lower()


def _covers(pattern: str, host: str, port: int) -> bool:
    name, _, wanted = pattern.partition(":")
    if wanted and wanted != str(port):
        return False
    return host.endswith(name[1:]) if name.startswith("*.") else host == name
