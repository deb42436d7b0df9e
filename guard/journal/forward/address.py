"""The syslog server as the operator names it. Pure."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from pathlib import Path

DEFAULT_PORT: Final = 6514
"""RFC 5425, section 4.1."""
_HOST_MOST: Final = 253
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_WRITTEN: Final = re.compile(rf"(?:\[([0-9A-Fa-f:.]+)\]|({_LABEL}(?:\.{_LABEL})*))(?::([0-9]{{1,5}}))?")


@dataclass(frozen=True, slots=True)
class Address:
    """A host name or IP address, and a TCP port."""

    host: str
    port: int = DEFAULT_PORT

    @classmethod
    def read(cls, text: str) -> Self:
        """Read ``host``, ``host:port``, ``[IPv6]`` or ``[IPv6]:port``; raises ValueError for all else."""
        match = _WRITTEN.fullmatch(text)
        if not match:
            raise ValueError("not a host and a port")
        numeric, name, port = match[1], match[2], int(match[3] or DEFAULT_PORT)
        host = str(ipaddress.IPv6Address(numeric)) if numeric else name
        if len(host) > _HOST_MOST or not 1 <= port <= 65535:
            raise ValueError("not a host and a port")
        return cls(host, port)

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SyslogServer:
    """Where it is, and how we know each other."""

    address: Address
    ca: Path | None = None
    """PEM file of who signed its certificate; None: whom this PC trusts."""
    certificate: Path | None = None
    key: Path | None = None
    """PEM files of our own; None: we show none."""
