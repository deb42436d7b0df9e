"""Sentences for the IT section in the Application log, of the keeper and of the guard it keeps.

Neither has a screen of its own to say why it cannot go on.
"""

# mypy: no-warn-unused-ignores
# An ignore is one on Windows only, where pywin32's stubs are wrong.

from __future__ import annotations

import contextlib
import sys
from typing import Final

if sys.platform != "win32":
    raise ImportError("this is Windows' part")

import pywintypes
import win32evtlog

from guard.keeper.names import EVENT_SOURCE

_NOTE: Final = 1
"""The event's number: ``other`` of guard.journal.forward.events, a title with two insertions."""


def note(who: str, sentence: str, *, grave: bool = False) -> None:
    """Write that ``who`` says this; a log that is full or away is nothing to stop for."""
    kind = win32evtlog.EVENTLOG_ERROR_TYPE if grave else win32evtlog.EVENTLOG_INFORMATION_TYPE
    with contextlib.suppress(pywintypes.error):
        log = win32evtlog.RegisterEventSource(None, EVENT_SOURCE)  # type: ignore[arg-type]
        try:
            win32evtlog.ReportEvent(log, kind, 0, _NOTE, None, [f"{who}: {sentence}", ""], None)  # type: ignore[arg-type]
        finally:
            win32evtlog.DeregisterEventSource(log)
