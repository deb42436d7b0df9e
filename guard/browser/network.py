"""How capsules reach their portals: the municipality's proxy and certificate authority, as values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """Nothing given: directly, trusting whom the browser trusts."""

    proxy: str = ""
    """``host:port`` of an HTTP proxy for everything that is allowed."""
    pac: str = ""
    """The text of a proxy auto-configuration script that chooses one; at most one of both is given."""
    authorities: tuple[str, ...] = ()
    """Certificate authorities trusted besides, each one PEM block."""
