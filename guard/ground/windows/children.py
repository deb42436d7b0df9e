"""Child processes that do not outlive us."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Final

if sys.platform != "win32":
    raise ImportError("this is Windows' part")

from guard.ground.windows.job import Job, resume
from guard.ground.windows.sockets import shared

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_CREATE_SUSPENDED: Final = 0x4
"""Process Creation Flags, winbase.h: it runs nothing before it is in its job."""


class BoundProcess(subprocess.Popen[bytes]):
    """A process in a job of its own, which the system ends with the last handle to it: with us."""

    job: Job

    def kill(self) -> None:
        """End it, and whatever it has started."""
        self.job.terminate()
        super().kill()


def start_bound(
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    handed: Sequence[int] = (),
    stdin: int = subprocess.DEVNULL,
    stdout: int = subprocess.DEVNULL,
) -> subprocess.Popen[bytes]:
    """Start the command so that it dies with us, by a Job Object with KILL_ON_JOB_CLOSE.

    ``handed`` are sockets' handles, which the child takes over by `taken_over`, in this order; its stdin is
    for that then. It has no console and its errors go nowhere. Raises OSError when it does not start.
    """
    job = Job()
    process = BoundProcess(
        list(command),
        env=dict(environment),
        cwd=os.environ["SYSTEMROOT"],
        stdin=subprocess.PIPE if handed else stdin,
        stdout=stdout,
        stderr=subprocess.DEVNULL,
        creationflags=_CREATE_SUSPENDED | subprocess.CREATE_NO_WINDOW,
    )
    process.job = job
    try:
        job.assign(process.pid)
        if handed and process.stdin:
            for one in handed:
                process.stdin.write(shared(one, process.pid))
            process.stdin.close()
        resume(process.pid)
    except OSError:
        process.kill()
        process.wait()
        raise
    return process
