"""An installed browser on Linux: an X11 window, and policies in files."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

if sys.platform == "win32":
    raise ImportError("this is Linux's part")

from guard.browser.managed.forced import forced_extensions
from guard.browser.managed.frame import Frame
from guard.browser.managed.launch import POLICIES
from guard.browser.managed.policy import policy
from guard.browser.managed.start import LaidDown

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.browser.site import Site
    from guard.browser.wall import Wall

_POLICY: Final = "zz-madoguchi-guard.json"
"""Of two files that set the same policy, the browser takes the one whose name comes later."""
_PASSED_ON: Final = (
    *("DISPLAY", "XAUTHORITY", "LANG"),
    *("HOME", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS"),
)


class LinuxStart:
    """Implements `guard.browser.managed.start.Start`."""

    def holder(
        self,
        host: int,
        window_class: str,
        *,
        print_pressed: Callable[[], None],
        page_gone: Callable[[], None],
    ) -> Frame:
        """See `Start.holder`."""
        display = os.environ["DISPLAY"]
        return Frame(display, host, window_class, print_pressed=print_pressed, page_gone=page_gone)

    def lay_down(self, site: Site, wall: Wall, profile: Path) -> LaidDown:  # noqa: ARG002 -- policies lie elsewhere
        """See `Start.lay_down`."""
        policies = Path(os.environ[POLICIES])
        (policies / _POLICY).write_text(json.dumps(policy(site, wall)), "utf-8")
        return LaidDown(
            flags=("--ozone-platform=x11",),
            extensions=forced_extensions(policies),
            environment={
                **{name: os.environ[name] for name in _PASSED_ON if name in os.environ},
                "PATH": "/nowhere",  # a browser starts other programs (xdg-open) by their names
            },
        )
