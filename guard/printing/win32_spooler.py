"""The spooler itself, by winspool (EnumPrinters, EnumJobs, SetJob)."""

from __future__ import annotations

import errno
import sys
from typing import TYPE_CHECKING, Final, Never

if sys.platform != "win32":
    raise ImportError("this is Windows' part")

import contextlib

import pywintypes
import win32print
import win32service
import winerror

from guard.ground import account_name
from guard.printing.spooler import Job

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import _win32typing

_QUEUES: Final = win32print.PRINTER_ENUM_LOCAL | win32print.PRINTER_ENUM_CONNECTIONS
_MOST: Final = 0xFFFF
"""Jobs looked at in a queue; a queue of more than this is nobody's."""
_GONE: Final = frozenset({winerror.ERROR_INVALID_PARAMETER, winerror.ERROR_INVALID_PRINTER_NAME})
"""What SetJob says of a job that is not there any more."""


class WindowsSpooler:
    """Implements `guard.printing.spooler.Spooler`."""

    def __init__(self) -> None:
        self.account = account_name().casefold()
        """Whose jobs are ours, in lower case."""

    def jobs(self) -> Sequence[Job]:
        """See `Spooler.jobs`."""
        try:
            return [
                Job(name, job["JobId"])
                for name in self._queues()
                for job in self._in(name)
                if str(job["pUserName"]).casefold() == self.account
            ]
        except pywintypes.error as error:
            return _none_if_disabled(error)

    def delete(self, job: Job) -> None:
        """See `Spooler.delete`."""
        try:
            with _opened(job.printer) as printer:
                win32print.SetJob(printer, job.number, 0, None, win32print.JOB_CONTROL_DELETE)
        except pywintypes.error as error:
            if error.winerror not in _GONE:
                raise OSError(errno.EIO, error.strerror, None, error.winerror) from None

    @staticmethod
    def elsewhere() -> Sequence[str]:
        """Return the queues that this account has on other PCs; raises OSError when it is not known."""
        try:
            return _names(win32print.PRINTER_ENUM_CONNECTIONS)
        except pywintypes.error as error:
            return _none_if_disabled(error)

    @staticmethod
    def _queues() -> Sequence[str]:
        return _names(_QUEUES)

    @staticmethod
    def _in(name: str) -> Sequence[_win32typing.JobInfo1]:
        with _opened(name) as printer:
            return win32print.EnumJobs(printer, 0, _MOST, 1)


def _names(which: int) -> Sequence[str]:
    return [str(name) for _, _, name, _ in win32print.EnumPrinters(which, None, 1)]


def _none_if_disabled(error: pywintypes.error) -> Sequence[Never]:
    """Return nothing where this PC prints nothing; raises OSError where it only does not answer."""
    if error.winerror == winerror.RPC_S_SERVER_UNAVAILABLE and _is_disabled():
        return []
    raise OSError(errno.EIO, error.strerror, None, error.winerror) from None


def _is_disabled() -> bool:
    """Tell whether the spooler is turned off for good, which many do on a PC that does not print.

    One that has only stopped may start again, and print what lies in its folder.
    """
    try:
        with contextlib.ExitStack() as opened:
            manager = win32service.OpenSCManager(None, None, win32service.SC_MANAGER_CONNECT)
            opened.callback(win32service.CloseServiceHandle, manager)
            service = win32service.OpenService(
                manager, "Spooler", win32service.SERVICE_QUERY_CONFIG | win32service.SERVICE_QUERY_STATUS
            )
            opened.callback(win32service.CloseServiceHandle, service)
            state = win32service.QueryServiceStatus(service)[1]
            starts = win32service.QueryServiceConfig(service)[1]
    except pywintypes.error as error:
        return bool(error.winerror == winerror.ERROR_SERVICE_DOES_NOT_EXIST)
    return state == win32service.SERVICE_STOPPED and starts == win32service.SERVICE_DISABLED


@contextlib.contextmanager
def _opened(name: str) -> Iterator[_win32typing.PyPrinterHANDLE]:
    printer = win32print.OpenPrinter(name)
    try:
        yield printer
    finally:
        win32print.ClosePrinter(printer)
