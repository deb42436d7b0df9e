"""A site profile: which portal, which hosts, how to log out of it."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from guard.browser.rules import Rules
from guard.browser.site import LogoutRecipe, Permit, Site, Wording
from guard.errors import ConfigError
from guard.settings import schema
from guard.settings.model import Language
from guard.settings.policy import ABSOLUTE
from guard.settings.reading import Reading, Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from guard.settings.schema import Key

_BARE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
_KEY = re.compile(r"[a-z0-9_-]{1,40}")
_PORTS = {"http": 80, "https": 443}


def site_files(reading: Reading, shipped: Path) -> Iterator[Path]:
    """Yield the profiles that ``portal.site`` means: shipped ones, or paths as seen from guard.toml.

    Notes a problem for each name that no shipped profile has, and each path in a policy that is not absolute.
    """
    folder = Path() if reading.path is None else reading.path.parent
    # A policy and an installation have no folder that a path could be relative to.
    homeless = reading.source(schema.PORTAL_SITE) in {Source.POLICY, Source.INSTALLATION}
    for name in reading.take(schema.PORTAL_SITE):
        try:
            path = site_file(name, folder, shipped)
            if homeless and not is_name(name) and not Path(name).is_absolute():
                raise ValueError(ABSOLUTE)  # noqa: TRY301 -- refused like a name that is none
            yield path
        except ValueError as error:
            reading.refuse(schema.PORTAL_SITE, str(error))


def site_file(name: str, folder: Path, shipped: Path) -> Path:
    """Return the shipped profile of this name, or else this path as seen from ``folder``.

    Raises ValueError with what is allowed for a name that no shipped profile has.
    """
    if not is_name(name):
        return folder / name
    profiles = {path.stem: path for path in (shipped / "sites").glob("*.toml")}
    if name not in profiles:
        names = ", ".join(f'"{each}"' for each in sorted(profiles))
        raise ValueError(f"shipped is {names}; for a profile of your own give its path, ./{name}.toml")
    return profiles[name]


def is_name(name: str) -> bool:
    """Tell whether this is the name of a shipped profile rather than a path."""
    return _BARE_NAME.fullmatch(name) is not None


def read_site(path: Path) -> tuple[Site, Reading]:
    """Return the portal that this profile describes, and the reading it came from.

    Raises ConfigError with one sentence a problem.
    """
    reading = Reading(path, schema.SITE_KEYS)
    browsers, hosts = reading.take(schema.SITE_BROWSERS), reading.take(schema.SITE_EXTENSION_HOSTS)
    site = Site(
        key=path.stem,
        name=reading.take(schema.SITE_NAME),
        start=reading.take(schema.SITE_START),
        allow=reading.take(schema.SITE_ALLOW),
        logout=_logout(reading),
        permit=Permit(
            downloads=reading.take(schema.PERMIT_DOWNLOADS), printing=reading.take(schema.PERMIT_PRINTING)
        ),
        zoom=reading.take(schema.SITE_ZOOM),
        browsers=browsers or (),
        extension_hosts=hosts or (),
        button=_wording(reading, schema.BUTTON),
        strip=_wording(reading, schema.STRIP),
        practice=reading.take(schema.SITE_PRACTICE),
    )
    if not _KEY.fullmatch(site.key):
        reading.problems.append(
            f"{path}: its name is refused; allowed are 1 to 40 of a to z, 0 to 9, - and _ before .toml."
        )
    if not reading.problems:
        _check(site, reading)
    if reading.problems:
        raise ConfigError("\n".join(reading.problems))
    return site, reading


def _wording(reading: Reading, keys: Mapping[Language, Key[str]]) -> Wording:
    return Wording(
        ja=reading.take(keys[Language.JA]),
        en=reading.take(keys[Language.EN]),
        easy_ja=reading.take(keys[Language.EASY_JA]),
    )


def _logout(reading: Reading) -> LogoutRecipe | None:
    if not reading.has_section("logout"):
        return None
    url, click = reading.take(schema.LOGOUT_URL), reading.take(schema.LOGOUT_CLICK)
    if reading.given(schema.LOGOUT_URL) == reading.given(schema.LOGOUT_CLICK):
        reading.problems.append(f"{reading.path}: [logout] needs exactly one of url and click.")
    return LogoutRecipe(
        url=url,
        click=click or (),
        done=reading.take(schema.LOGOUT_DONE),
        deadline_ms=reading.take(schema.LOGOUT_DEADLINE),
    )


def _check(site: Site, reading: Reading) -> None:
    _check_address(schema.SITE_START, site.start, site.allow, reading)
    if site.logout is not None and site.logout.url is not None:
        _check_address(schema.LOGOUT_URL, site.logout.url, site.allow, reading)
    if site.logout is not None and site.logout.done.startswith(("http://", "https://")):
        _check_address(schema.LOGOUT_DONE, site.logout.done, site.allow, reading)
    if site.practice and not _served_here(site.start):
        reading.refuse(
            schema.SITE_START,
            "with practice = true allowed is http://127.0.0.1:PORT/ with a port from 1024 to 65535",
        )


def _check_address(key: Key[object], address: str, allow: Sequence[str], reading: Reading) -> None:
    try:
        parts, _ = _split(address)
    except ValueError:
        reading.refuse(key, "allowed is an address with a host, without user name or password")
        return
    host = parts.hostname or ""
    if parts.scheme != "https" and not _is_loopback(host):
        reading.refuse(key, "allowed is https:// (http:// only for an address of this PC, such as 127.0.0.1)")
    if not Rules(allow).may_request(address):
        reading.refuse(key, f"its host must stand in allow, which is {', '.join(allow)}")


def _split(address: str) -> tuple[SplitResult, int]:
    parts = urlsplit(address)
    if not parts.hostname or parts.username is not None or parts.password is not None:
        raise ValueError(address)
    return parts, parts.port or _PORTS[parts.scheme]


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _served_here(start: str) -> bool:
    parts, port = _split(start)
    return (
        parts.scheme == "http"
        and _is_loopback(parts.hostname or "")
        and port >= 1024
        and parts.path in {"", "/"}
    )
