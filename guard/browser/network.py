"""How capsules reach their portals: the municipality's proxy and certificate authority."""

from __future__ import annotations

import http.client
import re
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from guard.errors import ConfigError, MachineError

MOST_SCRIPT = 1 << 20
"""Bytes of a proxy script; Chromium itself reads no more of one."""
MOST_AUTHORITIES = 32 << 10
"""Bytes of a file of authorities, about 16 of them: it travels in one message to the capsule."""
_SILENCE = 10.0
"""s that the script's server may say nothing; one that drips for ever ends with the capsule that waits."""
_WEB: Final = ("http://", "https://")
_CERTIFICATE: Final = re.compile(r"-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----")


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """Nothing given: directly, trusting whom the browser trusts."""

    proxy: str = ""
    """``host:port`` of an HTTP proxy for everything that is allowed."""
    pac: str = ""
    """Where a proxy auto-configuration script is that chooses one: an http or https URL, or the absolute path
    of a file. At most one of ``proxy`` and ``pac`` is given."""
    authorities: tuple[str, ...] = ()
    """Certificate authorities trusted besides, each one PEM block."""

    @classmethod
    def read(cls, *, pac: str = "", ca: Path | None = None) -> Network:
        """Read what can be read before the network is there; raises ConfigError for a file of no use.

        A script is looked at only if it is a file, and is not kept: each capsule reads it anew (`script`),
        so a PC that starts before its network serves once that is there, and a change needs no restart.
        """
        network = cls(pac=pac, authorities=() if ca is None else _authorities(ca))
        if network.file is not None:
            try:
                network.script()
            except MachineError as error:
                raise ConfigError(error.sentence) from error
        return network

    @property
    def file(self) -> Path | None:
        """The proxy script's file, if it is one: a capsule must be shown it."""
        return Path(self.pac) if self.pac and not self.pac.startswith(_WEB) else None

    def script(self) -> str:
        """Read or fetch the proxy script; "" when there is none. Runs in the capsule.

        Raises MachineError when it cannot be had or is none. Waits for a server, so it may take seconds.
        """
        if not self.pac:
            return ""
        name = f"the proxy script {self.file or 'of ' + (urlsplit(self.pac).hostname or 'no host')}"
        try:
            data = self._load()
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise MachineError(f"{name} cannot be read: {_reason(error)}") from error
        if len(data) > MOST_SCRIPT:
            raise MachineError(f"{name} is too long; at most {MOST_SCRIPT >> 10} KiB are allowed")
        text = data.decode("utf-8-sig", "replace")
        if "FindProxyForURL" not in text:
            raise MachineError(f"{name} is none: it has no FindProxyForURL")
        return text

    def _load(self) -> bytes:
        if self.file is not None:
            with self.file.open("rb") as file:
                return file.read(MOST_SCRIPT + 1)
        context = ssl.create_default_context()
        if self.authorities:
            context.load_verify_locations(cadata="\n".join(self.authorities))
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
        )
        with opener.open(self.pac, timeout=_SILENCE) as answer:
            data: bytes = answer.read(MOST_SCRIPT + 1)
            return data


def _authorities(file: Path) -> tuple[str, ...]:
    try:
        with file.open("rb") as opened:
            data = opened.read(MOST_AUTHORITIES + 1)
    except OSError as error:
        raise ConfigError(f"the authorities' file {file} cannot be read: {error.strerror}") from error
    if len(data) > MOST_AUTHORITIES:
        raise ConfigError(f"{file} is too long; at most {MOST_AUTHORITIES >> 10} KiB are allowed")
    blocks = tuple(_CERTIFICATE.findall(data.decode("ascii", "replace")))
    if not blocks:
        raise ConfigError(f"{file} holds no certificate; allowed are PEM certificates of authorities")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for block in blocks:
        try:
            context.load_verify_locations(cadata=block)
        except (ssl.SSLError, ValueError) as error:
            raise ConfigError(f"{file} holds a certificate that cannot be read") from error
    if context.cert_store_stats()["x509"] != context.cert_store_stats()["x509_ca"]:
        raise ConfigError(f"{file} holds a certificate that is not an authority's; allowed are only those")
    return blocks


def _reason(error: Exception) -> str:
    """Return why, without an address in it."""
    if isinstance(error, urllib.error.HTTPError):
        return f"the server answered {error.code}"
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    return (cause.strerror if isinstance(cause, OSError) else None) or type(cause).__name__
