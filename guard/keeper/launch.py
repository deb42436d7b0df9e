"""Starts the guard in somebody's session, as them, and holds it.

What the process gets from the keeper is its line's number and nothing else: the user's own token and
environment, the user's desktop, no handle.

The keeper holds the guard's core, alone, in a job that ends with the keeper (KILL_ON_JOB_CLOSE): there is
never a guard that nobody watches. Children of the core leave that job on their own
(SILENT_BREAKAWAY_OK). The curtain has to: it covers until the next core has covered, so it must outlive this
one, and the keeper, too. All others are the core's to hold, in jobs of its own that end with it
(`guard.ground.windows.children`, `guard.containers.job_object`).
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Final

if sys.platform != "win32":
    raise ImportError("this is Windows' part")

import pywintypes
import win32api
import win32con
import win32event
import win32job
import win32process
import win32profile
import win32security
import win32ts

from guard.ground.windows.handles import closing_handle
from guard.keeper.keepers_line import KeepersEnd
from guard.keeper.line_names import LineNames

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import _win32typing

    from guard.keeper.signs import Sign

_KILLED_BY_US: Final = 1
"""Exit code of a guard that the keeper kills."""
_FLAGS: Final = win32con.CREATE_SUSPENDED | win32con.CREATE_UNICODE_ENVIRONMENT | win32con.CREATE_NO_WINDOW
_DESKTOP: Final = r"winsta0\default"
_LIMITS: Final = (
    win32job.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE
    | win32job.JOB_OBJECT_LIMIT_SILENT_BREAKAWAY_OK
    | win32job.JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION
)


class KeptGuard:
    """A guard that was started; closed after its end."""

    def __init__(self, process: int, pid: int, job: int, line: KeepersEnd) -> None:
        """Hold these; ``process`` and ``job`` are handles, ours from now on."""
        self.process: Final = process
        """Its handle, which can be waited for."""
        self.pid: Final = pid
        self._job = job
        self._line = line

    @property
    def event(self) -> int:
        """A handle that can be waited for: there is something to `hear`."""
        return int(self._line.event)

    def hear(self) -> tuple[Sign, ...]:
        """See `KeepersEnd.hear`."""
        return self._line.hear()

    def ask_to_end(self) -> None:
        """See `KeepersEnd.ask_to_end`."""
        self._line.ask_to_end()

    def kill(self) -> None:
        """End it; returns at once, may be called again."""
        with contextlib.suppress(pywintypes.error):  # refused once it has ended
            win32process.TerminateProcess(self.process, _KILLED_BY_US)

    def ended(self) -> int | None:
        """Return its exit code, None as long as it runs."""
        if win32event.WaitForSingleObject(self.process, 0) != win32event.WAIT_OBJECT_0:
            return None
        return int(win32process.GetExitCodeProcess(self.process))

    def close(self) -> None:
        """Let go, which ends it if it has not; only once."""
        win32api.CloseHandle(self._job)
        win32api.CloseHandle(self.process)
        self._line.close()


def logged_on(session: int) -> _win32typing.PyHANDLE:
    """Return the token of whoever is logged on to the session (WTSQueryUserToken); pywintypes.error."""
    token: _win32typing.PyHANDLE = win32ts.WTSQueryUserToken(session)  # type: ignore[assignment]
    return token


class Launcher:
    """Starts guards: ``command`` is the program and its arguments."""

    def __init__(
        self,
        command: Sequence[str],
        seconds: float,
        token_of: Callable[[int], _win32typing.PyHANDLE] = logged_on,
    ) -> None:
        """A guard is told to give a sign of life within ``seconds``."""
        self._command = tuple(command)
        self._seconds = seconds
        self._token_of = token_of

    def start(self, session: int) -> KeptGuard:
        """Start one in this session; raises pywintypes.error, and nothing is left then."""
        with closing_handle(self._token_of(session)) as token, contextlib.ExitStack() as stack:
            sid: _win32typing.PySID = win32security.GetTokenInformation(token, win32security.TokenUser)[0]  # type: ignore[arg-type]
            line = KeepersEnd(LineNames.new(self._seconds), sid)
            stack.callback(line.close)
            job = _job()
            stack.callback(win32api.CloseHandle, job)
            environment: dict[str, str] = win32profile.CreateEnvironmentBlock(token, False)  # type: ignore[arg-type]  # noqa: FBT003 -- pywin32's signature
            start = win32process.STARTUPINFO()
            start.lpDesktop = _DESKTOP
            process, thread, pid, _ = win32process.CreateProcessAsUser(
                token,  # type: ignore[arg-type]
                self._command[0],
                subprocess.list2cmdline(self._command),
                None,  # type: ignore[arg-type]
                None,  # type: ignore[arg-type]
                False,  # noqa: FBT003 -- pywin32's signature
                _FLAGS,
                environment | dict(line.variables),
                os.environ["SYSTEMROOT"],
                start,
            )
            held = int(process.Detach())  # type: ignore[attr-defined]
            stack.callback(win32api.CloseHandle, held)
            with closing_handle(thread) as running:
                try:
                    win32job.AssignProcessToJobObject(job, held)
                    line.expect(pid)
                    win32process.ResumeThread(running)
                except pywintypes.error:
                    win32process.TerminateProcess(held, _KILLED_BY_US)
                    raise
            stack.pop_all()
        return KeptGuard(held, pid, job, line)


def _job() -> int:
    job = int(win32job.CreateJobObject(None, "").Detach())  # type: ignore[arg-type, func-returns-value, attr-defined]
    try:
        limits = win32job.QueryInformationJobObject(job, win32job.JobObjectExtendedLimitInformation)
        limits["BasicLimitInformation"]["LimitFlags"] = _LIMITS
        win32job.SetInformationJobObject(job, win32job.JobObjectExtendedLimitInformation, limits)
    except pywintypes.error:
        win32api.CloseHandle(job)
        raise
    return job
