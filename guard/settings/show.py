"""The settings in force as TOML, each with where it comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.settings.reading import Reading, toml
from guard.settings.schema import JOURNAL_DIRECTORY, KEYS, LOGOUT_DONE, SITE_KEYS, Key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from guard.settings.load import Loaded


def effective(loaded: Loaded) -> str:
    """Return the settings as one TOML document, each site profile under a ``[[site]]`` of its own.

    Behind every value stands whether the machine ``policy`` or a ``file`` gives it, or it is the ``default``.
    """
    main = "none" if loaded.main.path is None else str(loaded.main.path)
    lines = [
        f"# guard.toml: {main}",
        f"# machine policy: {loaded.policy.where or 'none'}",
        *_lines(loaded, loaded.main, KEYS),
    ]
    for site in loaded.sites:
        lines += ["", f"# site profile: {site.path}", *_lines(loaded, site, SITE_KEYS, within="site")]
    return "\n".join(lines)


def _lines(loaded: Loaded, reading: Reading, keys: Sequence[Key[object]], within: str = "") -> list[str]:
    lines = list[str]()
    heading = ""
    for key in keys:
        value = str(loaded.settings.journal.directory) if key is JOURNAL_DIRECTORY else reading.take(key)
        no_logout = key.section == LOGOUT_DONE.section and not reading.has_section(key.section)
        if value is None or no_logout:
            continue
        section = ".".join(part for part in (within, key.section) if part)
        if section != heading:
            heading = section
            lines += ["", f"[[{section}]]" if section == within else f"[{section}]"]
        lines.append(f"{key.name} = {toml(value)}  # {reading.source(key).value}")
    return lines
