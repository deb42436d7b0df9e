"""Containers by Job Objects: processes that end as one, and a folder of their own that goes with them.

Theory of operation
===================

A container is a job (`guard.ground.windows.job`) and a folder below the guard's own root, which this account
and SYSTEM alone may enter. Every place where a Windows program keeps things (profile, temporary files,
application data) is told to be in that folder. The command is started suspended, put into the job and only
then run, so nothing of it is ever outside.

The core holds the job: with the core's end, however it comes, the last handle is gone and Windows ends what
is inside. A container that is to outlive the core (the curtain) is given a handle to its own job instead, and
the job a name by which the next core finds it.

That all is gone is proven twice: the job is empty, and the folder could be renamed, which Windows refuses as
long as any process has anything in it open. Then it is deleted (`guard.containers.win32_folder`).

What a job does not do: it hides neither this account's files nor the network (docs/security.md). A program
that asks Windows itself for the account's folders (SHGetKnownFolderPath) is told the real ones.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Final

if sys.platform != "win32":
    raise ImportError("this is Windows' part")

import pywintypes

from guard.containers.job_bounds import HEADROOM, JobBounds, committed
from guard.containers.port import Remains, Sealing
from guard.containers.win32_folder import GRAVE, erased, is_there, size
from guard.errors import MachineError
from guard.ground.windows.job import CREATE_SUSPENDED, Job, run_inside
from guard.ground.windows.rights import keep_for_ourselves

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from guard.clock import Clock

_MARK: Final = re.compile(r"[a-z0-9-]{1,40}")
_GLANCE: Final = 0.005
"""s between two looks."""
_CLOSE_SECONDS: Final = 5.0
_SWEEP_SECONDS: Final = 10.0
_TRIAL_SECONDS: Final = 30.0
_PASSED_ON: Final = (
    *("SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "PROGRAMDATA", "PROGRAMFILES", "PROGRAMFILES(X86)"),
    *("NUMBER_OF_PROCESSORS", "PROCESSOR_ARCHITECTURE", "OS", "USERNAME", "USERDOMAIN", "COMPUTERNAME"),
)
"""What a Windows program needs of the system's own variables; nothing of it is a citizen's."""
_HOMES: Final[Mapping[str, str]] = {
    "APPDATA": "roaming",
    "HOME": "",
    "LOCALAPPDATA": "local",
    "TEMP": "temp",
    "TMP": "temp",
    "USERPROFILE": "",
}
"""Variable -> folder inside the container's own."""


class JobObjects:
    """The `Sealer` of `guard.containers.port` on Windows.

    ``mark`` keeps several guards of one account apart; ``root`` is the folder for their containers' folders.
    """

    def __init__(self, mark: str, root: Path, clock: Clock) -> None:
        """Raises MachineError for a mark that could be mistaken for something else."""
        if not _MARK.fullmatch(mark):
            raise MachineError(f"the instance mark {mark!r} is not 1 to 40 of the letters a-z, 0-9 and -")
        self._mark = mark
        self._folder = root / mark
        self._clock = clock
        self._lock = threading.Lock()
        self._live: dict[str, JobContainer] = {}
        self._bounds = JobBounds(self._living)

    def seal(self, sealing: Sealing) -> JobContainer:
        """See `Sealer.seal`."""
        folder = self._folder / sealing.name
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            keep_for_ourselves(self._folder)
            folder.mkdir()
        except (OSError, pywintypes.error) as error:
            raise MachineError(
                f"a container's folder cannot be made in {self._folder}: {error.strerror}"
            ) from error
        try:
            container = self._sealed(sealing, folder)
        except (OSError, pywintypes.error) as error:
            erased(folder)
            raise MachineError(f"a container's program cannot be started: {error.strerror}") from error
        with self._lock:
            self._live = {name: one for name, one in self._live.items() if not one.over()}
            self._live[sealing.name] = container
        return container

    def _sealed(self, sealing: Sealing, folder: Path) -> JobContainer:
        keep_for_ourselves(folder)
        job = Job(
            name=None if sealing.dies_with_parent else self._job_name(sealing.name),
            memory=None if sealing.memory is None else sealing.memory + sealing.memory // HEADROOM,
            gives_way=sealing.nice > 0,
        )
        try:
            process = self._start(sealing, folder, job)
        except OSError:
            job.close()
            raise
        return JobContainer(process, job, folder, sealing, self._clock)

    def sweep(self) -> int:
        """See `Sealer.sweep`."""
        with self._lock:
            own = set(self._live)
        found = [folder for folder in self._folders() if folder.name.removesuffix(GRAVE) not in own]
        end = self._clock.monotonic() + _SWEEP_SECONDS
        for folder in found:
            self._sweep_one(folder, end)
        return len(found)

    def _sweep_one(self, folder: Path, end: float) -> None:
        job = Job.opened(self._job_name(folder.name.removesuffix(GRAVE)))
        if job is not None:
            with job:
                job.terminate()
                if not _until(lambda: not job.pids(), self._clock, end):
                    raise MachineError(
                        "a container that an earlier run left does not end although it was killed"
                    )
        if not _until(lambda: erased(folder), self._clock, end):
            raise MachineError(f"what an earlier run left in {folder} cannot be deleted")

    def why_not(self) -> str | None:
        """See `Sealer.why_not`; seals an empty Python program for a moment."""
        trial = Sealing(
            name=f"trial-{os.getpid()}",
            command=(sys.executable, "-I", "-c", ""),
            channel_fd=-1,
            environment={},
            network=False,
            dies_with_parent=True,
        )
        try:
            container = self.seal(trial)
        except MachineError as error:
            return error.sentence
        if not container.wait(_TRIAL_SECONDS):
            container.kill()
            return "a Job Object's program does not end"
        return None if container.remains().nothing else "what was made for a trial is still there"

    def close(self) -> None:
        """See `Sealer.close`; raises MachineError when a container does not end."""
        with self._lock:
            live, self._live = self._live, {}
        mortal = [one for one in live.values() if one.mortal]
        for container in mortal:
            container.kill()
        stayed = [one for one in mortal if not one.wait(_CLOSE_SECONDS)]
        self._bounds.close()
        with contextlib.suppress(OSError):
            self._folder.rmdir()  # unless a container that outlives us is in it
        if stayed:
            raise MachineError(f"{len(stayed)} containers do not end although they were killed")

    def _start(self, sealing: Sealing, folder: Path, job: Job) -> subprocess.Popen[bytes]:
        handed = () if sealing.channel_fd < 0 else (sealing.channel_fd,)
        process = subprocess.Popen(
            list(sealing.command),
            env=_environment(sealing, folder),
            cwd=folder,
            stdin=subprocess.PIPE if handed else subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,  # what a browser says there can name pages
            creationflags=CREATE_SUSPENDED | subprocess.CREATE_NO_WINDOW,
        )
        run_inside(job, process, handed=handed, keeps=not sealing.dies_with_parent)
        return process

    def _living(self) -> list[JobContainer]:
        with self._lock:
            return [one for one in self._live.values() if not one.over()]

    def _job_name(self, name: str) -> str:
        return f"madoguchi-guard-{self._mark}-{name}"

    def _folders(self) -> list[Path]:
        try:
            return sorted(self._folder.iterdir())
        except FileNotFoundError:
            return []


class JobContainer:
    """The `Container` of `guard.containers.port`; callable from every thread."""

    def __init__(
        self, process: subprocess.Popen[bytes], job: Job, folder: Path, sealing: Sealing, clock: Clock
    ) -> None:
        self.mortal = sealing.dies_with_parent
        self._limit = sealing.memory
        self._process = process
        self._job = job
        self._folder = folder
        self._clock = clock
        self._lock = threading.RLock()
        self._over = False

    def pids(self) -> tuple[int, ...]:
        """See `Container.pids`."""
        with self._lock:
            return () if self._over else self._job.pids()

    def keep_within_bounds(self) -> bool:
        """See `guard.containers.job_bounds.Bounded`."""
        if self._limit is None or committed(self.pids()) + size(self._folder) <= self._limit:
            return False
        self.kill()
        return True

    def kill(self) -> None:
        """See `Container.kill`."""
        with self._lock:
            if not self._over:
                self._job.terminate()

    def wait(self, timeout: float) -> bool:
        """See `Container.wait`; the folder goes within the same time, if nobody outside holds it."""
        end = self._clock.monotonic() + timeout
        if not _until(lambda: not self.pids(), self._clock, end):
            return False
        try:
            self._process.wait(max(0.0, end - self._clock.monotonic()))
        except subprocess.TimeoutExpired:
            return False
        with self._lock:
            if not self._over:
                self._over = True
                self._job.close()
        _until(lambda: erased(self._folder), self._clock, end)
        return True

    def remains(self) -> Remains:
        """See `Container.remains`."""
        return Remains(processes=len(self.pids()), storage=is_there(self._folder))

    def over(self) -> bool:
        """Tell whether `wait` has seen the end."""
        return self._over


def _environment(sealing: Sealing, folder: Path) -> dict[str, str]:
    """Return the whole environment inside, with its folders made."""
    passed_on = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    homes = {name: folder / below for name, below in _HOMES.items()}
    for home in homes.values():
        home.mkdir(exist_ok=True)
    system = os.path.join(os.environ["SYSTEMROOT"], "System32")  # noqa: PTH118 -- a value of PATH, no path of ours
    return {
        **passed_on,
        **{name: os.fspath(home) for name, home in homes.items()},
        "PATH": system,
        **sealing.environment,
    }


def _until(true: Callable[[], bool], clock: Clock, end: float) -> bool:
    """Wait until it is true, at the latest until then (monotonic s); tell whether it is."""
    pause = threading.Event()
    while not true():
        if clock.monotonic() >= end:
            return False
        pause.wait(_GLANCE)
    return True
