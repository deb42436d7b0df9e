"""The command line of an installed browser in a capsule. Pure.

Left out on purpose: ``--no-sandbox`` (the browser's own sandbox stays on), ``--enable-automation`` (portals
would treat the citizen as a robot), ``--incognito`` (extensions and the portal's card login fail there) and
``--disable-background-networking`` (forced extensions would not come; the wall stops everything else).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

    from guard.browser.port import Geometry
    from guard.browser.wall import Wall

OFF_SCREEN: Final = 20_000
"""Pixels right of and below every screen: where the window is until it is taken in."""
_ANTEROOM: Final = (
    "data:text/html,<script>setInterval('document.body.innerHTML=`<iframe srcdoc>`',200)</script>"
)
"""What the window shows until it is sent to the portal; without an address no window comes.

Playwright waits for a first document, and misses for ever one that comes while it attaches. So this one needs
no network, and has another come inside it again and again."""
_FIXED: Final = (
    "--remote-debugging-pipe",
    f"--app={_ANTEROOM}",
    "--kiosk",
    f"--window-position={OFF_SCREEN},{OFF_SCREEN}",
    "--force-device-scale-factor=1",
    "--disable-gpu",
    # an ordinary browser to the portal, although it is driven over a pipe; nothing loads behind a page, and
    # no page gets to see a colour of the screen
    "--disable-blink-features=AutomationControlled,BackgroundFetch,EyeDropperAPI",
    # no greeting, no restoring, no windows of its own
    "--no-first-run",
    "--no-default-browser-check",
    "--noerrdialogs",
    "--disable-hang-monitor",
    "--disable-infobars",
    "--hide-crash-restore-bubble",
    "--overscroll-history-navigation=0",
    # no reports, no services
    "--disable-breakpad",
    "--disable-domain-reliability",
    "--disable-sync",
    "--no-pings",
    "--password-store=basic",
    # what lies beneath the curtain must paint, so that it is there at once
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--disable-background-timer-throttling",
    "--disable-features=Translate,MediaRouter,OptimizationHints,AutofillServerCommunication,GlobalMediaControls",
)


def flags(*, profile: Path, window_class: str, area: Geometry, languages: str, wall: Wall) -> list[str]:
    """Return the arguments; ``languages`` as in Accept-Language, the first is the browser's own."""
    return [
        *_FIXED,
        f"--user-data-dir={profile}",
        f"--class={window_class}",
        f"--window-size={area.width},{area.height}",
        f"--lang={languages.partition(',')[0]}",
        f"--accept-lang={languages}",
        *wall.flags(),
    ]
