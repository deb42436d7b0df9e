"""A Job Object: processes that end as one, at the latest with the last handle to their job.

"Job Objects" and JOBOBJECT_EXTENDED_LIMIT_INFORMATION of the Windows API: every process that one inside
starts is inside, too; without a breakaway flag among the limits none gets out.

No job has UI limits (JobObjectBasicUIRestrictions). A process that is in a job already, as whatever Task
Scheduler or a job of our own has started is, cannot be put into one that has them (AssignProcessToJobObject),
and a browser's sandbox makes jobs with UI limits of its own inside ours. Its pages are held by that sandbox.
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
import win32process
import winerror

from guard.ground.windows.sockets import shared

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Sequence
    from typing import Self

_kernel: Final = ctypes.WinDLL("kernel32", use_last_error=True)
_kernel.CreateJobObjectW.restype = wintypes.HANDLE
_kernel.OpenJobObjectW.restype = wintypes.HANDLE
_kernel.OpenProcess.restype = wintypes.HANDLE
_kernel.GetCurrentProcess.restype = wintypes.HANDLE
_ENDED_BY_US: Final = 1
"""Exit code of what is ended with its job."""
CREATE_SUSPENDED: Final = 0x4
"""Process Creation Flags, winbase.h: it runs nothing before it is in its job."""
_MAY_ENTER: Final = win32con.PROCESS_SET_QUOTA | win32con.PROCESS_TERMINATE
"""Rights that AssignProcessToJobObject asks for."""


class Job:
    """One job; raises OSError (as pywin32's error is not) where the system refuses."""

    def __init__(
        self,
        *,
        name: str | None = None,
        memory: int | None = None,
        gives_way: bool = False,
    ) -> None:
        """Make it, under this name if one is given, which nobody may have.

        All inside have at most ``memory`` bytes together; with ``gives_way`` none of them can raise itself
        above BELOW_NORMAL_PRIORITY_CLASS.
        """
        ctypes.set_last_error(0)
        handle = _kernel.CreateJobObjectW(None, name)
        code = ctypes.get_last_error()
        if not handle:
            raise ctypes.WinError(code)
        self._handle = int(handle)
        if code == winerror.ERROR_ALREADY_EXISTS:
            self.close()
            raise ctypes.WinError(code)
        try:
            self._limit(memory, gives_way=gives_way)
        except pywintypes.error as error:
            self.close()
            raise _refused(error) from None

    @classmethod
    def opened(cls, name: str) -> Self | None:
        """Return the job of this name, None when there is none; raises OSError."""
        handle = _kernel.OpenJobObjectW(win32job.JOB_OBJECT_ALL_ACCESS, False, name)  # noqa: FBT003 -- the API's signature
        if not handle:
            if (code := ctypes.get_last_error()) == winerror.ERROR_FILE_NOT_FOUND:
                return None
            raise ctypes.WinError(code)
        job = cls.__new__(cls)
        job._handle = int(handle)  # noqa: SLF001 -- it is our own
        return job

    def _limit(self, memory: int | None, *, gives_way: bool) -> None:
        limits = win32job.QueryInformationJobObject(self._handle, win32job.JobObjectExtendedLimitInformation)
        basic = limits["BasicLimitInformation"]
        basic["LimitFlags"] = (
            win32job.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE | win32job.JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION
        )
        if memory is not None:
            basic["LimitFlags"] |= win32job.JOB_OBJECT_LIMIT_JOB_MEMORY
            limits["JobMemoryLimit"] = memory
        if gives_way:
            basic["LimitFlags"] |= win32job.JOB_OBJECT_LIMIT_PRIORITY_CLASS
            basic["PriorityClass"] = win32process.BELOW_NORMAL_PRIORITY_CLASS
        win32job.SetInformationJobObject(self._handle, win32job.JobObjectExtendedLimitInformation, limits)

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

    def give_to(self, pid: int) -> None:
        """Have a process hold its own job: it then ends with that one and not with us; OSError."""
        process = _kernel.OpenProcess(win32con.PROCESS_DUP_HANDLE, False, pid)  # noqa: FBT003 -- the API's signature
        if not process:
            raise ctypes.WinError(ctypes.get_last_error())
        try:
            theirs = wintypes.HANDLE()
            if not _kernel.DuplicateHandle(
                wintypes.HANDLE(_kernel.GetCurrentProcess()),
                wintypes.HANDLE(self._handle),
                wintypes.HANDLE(process),
                ctypes.byref(theirs),
                0,
                False,  # noqa: FBT003 -- the API's signature
                win32con.DUPLICATE_SAME_ACCESS,
            ):
                raise ctypes.WinError(ctypes.get_last_error())
        finally:
            win32api.CloseHandle(int(process))

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


def run_inside(
    job: Job, process: subprocess.Popen[bytes], *, handed: Sequence[int] = (), keeps: bool = False
) -> None:
    """Put a process that was started suspended (`CREATE_SUSPENDED`) into the job, and let it run.

    ``handed`` are sockets' handles, which it gets by its stdin, in this order; with ``keeps`` it is given its
    own job (`Job.give_to`). Raises OSError when it cannot be done; the process has ended then.
    """
    try:
        job.assign(process.pid)
        if keeps:
            job.give_to(process.pid)
        if process.stdin and handed:
            for one in handed:
                process.stdin.write(shared(one, process.pid))
            process.stdin.close()
        resume(process.pid)
    except OSError:
        process.kill()
        process.wait()
        raise


def resume(pid: int) -> None:
    """Let a process that was started suspended run; raises OSError."""
    try:
        psutil.Process(pid).resume()
    except psutil.Error as error:
        raise OSError(f"a process that was just made cannot be run ({type(error).__name__})") from error


def _refused(error: pywintypes.error) -> OSError:
    return OSError(None, error.strerror, None, error.winerror)
