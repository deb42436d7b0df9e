"""Enters the service into the service control manager's book, and takes it out.

The MSI does the same by its own tables; this is for an installation by hand, and tests.
"""

# mypy: no-warn-unused-ignores
# An ignore is one on Windows only, where pywin32's stubs are wrong.

from __future__ import annotations

import contextlib
import sys
import time
from typing import TYPE_CHECKING, Final

if sys.platform != "win32":
    raise ImportError("this is Windows' part")

import pywintypes
import win32api
import win32con
import win32event
import win32service
import winerror

from guard.errors import MachineError
from guard.ground.windows.handles import closing_handle
from guard.keeper.names import ARGUMENTS, DESCRIPTION, DISPLAY, SERVICE

if TYPE_CHECKING:
    from collections.abc import Iterator

    import _win32typing

_FORGIVEN: Final = 3600
"""s without a failure after which the count of failures begins anew."""
_RESTART: Final = win32service.SC_ACTION_RESTART
_ACTIONS: Final = ((_RESTART, 1000), (_RESTART, 1000), (_RESTART, 5000))
"""After the first, the second and every later failure; ms (SERVICE_FAILURE_ACTIONS)."""
_STOP_SECONDS: Final = 120.0


def command() -> str:
    """Return the service's command. The program is quoted: a path with spaces is several to CreateProcess."""
    return f'"{sys.executable}" {ARGUMENTS}'


def install(binary: str | None = None) -> None:
    """Enter it, as SYSTEM, started with the PC and restarted when it fails, and start it; MachineError."""
    with _manager(win32service.SC_MANAGER_CREATE_SERVICE) as manager:
        try:
            service = win32service.CreateService(
                manager,
                SERVICE,
                DISPLAY,
                win32service.SERVICE_ALL_ACCESS,
                win32service.SERVICE_WIN32_OWN_PROCESS,
                win32service.SERVICE_AUTO_START,
                win32service.SERVICE_ERROR_NORMAL,
                binary or command(),
                None,
                False,  # noqa: FBT003 -- pywin32's signature
                None,
                None,
                None,
            )
            try:
                configure(service)
                win32service.StartService(service, None)
            except pywintypes.error:
                win32service.DeleteService(service)
                raise
            finally:
                win32service.CloseServiceHandle(service)
        except pywintypes.error as error:
            raise MachineError(f"the service {SERVICE} cannot be installed: {error.strerror}") from error


def configure(service: _win32typing.PySC_HANDLE) -> None:
    """Say what it is for and what to do when it fails; raises pywintypes.error."""
    change = win32service.ChangeServiceConfig2
    change(service, win32service.SERVICE_CONFIG_DESCRIPTION, DESCRIPTION)
    actions = {"ResetPeriod": _FORGIVEN, "RebootMsg": "", "Command": "", "Actions": _ACTIONS}
    change(service, win32service.SERVICE_CONFIG_FAILURE_ACTIONS, actions)


def stop() -> None:
    """Stop it and wait for its end, and so for the guard's; nothing to do without it; raises MachineError.

    The MSI does it by this: Windows Installer waits for 30 s at most ("ServiceControl Table", Wait).
    """
    with _installed() as service:
        if service is not None:
            _stop(service)


def remove() -> None:
    """Stop it, wait for its end and take it out; nothing to do when it is not there; raises MachineError."""
    with _installed() as service:
        if service is not None:
            _stop(service)
            win32service.DeleteService(service)


@contextlib.contextmanager
def _installed() -> Iterator[_win32typing.PySC_HANDLE | None]:
    """Give the service, None when it is not there; what fails meanwhile becomes a MachineError."""
    with _manager(win32service.SC_MANAGER_CONNECT) as manager:
        try:
            service = win32service.OpenService(manager, SERVICE, win32service.SERVICE_ALL_ACCESS)
        except pywintypes.error as error:
            if error.winerror != winerror.ERROR_SERVICE_DOES_NOT_EXIST:
                raise MachineError(f"the service {SERVICE} cannot be opened: {error.strerror}") from error
            yield None
            return
        try:
            yield service
        except pywintypes.error as error:
            raise MachineError(f"the service {SERVICE} cannot be taken away: {error.strerror}") from error
        finally:
            win32service.CloseServiceHandle(service)


def _stop(service: _win32typing.PySC_HANDLE) -> None:
    """Have it stopped, its process gone: a service that counts as stopped may still be using its files."""
    pid = int(win32service.QueryServiceStatusEx(service)["ProcessId"])  # type: ignore[index]
    end = time.monotonic() + _STOP_SECONDS
    with contextlib.ExitStack() as stack:
        process = None
        if pid:
            with contextlib.suppress(pywintypes.error):  # it may have ended by itself
                opened = win32api.OpenProcess(win32con.SYNCHRONIZE, False, pid)  # noqa: FBT003 -- pywin32's signature
                process = stack.enter_context(closing_handle(opened))
        while (state := win32service.QueryServiceStatus(service)[1]) != win32service.SERVICE_STOPPED:
            if time.monotonic() > end:
                raise MachineError(f"the service {SERVICE} does not stop")
            if state == win32service.SERVICE_RUNNING:  # also one that was starting a moment ago
                with contextlib.suppress(pywintypes.error):  # the same
                    win32service.ControlService(service, win32service.SERVICE_CONTROL_STOP)
            time.sleep(0.1)
        if process is not None:
            patience = max(end - time.monotonic(), 0.0)
            win32event.WaitForSingleObject(process, int(patience * 1000))


@contextlib.contextmanager
def _manager(rights: int) -> Iterator[_win32typing.PySC_HANDLE]:
    try:
        manager = win32service.OpenSCManager(None, None, rights)
    except pywintypes.error as error:
        raise MachineError(f"services can be changed by an administrator alone: {error.strerror}") from error
    try:
        yield manager
    finally:
        win32service.CloseServiceHandle(manager)
