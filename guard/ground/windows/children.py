"""Child processes that do not outlive us."""

from __future__ import annotations

import os
import subprocess
import sys
import weakref
from typing import TYPE_CHECKING

if sys.platform != "win32":
    raise ImportError("this is Windows' part")

from guard.ground.windows.job import CREATE_SUSPENDED, Job, run_inside

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class BoundProcess(subprocess.Popen[bytes]):
    """A process in a job of its own, which ends with the last handle to it: at the latest with us."""

    def hold(self, job: Job) -> None:
        """Have its end, and whatever it has started, hang on this job; once."""
        self._job = job
        weakref.finalize(self, job.close)

    def kill(self) -> None:
        """End it, and whatever it has started."""
        self._job.terminate()
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
    try:
        process = BoundProcess(
            list(command),
            env=dict(environment),
            cwd=os.environ["SYSTEMROOT"],
            stdin=subprocess.PIPE if handed else stdin,
            stdout=stdout,
            stderr=subprocess.DEVNULL,
            creationflags=CREATE_SUSPENDED | subprocess.CREATE_NO_WINDOW,
        )
    except OSError:
        job.close()
        raise
    process.hold(job)
    run_inside(job, process, handed=handed)
    return process
