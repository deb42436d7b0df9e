"""Whether somebody starts the guard on this PC; any account may ask."""

from __future__ import annotations

import sys

if sys.platform != "win32":
    raise ImportError("this is Windows' part")

import pywintypes
import win32service
import winerror

from guard.errors import MachineError
from guard.keeper.names import SERVICE
from guard.keeper.this_pc import account_to_serve

_ASK = win32service.SERVICE_QUERY_STATUS | win32service.SERVICE_QUERY_CONFIG


def keeper_standing() -> str:
    """Say that the service runs, and for whom. Raises MachineError when nobody keeps the guard."""
    state, start = _state_and_start()
    if start != win32service.SERVICE_AUTO_START:
        raise MachineError(f"the service {SERVICE} is not started with the PC")
    if state != win32service.SERVICE_RUNNING:
        raise MachineError(f"the service {SERVICE} does not run")
    account = account_to_serve()
    return f"the service {SERVICE} serves {account or 'whoever is at the console'}"


def _state_and_start() -> tuple[int, int]:
    try:
        manager = win32service.OpenSCManager(None, None, win32service.SC_MANAGER_CONNECT)
        try:
            service = win32service.OpenService(manager, SERVICE, _ASK)
            try:
                state = int(win32service.QueryServiceStatus(service)[1])
                start = int(win32service.QueryServiceConfig(service)[1])
            finally:
                win32service.CloseServiceHandle(service)
        finally:
            win32service.CloseServiceHandle(manager)
    except pywintypes.error as error:
        if error.winerror == winerror.ERROR_SERVICE_DOES_NOT_EXIST:
            raise MachineError(f"the service {SERVICE} is not installed") from error
        raise MachineError(f"the service {SERVICE} cannot be asked about: {error.strerror}") from error
    return state, start
