"""What an installation said: nothing on Linux, where guard.toml alone counts."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if sys.platform == "win32":
    raise ImportError("this is Linux's part")

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class NoInstallation:
    """Satisfies `guard.settings.policy.PolicySource`."""

    @property
    def where(self) -> str:
        """See `guard.settings.policy.PolicySource`."""
        return ""

    def values(self) -> Mapping[tuple[str, str], object]:
        """See `guard.settings.policy.PolicySource`."""
        return {}

    def place(self, section: str) -> str:  # noqa: ARG002 -- no section has one
        """See `guard.settings.policy.PolicySource`."""
        return ""


def installation() -> NoInstallation:
    """Return what the installation on this PC said."""
    return NoInstallation()


def installed_settings(program_data: Path | None = None) -> Path | None:  # noqa: ARG001 -- the other's
    """Return the guard.toml an installation keeps; on Linux there is none."""
    return None
