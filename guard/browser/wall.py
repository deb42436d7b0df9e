"""The wall around a capsule's browser: what it may reach at all, as Chromium's switches and policies. Pure.

Before it stands the embedded engine's request interceptor (`guard.browser.rules`). The wall holds alone for
what asks none: WebRTC, early look-ups, and parts of an installed browser's pages. It has two layers:

- *Names.* Hosts that are not listed do not exist. A host that is listed with one port only is that port.
- *Proxy.* What is not listed is sent to a proxy that does not exist. Without a proxy of the municipality, a
  fixed rule does that. With one, a proxy script (PAC) of ours does: it hands what is listed, and nothing
  else, to that proxy or to the municipality's own script.

A script alone would not hold: Chromium connects to the PC itself (``localhost``, 127.0.0.0/8, 169.254.0.0/16
and their like) without asking any, and goes on without a proxy when a script's process dies (out of memory,
say). So names stay walled with a municipality's script, too, and the proxies that it may choose are looked
for in its text. One whose name it puts together from pieces is not found: then nothing is reached.
"""

from __future__ import annotations

import base64
import ipaddress
import json
import re
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from guard.browser.network import Network
    from guard.browser.site import Site

_NOWHERE: Final = "guard.invalid:9"
"""A name that never exists (RFC 6761) and a port where nobody listens (discard, RFC 863)."""
_ANSWER: Final = re.compile(
    r"\b(?:PROXY|HTTPS?|SOCKS[45]?)\s+([\w.-]+)(?::(\d{1,5}))?", re.ASCII | re.IGNORECASE
)
"""A proxy as a script answers with it."""
_WORD: Final = re.compile(
    r"""["'`](?:([\w-]+(?:\.[\w-]+)+)|([\w.-]+):(\d{1,5}))["'`]""", re.ASCII | re.IGNORECASE
)
"""A string of a script that is a name with a dot, or a name with a port, and nothing else."""

# Whatever it uses is taken before the municipality's script runs, so that that one cannot change it; an
# error on the way leads nowhere, because Chromium goes directly when a script fails.
_SCRIPT: Final = r"""(global => {
"use strict";
const nowhere = %(nowhere)s, listed = %(listed)s;
const read = RegExp.prototype.exec.bind(/^(https?|wss?):\/\/(\[[^\]]*\]|[^\/?#:@]+)(?::(\d+))?(?:[\/?#]|$)/);
const ends = (text, end) => {
  let i = text.length, j = end.length;
  if (i < j) return false;
  while (j) if (text[--i] !== end[--j]) return false;
  return true;
};
const allows = url => {
  const parts = read(url);
  if (!parts) return false;
  const port = parts[3] ? +parts[3] : parts[1] === "http" || parts[1] === "ws" ? 80 : 443;
  for (let i = 0; i < listed.length; i++) {
    const {name, below, only} = listed[i];
    if ((!only || only === port) && (below ? ends(parts[2], name) : parts[2] === name)) return true;
  }
  return false;
};
let choose;
Object.defineProperty(global, "FindProxyForURL", {enumerable: true, value: (url, host) => {
  try {
    const proxy = allows(url) && choose(url, host);
    return typeof proxy === "string" ? proxy : nowhere;
  } catch (error) {
    return nowhere;
  }
}});
try { choose = %(choose)s; } catch (error) {}
})(this);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wall:
    """What a capsule's browser is told, whichever kind it is."""

    names: str
    """The first layer, as ``--host-resolver-rules``."""
    bypass: str
    """The second layer without a proxy of the municipality: who is reached past the one that is nowhere."""
    script: str
    """The second layer with one."""
    authorities: tuple[str, ...]
    """See `Network.authorities`."""

    @classmethod
    def of(cls, site: Site, network: Network, script: str) -> Wall:
        """Build it; ``script`` is what `Network.script` returned."""
        patterns = tuple(pattern.lower() for pattern in (*site.allow, *site.extension_hosts))
        servers = tuple(map(_server, patterns))
        bypass = ";".join(("<-loopback>", *patterns))
        if not network.proxy and not network.pac:
            return cls(names=_names(servers), bypass=bypass, script="", authorities=network.authorities)
        if network.proxy:
            proxies: tuple[_Server, ...] = (_server(network.proxy.lower()),)
            choose = f"() => {json.dumps(f'PROXY {network.proxy}')}"
        else:
            proxies = tuple(_proxies(script))
            theirs = f"var FindProxyForURL;\n{script}\nreturn FindProxyForURL;"
            choose = f"new Function({json.dumps(theirs)})()"
        return cls(
            names=_names((*servers, *proxies)),
            bypass="",
            script=_script(servers, choose),
            authorities=network.authorities,
        )

    def flags(self) -> tuple[str, ...]:
        """Return the switches that every kind of browser is started with."""
        return (
            f"--host-resolver-rules={self.names}",
            "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
        )

    def proxy_flags(self, script: Path) -> tuple[str, ...]:
        """Return the switches for an engine without policies; `Wall.script` must have been written there."""
        if self.script:
            return (f"--proxy-pac-url={script.as_uri()}",)
        return (f"--proxy-server=http://{_NOWHERE}", f"--proxy-bypass-list={self.bypass}")

    def policy(self) -> dict[str, object]:
        """Return the managed policies, by name, that say the same, and whom to trust."""
        if self.script:
            data = base64.b64encode(self.script.encode()).decode()
            proxy: dict[str, object] = {
                "ProxyMode": "pac_script",
                "ProxyPacUrl": f"data:application/x-ns-proxy-autoconfig;base64,{data}",
                "ProxyPacMandatory": True,
            }
        else:
            proxy = {
                "ProxyMode": "fixed_servers",
                "ProxyServer": f"http://{_NOWHERE}",
                "ProxyBypassList": self.bypass,
            }
        trusted = [base64.b64encode(ssl.PEM_cert_to_DER_cert(one)).decode() for one in self.authorities]
        return {"ProxySettings": proxy, "CACertificates": trusted}


_Server = tuple[str, int | None]
"""Host or pattern, and the one port, or None for every port."""


def _server(pattern: str) -> _Server:
    host, _, port = pattern.partition(":")
    return host, int(port) if port else None


def _names(servers: Iterable[_Server]) -> str:
    ports: dict[str, set[int | None]] = {}
    for host, port in servers:
        ports.setdefault(host, set()).add(port)
    rules = (_rule(host, tuple(wanted)) for host, wanted in ports.items())
    return ", ".join((*rules, "MAP * ~NOTFOUND"))


def _rule(host: str, ports: tuple[int | None, ...]) -> str:
    if len(ports) > 1 or ports[0] is None or "*" in host:
        return f"EXCLUDE {host}"
    return f"MAP {host} {host}:{ports[0]}"


def _script(servers: Iterable[_Server], choose: str) -> str:
    listed = [
        {"name": host.removeprefix("*"), "below": host.startswith("*."), "only": port or 0}
        for host, port in servers
    ]
    return _SCRIPT % {
        "nowhere": json.dumps(f"PROXY {_NOWHERE}"),
        "listed": json.dumps(listed),
        "choose": choose,
    }


def _proxies(script: str) -> Iterator[_Server]:
    """Yield the servers that a script names; of the PC itself only those with a port, which are proxies."""
    found = [(one[1], one[2]) for one in _ANSWER.finditer(script)]
    found += [(one[1] or one[2], one[3]) for one in _WORD.finditer(script)]
    for name, port in found:
        if port or not _is_here(name.lower()):
            yield name.lower(), int(port) if port else None


def _is_here(host: str) -> bool:
    """Tell whether Chromium takes this for the PC itself, so that it asks no script."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    return address.is_loopback or address.is_link_local
