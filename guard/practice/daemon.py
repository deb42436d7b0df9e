"""``python -m guard.practice.daemon FILE``: the guard as ``guard demo`` runs it.

A machine policy is laid down for the counter's work, not for play: under it the demo would open the real
portal and write into the real journal. So it does not hold here; in turn, nothing but this PC's own portal
may open.
"""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from guard.errors import ConfigError, GuardError
from guard.service import run
from guard.settings.load import load
from guard.settings.policy import NoPolicy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from guard.settings.model import Settings

_HERE = frozenset({"127.0.0.1", "localhost"})


def settings_for_play(path: Path, environment: Mapping[str, str]) -> Settings:
    """Return the settings of this file alone; raises like `load`, and ConfigError for a portal out there."""
    settings = load(path, environment, NoPolicy())
    for site in settings.sites:
        if urlsplit(site.start).hostname not in _HERE:
            raise ConfigError(
                f"{path}: {site.name} is not served by this PC; the demo opens no other portal."
            )
    return settings


def main(arguments: Sequence[str]) -> int:
    """Run it in the foreground; return the exit code, as of ``guard run``."""
    (path,) = arguments
    try:
        return run(partial(settings_for_play, Path(path), os.environ))
    except GuardError as error:
        sys.stderr.write(f"guard: {error.sentence}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
