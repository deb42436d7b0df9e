"""Which addresses a portal's pages may reach: the site profile's ``allow`` list, and nothing else. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

_PORTS: Final = {"http": 80, "https": 443, "ws": 80, "wss": 443}
_WEB: Final = frozenset({"http", "https"})
_INSIDE: Final = frozenset({"about", "blob", "data"})
"""Schemes that carry what the page itself made, from nowhere."""
_NAMED: Final = frozenset({*_PORTS, *_INSIDE, "file", "ftp", "javascript", "mailto", "sms", "tel"})
"""Schemes that may be told; any other word there is the page's own, and could be what was typed into it."""
_HOST: Final = re.compile(r"[a-z0-9._-]{1,253}|[0-9a-f:.]{2,45}")


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

    def _allowed(self, url: str) -> bool:
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
        except ValueError:
            return False
        return any(_covers(pattern, host, port) for pattern in self._patterns)


def host_of(url: str) -> str:
    """Return the host for the journal, or the kind of scheme of an address that has none.

    Host names are told in ASCII (IDNA); what is none, or too long for one, is not told at all.
    """
    try:
        host = urlsplit(url).hostname or ""
        host = host if host.isascii() else host.encode("idna").decode("ascii")
    except ValueError:
        return ""
    if host:
        return host if _HOST.fullmatch(host) else ""
    scheme = _scheme(url)
    return f"{scheme}:" if scheme in _NAMED else "other:"


def _scheme(url: str) -> str:
    return url.partition(":")[0].lower()


def _covers(pattern: str, host: str, port: int) -> bool:
    name, _, wanted = pattern.partition(":")
    if wanted and wanted != str(port):
        return False
    return host.endswith(name[1:]) if name.startswith("*.") else host == name
