"""A Job Object: processes that end as one, at the latest with the last handle to their job.

"Job Objects" and JOBOBJECT_EXTENDED_LIMIT_INFORMATION of the Windows API: every process that one inside
starts is inside, too; without a breakaway flag among the limits none gets out.
"""

from __future__ import annotations

import ctypes
import sys
from ctypes import wintypes
from typing import TYPE_CHECKING, Final

if sys.platform != "win32":
    raise ImportError("this is Windows' part")

import psutil
import pywintypes
import win32api
import win32con
import win32job

if TYPE_CHECKING:
    from typing import Self

_kernel: Final = ctypes.WinDLL("kernel32", use_last_error=True)
_kernel.CreateJobObjectW.restype = wintypes.HANDLE
_ENDED_BY_US: Final = 1
"""Exit code of what is ended with its job."""
_MAY_ENTER: Final = win32con.PROCESS_SET_QUOTA | win32con.PROCESS_TERMINATE
"""Rights that AssignProcessToJobObject asks for."""
_NO_UI: Final = (
    win32job.JOB_OBJECT_UILIMIT_DESKTOP
    | win32job.JOB_OBJECT_UILIMIT_DISPLAYSETTINGS
    | win32job.JOB_OBJECT_UILIMIT_EXITWINDOWS
    | win32job.JOB_OBJECT_UILIMIT_GLOBALATOMS
    | win32job.JOB_OBJECT_UILIMIT_SYSTEMPARAMETERS
)
"""What a browser never needs. Handles and the clipboard stay: a citizen pastes, and the host of an installed
browser's window is another process."""


class Job:
    """One job; raises OSError (as pywin32's error is not) where the system refuses."""

    def __init__(self, *, memory: int | None = None, confined: bool = False) -> None:
        """Make it: at most ``memory`` bytes for all inside; ``confined``: without a hand on the desktop."""
        try:
            handle = _kernel.CreateJobObjectW(None, None)
            if not handle:
                raise ctypes.WinError(ctypes.get_last_error())
            self._handle = int(handle)
            limits = win32job.QueryInformationJobObject(
                self._handle, win32job.JobObjectExtendedLimitInformation
            )
            basic = limits["BasicLimitInformation"]
            basic["LimitFlags"] = (
                win32job.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE
                | win32job.JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION
            )
            if memory is not None:
                basic["LimitFlags"] |= win32job.JOB_OBJECT_LIMIT_JOB_MEMORY
                limits["JobMemoryLimit"] = memory
            win32job.SetInformationJobObject(self._handle, win32job.JobObjectExtendedLimitInformation, limits)
            if confined:
                win32job.SetInformationJobObject(
                    self._handle,
                    win32job.JobObjectBasicUIRestrictions,
                    {"UIRestrictionsClass": _NO_UI},
                )
        except pywintypes.error as error:
            raise _refused(error) from None

    def assign(self, pid: int) -> None:
        """Put this process in, suspended still (CREATE_SUSPENDED): what it has started before is outside."""
        try:
            process = win32api.OpenProcess(_MAY_ENTER, False, pid)  # noqa: FBT003 -- pywin32's signature
            try:
                win32job.AssignProcessToJobObject(self._handle, process)
            finally:
                win32api.CloseHandle(process)
        except pywintypes.error as error:
            raise _refused(error) from None

    def pids(self) -> tuple[int, ...]:
        """Return the ids of the processes inside that are alive now."""
        try:
            found: tuple[int, ...] = win32job.QueryInformationJobObject(
                self._handle, win32job.JobObjectBasicProcessIdList
            )
        except pywintypes.error as error:
            raise _refused(error) from None
        return tuple(found)

    def terminate(self) -> None:
        """End everything inside; returns at once, may be called again."""
        try:
            win32job.TerminateJobObject(self._handle, _ENDED_BY_US)
        except pywintypes.error as error:
            raise _refused(error) from None

    def close(self) -> None:
        """Let go of it, which ends what is still inside; only once."""
        win32api.CloseHandle(self._handle)

    def __enter__(self) -> Self:
        """Use it for a with block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()


def resume(pid: int) -> None:
    """Let a process that was started suspended run; raises OSError."""
    try:
        psutil.Process(pid).resume()
    except psutil.Error as error:
        raise OSError(f"a process that was just made cannot be run ({type(error).__name__})") from error


def _refused(error: pywintypes.error) -> OSError:
    return OSError(None, error.strerror, None, error.winerror)
