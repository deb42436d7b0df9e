"""The platform's log on Windows: the Application log, under a source of our own.

The texts of its numbered messages are in a library that the installer registers (`events`,
installer/windows/event_messages); without it the events are there all the same, under a remark of the viewer.
What ReportEvent took counts as taken: best effort.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final, cast

if sys.platform != "win32":
    raise ImportError("this is Windows' part")

import pywintypes
import win32evtlog

from guard.journal.forward.events import event
from guard.journal.forward.platform_log import NAME
from guard.journal.forward.port import Pace, TargetError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import _win32typing

    from guard.journal.record import Record

# the type stubs do not know that these may be missing (RegisterEventSourceW, ReportEventW)
_THIS_PC: Final = cast("str", None)
_NOBODY: Final = cast("_win32typing.PySID", None)
_NO_DATA: Final = cast("str", None)


class EventLog:
    """A `guard.journal.forward.port.Target`: events of the source that ``place`` names."""

    name = NAME
    place = NAME
    pace = Pace(records=500, rest=2.0)
    """The log of 20 MiB is everybody's."""
    wants_history = False
    """Three years at once would push other programs' events out."""

    def __init__(self, place: Path) -> None:
        self._source = place.name

    def send(self, records: Sequence[Record]) -> int:
        """See `guard.journal.forward.port.Target.send`."""
        taken = 0
        try:
            log = win32evtlog.RegisterEventSource(_THIS_PC, self._source)
            try:
                for record in records:
                    _report(log, record)
                    taken += 1
            finally:
                win32evtlog.DeregisterEventSource(log)
        except pywintypes.error as error:
            if not taken:
                raise TargetError(
                    f"Windows' Event Log takes nothing ({error.strerror}, {error.winerror})"
                ) from error
        return taken


def _report(log: _win32typing.PyEVTLOG_HANDLE, record: Record) -> None:
    made = event(record)
    win32evtlog.ReportEvent(log, made.level, 0, made.number, _NOBODY, list(made.texts), _NO_DATA)
