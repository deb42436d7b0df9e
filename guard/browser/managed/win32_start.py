"""An installed browser on Windows: a window taken into ours, and policies in the registry.

A standard user cannot lay policies down, so what is the same for every portal must be the machine's own
(docs/windows-policy.md), and is checked before a browser is started; what differs comes as switches.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if sys.platform != "win32":
    raise ImportError("this is Windows' part")

from guard.browser.managed.start import LaidDown
from guard.browser.managed.win32_frame import Win32Frame, in_our_job
from guard.browser.managed.win32_installed import POLICY_KEY, forced_extensions

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from guard.browser.site import Site
    from guard.browser.wall import Wall


class WindowsStart:
    """Implements `guard.browser.managed.start.Start`."""

    def holder(
        self,
        host: int,
        window_class: str,  # noqa: ARG002 -- windows are known by the job that their process is in
        *,
        print_pressed: Callable[[], None],
        page_gone: Callable[[], None],
    ) -> Win32Frame:
        """See `Start.holder`."""
        return Win32Frame(host, inside=in_our_job, print_pressed=print_pressed, page_gone=page_gone)

    def lay_down(self, site: Site, wall: Wall, profile: Path) -> LaidDown:  # noqa: ARG002 -- nothing but the wall is a site's own
        """See `Start.lay_down`."""
        script = profile / "guard.pac"
        script.write_text(wall.script, "ascii")
        return LaidDown(
            flags=wall.proxy_flags(script),
            extensions=forced_extensions(os.environ[POLICY_KEY]),
            environment={name: value for name, value in os.environ.items() if name != POLICY_KEY},
        )
