"""A service that does nothing: in the round trip's package with few wheels it stands in for guard.keeper."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if sys.platform != "win32":
    raise ImportError("a service of Windows")

import servicemanager
import win32event
import win32service
import win32serviceutil

if TYPE_CHECKING:
    from collections.abc import Callable


class StandIn(win32serviceutil.ServiceFramework):
    _svc_name_ = "MadoguchiGuardKeeper"
    _svc_display_name_ = "Madoguchi Guard Keeper"

    def __init__(self, arguments: list[str]) -> None:
        super().__init__(arguments)
        self._end = win32event.CreateEvent(None, 0, 0, None)

    def SvcStop(self) -> None:  # noqa: N802 -- pywin32's name
        self.ReportServiceStatus(win32service.SERVICE_STOP_PENDING)
        win32event.SetEvent(self._end)

    def SvcDoRun(self) -> None:  # noqa: N802 -- pywin32's name
        win32event.WaitForSingleObject(self._end, win32event.INFINITE)


if __name__ == "__main__":
    servicemanager.Initialize()
    servicemanager.PrepareToHostSingle(StandIn)
    dispatch: Callable[[], None] = servicemanager.StartServiceCtrlDispatcher  # its stub has no types
    dispatch()
