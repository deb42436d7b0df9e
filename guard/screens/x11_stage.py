"""The screen of an X server."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from guard.screens.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Mapping


def x11_stage(environment: Mapping[str, str]) -> Stage:
    """Return the screen that ``DISPLAY`` names, with the cookie that ``XAUTHORITY`` names if there is one."""
    name, cookie = environment["DISPLAY"], environment.get("XAUTHORITY")
    own = {
        "DISPLAY": name,
        "QT_QPA_PLATFORM": "xcb",
        **({"XAUTHORITY": cookie} if cookie else {}),
    }
    return Stage(environment=own, readable=(Path(cookie),) if cookie else (), display=name)
