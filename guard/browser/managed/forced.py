"""The extensions that this PC's administrator forces: no page may be opened before they have come."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

FORCED_WITHIN: Final = 25.0
"""s for all of them to come, each time anew; less than a capsule may take to get warm."""
_ID: Final = re.compile(r"[a-p]{32}")


def forced_extensions(policies: Path) -> frozenset[str]:
    """Return the ids that the policy files in this folder force, in either of the two ways to say so."""
    found: set[str] = set()
    for file in sorted(policies.glob("*.json")):
        try:
            policy = json.loads(file.read_text("utf-8"))
        except (OSError, ValueError, RecursionError):
            continue  # the browser does not obey such a file either
        if isinstance(policy, dict):
            found.update(forced_by(policy))
    return frozenset(found)


def come(profile: Path, wanted: frozenset[str]) -> bool:
    """Tell whether all of them are installed in this profile."""
    return all(any(profile.glob(f"Default/Extensions/{one}/*/manifest.json")) for one in wanted)


def forced_by(policy: Mapping[str, object]) -> Iterator[str]:
    """Yield the ids that this policy forces, in either of the two ways to say so."""
    entries = policy.get("ExtensionInstallForcelist", [])
    settings = policy.get("ExtensionSettings", {})
    names = [str(entry).partition(";")[0] for entry in entries] if isinstance(entries, list) else []
    if isinstance(settings, dict):
        modes = {"force_installed", "normal_installed"}
        names += [
            name
            for name, each in settings.items()
            if isinstance(each, dict) and each.get("installation_mode") in modes
        ]
    yield from (name for name in names if _ID.fullmatch(name))
