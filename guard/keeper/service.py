"""The Windows service: `guard.keeper.attendance` between the service control manager's start and stop.

If anything in it fails, its process ends without a word to the manager, which counts that as a crash and
starts it again (`guard.keeper.registration`); the guard's core ends with it (`guard.keeper.launch`) and is
started anew.
"""

# mypy: no-warn-unused-ignores
# An ignore is one on Windows only, where pywin32's stubs are wrong.

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

if sys.platform != "win32":
    raise ImportError("this is Windows' part")

import servicemanager
import win32event
import win32service
import win32serviceutil

from guard.clock import SystemClock
from guard.keeper.attendance import Attendance
from guard.keeper.launch import Launcher
from guard.keeper.names import DISPLAY, SERVICE
from guard.keeper.note import note
from guard.keeper.this_pc import ThisPc
from guard.keeper.watch import Limits

if TYPE_CHECKING:
    from collections.abc import Sequence

GUARD: Final = (sys.executable, "-I", "-B", "-m", "guard", "run")
_WAIT_HINT: Final = 5000
"""ms until the manager hears of us again while the service ends (SERVICE_STATUS, dwWaitHint)."""
_CRASHED: Final = 1


class KeeperService(win32serviceutil.ServiceFramework):
    """The service; the framework calls it by these names."""

    _svc_name_ = SERVICE
    _svc_display_name_ = DISPLAY
    command: ClassVar[Sequence[str]] = GUARD
    """The guard."""
    limits: ClassVar[Limits] = Limits()

    def __init__(self, arguments: Sequence[str]) -> None:
        super().__init__(arguments)
        self._stop = win32event.CreateEvent(None, True, False, None)  # noqa: FBT003 -- pywin32's signature
        self._look = win32event.CreateEvent(None, True, False, None)  # noqa: FBT003 -- pywin32's signature

    def GetAcceptedControls(self) -> int:  # noqa: N802 -- pywin32's name
        """Hear of logons and logoffs, too."""
        heard: int = super().GetAcceptedControls()  # type: ignore[no-untyped-call]
        return heard | win32service.SERVICE_ACCEPT_SESSIONCHANGE

    def SvcOtherEx(self, control: int, event_type: int, data: Any) -> int | None:  # noqa: ANN401, ARG002, N802 -- pywin32's signature
        """Somebody logged on or off, or got the screen (HandlerEx, SERVICE_CONTROL_SESSIONCHANGE)."""
        if control == win32service.SERVICE_CONTROL_SESSIONCHANGE:
            win32event.SetEvent(self._look)
        return None

    def SvcStop(self) -> None:  # noqa: N802 -- pywin32's name
        """Be asked to end; shutdown is the same."""
        self.ending()
        win32event.SetEvent(self._stop)

    SvcShutdown = SvcStop

    def SvcDoRun(self) -> None:  # noqa: N802 -- pywin32's name
        """Keep the guard until asked to end."""
        try:
            pc = ThisPc(Launcher(self.command, self.limits.alive))
            Attendance(pc, self.ending, SystemClock(), self.limits).run(int(self._stop), int(self._look))
        except Exception as error:  # noqa: BLE001 -- whatever it is: see the module
            note("Keeper", f"it failed and starts again: {type(error).__name__}: {error}", grave=True)
            os._exit(_CRASHED)

    def ending(self) -> None:
        """Tell the manager that the service is at ending."""
        self.ReportServiceStatus(win32service.SERVICE_STOP_PENDING, waitHint=_WAIT_HINT)


def serve(service: type[KeeperService] = KeeperService) -> None:
    """Be the service's process, until the service has ended; only the service control manager may start it.

    Raises pywintypes.error when somebody else did.
    """
    # A service has no console, and what its handles are instead nobody promises.
    sys.stdout = sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 -- to the end
    servicemanager.Initialize()
    servicemanager.PrepareToHostSingle(service)
    servicemanager.StartServiceCtrlDispatcher()  # type: ignore[no-untyped-call]
