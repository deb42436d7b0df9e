"""What every window of ours does to pywebview before it is used."""

from __future__ import annotations

from typing import Final

import webview

SETTINGS: Final = {
    "ALLOW_DOWNLOADS": False,
    "ALLOW_FILE_URLS": False,
    "IGNORE_SSL_ERRORS": False,
    "OPEN_DEVTOOLS_IN_DEBUG": False,
    "OPEN_EXTERNAL_LINKS_IN_BROWSER": False,
    "REMOTE_DEBUGGING_PORT": None,
    "SHOW_DEFAULT_MENUS": False,
}
"""Every unsafe setting of pywebview, off by name."""


def switch_off_the_unsafe() -> None:
    """Apply `SETTINGS`; pywebview keeps them for the whole process."""
    for name, value in SETTINGS.items():
        webview.settings[name] = value
