"""Containers by bubblewrap: namespaces of their own, a white list of what is seen, all else private tmpfs.

A container is three layers of processes: ``bwrap`` outside, a small init that is process 1 of the container's
PID namespace, and the command with whatever it starts. Killing the init ends the whole namespace: the kernel
kills the rest, and reports the init's end only once the last of them is gone.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import select
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

if sys.platform == "win32":
    raise ImportError("this is Linux's part")

import psutil

from guard.clock import SystemClock
from guard.containers.bounds import BoundsWatch
from guard.containers.mounts import arguments, stored
from guard.containers.port import Remains, Sealing
from guard.containers.processes import MountNamespace, ProcessHandle, give_way, inhabitants, taken
from guard.errors import MachineError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from guard.clock import Clock

_BWRAP = "/usr/bin/bwrap"
_FIRST_TO_GO = ("/usr/bin/choom", "-n", "1000", "--")
"""What runs so is the first that the kernel kills when memory ends; an engine may put its own at 300, others
stand at 0, proc(5)."""
_MARK = "MADOGUCHI_CONTAINER"
"""Environment variable set on bwrap's command line, ``tag/name``: the sweep finds containers by it."""
_TAG = re.compile(r"[a-z0-9-]{1,40}")
_START_SECONDS = 10.0
"""bwrap says after about 10 ms that the namespaces exist; this long only on a PC that cannot go on anyway."""
_BWRAP_GRACE = 0.25
"""s; bwrap ends by itself within a millisecond of its init. Past this it is killed too."""
_CLOSE_SECONDS = 5.0
"""Measured kill to gone: 62-103 ms (design facts)."""
_SWEEP_SECONDS = 10.0
_BARE = {"PATH": os.defpath}
"""Environment of bwrap itself: whoever is inside can read it as /proc/1/environ, ``--clearenv`` or not."""


class Bubblewrap:
    """The `Sealer` of `guard.containers.port` on Linux.

    ``tag`` keeps several guards on one PC apart: a sweep touches only containers of the same tag and user.
    Containers are started from one thread that lives until `close`, because what the kernel does for
    ``--die-with-parent`` hangs on the thread that started bwrap, not on the process.
    """

    def __init__(self, tag: str, clock: Clock | None = None) -> None:
        """Raises MachineError for a tag that could be mistaken for something else."""
        if not _TAG.fullmatch(tag):
            raise MachineError(f"the instance tag {tag!r} is not 1 to 40 of the letters a-z, 0-9 and -")
        self._tag = tag
        self._clock = clock or SystemClock()
        self._lock = threading.Lock()
        self._live: dict[str, BubblewrapContainer] = {}
        self._starter = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sealer")
        self._bounds = BoundsWatch(self._living, self._clock)

    def seal(self, sealing: Sealing) -> BubblewrapContainer:
        """See `Sealer.seal`; takes about 15 ms."""
        command = self._command(sealing)
        try:
            container = self._starter.submit(self._start, command, sealing).result()
        except FileNotFoundError as error:
            raise MachineError("bubblewrap (bwrap) is missing: install the package bubblewrap") from error
        except OSError as error:
            raise MachineError(f"bubblewrap (bwrap) cannot be started: {error.strerror}") from error
        return container

    def sweep(self) -> int:
        """See `Sealer.sweep`."""
        with self._lock:
            own = set(self._live)
        found: set[str] = set()
        handles: list[ProcessHandle] = []
        try:
            for name, pid in self._marked():
                if name not in own:
                    found.add(name)
                    with contextlib.suppress(ProcessLookupError):
                        handles.append(ProcessHandle(pid))
            for handle in handles:
                handle.kill()
            end = self._clock.monotonic() + _SWEEP_SECONDS
            if not all(handle.wait(end - self._clock.monotonic()) for handle in handles):
                raise MachineError("a container that an earlier run left does not end although it was killed")
        finally:
            for handle in handles:
                handle.close()
        return len(found)

    def why_not(self) -> str | None:
        """See `Sealer.why_not`; seals ``true`` for a moment."""
        trial = Sealing(
            name="trial",
            command=("/usr/bin/true",),
            channel_fd=-1,
            environment={},
            network=True,
            dies_with_parent=True,
        )
        try:
            done = subprocess.run(
                self._command(trial),
                stdin=subprocess.DEVNULL,
                env=_BARE,
                capture_output=True,
                text=True,
                timeout=_START_SECONDS,
                check=False,
            )
        except FileNotFoundError:
            return "bubblewrap (bwrap) is missing: install the package bubblewrap"
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"bubblewrap (bwrap) does not run: {type(error).__name__}"
        if done.returncode == 0:
            return None
        words = done.stderr.strip().splitlines()
        return (
            "bubblewrap (bwrap) cannot make a container; unprivileged user namespaces must be allowed:"
            f" {words[-1] if words else f'it ended with {done.returncode}'}"
        )

    def close(self) -> None:
        """See `Sealer.close`; raises MachineError when a container does not end."""
        with self._lock:
            live, self._live = self._live, {}
        mortal = [one for one in live.values() if one.mortal]
        for container in mortal:
            container.kill()
        stayed = [one for one in mortal if not one.wait(_CLOSE_SECONDS)]
        self._starter.shutdown()
        self._bounds.close()
        if stayed:
            raise MachineError(f"{len(stayed)} containers do not end although they were killed")

    # --- starting

    def _start(self, command: list[str], sealing: Sealing) -> BubblewrapContainer:
        """Run on the starter's thread."""
        gives_way = ("/usr/bin/nice", "-n", str(sealing.nice)) if sealing.nice else ()
        first_to_go = () if sealing.memory is None else _FIRST_TO_GO
        status, theirs = os.pipe()
        try:
            process = subprocess.Popen(
                [*gives_way, *first_to_go, command[0], "--json-status-fd", str(theirs), *command[1:]],
                env=_BARE,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,  # what a browser says there can name pages
                pass_fds=(theirs, sealing.channel_fd),
            )
        except BaseException:
            os.close(status)
            raise
        finally:
            os.close(theirs)
        with os.fdopen(status, "rb") as answer:
            line = answer.readline() if select.select([answer], [], [], _START_SECONDS)[0] else b""
        try:
            container = BubblewrapContainer(
                process,
                _Birth.read(line),
                sealing,
                self._clock,
            )
        except (ValueError, KeyError, TypeError, OSError) as error:
            process.kill()
            process.wait()
            with contextlib.suppress(OSError):  # out of descriptors, perhaps: then the next start sweeps
                self._kill_marked(sealing.name)
            raise MachineError(
                "bubblewrap (bwrap) did not make a container: see guard doctor for its reason"
            ) from error
        with self._lock:
            self._live = {name: one for name, one in self._live.items() if not one.reaped()}
            self._live[sealing.name] = container
        return container

    def _command(self, sealing: Sealing) -> list[str]:
        mark = ("--setenv", _MARK, f"{self._tag}/{sealing.name}")
        return [_BWRAP, *arguments(sealing), *mark, "--", *sealing.command]

    def _living(self) -> list[BubblewrapContainer]:
        with self._lock:
            return [one for one in self._live.values() if not one.reaped()]

    def _kill_marked(self, name: str) -> None:
        """Kill what bears this mark: not every container dies with its parent."""
        for found, pid in self._marked():
            if found == name:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def _marked(self) -> Iterator[tuple[str, int]]:
        """Yield (name, pid) of every bwrap process, outer and init, of this tag and this user."""
        start = f"{self._tag}/"
        for process in psutil.process_iter(["cmdline", "uids"]):
            line, uids = process.info["cmdline"] or [], process.info["uids"]
            if not uids or uids.real != os.getuid() or line[:1] != [_BWRAP] or _MARK not in line:
                continue
            mark = line[line.index(_MARK) + 1]
            if mark.startswith(start):
                yield mark.removeprefix(start), process.pid


@dataclass(frozen=True, slots=True)
class _Birth:
    """What bwrap says of a new container (``--json-status-fd``)."""

    init: ProcessHandle
    pid_namespace: int
    pid_namespace_fd: int
    """Held open, so that the kernel does not give the namespace's number to another meanwhile."""
    mount_namespace: MountNamespace

    @classmethod
    def read(cls, line: bytes) -> _Birth:
        """Raises ValueError, KeyError, TypeError or OSError when none was born, or it died at once."""
        said = json.loads(line)
        pid, pid_namespace = int(said["child-pid"]), int(said["pid-namespace"])
        with contextlib.ExitStack() as opened:
            fd = os.open(f"/proc/{pid}/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
            opened.callback(os.close, fd)
            if os.fstat(fd).st_ino != pid_namespace:  # the process's id was given to another already
                raise ProcessLookupError(pid)
            init = opened.enter_context(contextlib.closing(ProcessHandle(pid)))
            birth = cls(init, pid_namespace, fd, MountNamespace(pid))
            opened.pop_all()
        return birth


class BubblewrapContainer:
    """The `Container` of `guard.containers.port`; callable from every thread."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        birth: _Birth,
        sealing: Sealing,
        clock: Clock,
    ) -> None:
        self.mortal = sealing.dies_with_parent
        self._limit = sealing.memory
        self._nice = sealing.nice
        self._clock = clock
        self._process = process
        self._outer = ProcessHandle(process.pid)
        self._init = birth.init
        self._pid_namespace_fd: int | None = birth.pid_namespace_fd
        self._pid_namespace = birth.pid_namespace
        self._mount_namespace = birth.mount_namespace
        self._lock = threading.RLock()
        self._reaped = False

    def pids(self) -> tuple[int, ...]:
        """See `Container.pids`; bwrap itself is not among them, for it is outside."""
        with self._lock:
            if self._pid_namespace_fd is None:
                return ()
            return tuple(inhabitants(self._pid_namespace))

    def keep_within_bounds(self) -> bool:
        """See `guard.containers.bounds.Bounded`; looks at every process of the PC."""
        if self._limit is None and not self._nice:
            return False
        pids = inhabitants(self._pid_namespace)
        for pid in pids:
            give_way(pid, self._nice)
        if self._limit is None:
            return False
        files = max(map(stored, pids), default=0)  # not all of them see the same: an engine shuts its own in
        too_much = sum(map(taken, pids)) + files > self._limit
        if too_much:
            self.kill()
        return too_much

    def kill(self) -> None:
        """See `Container.kill`."""
        self._init.kill()  # never waits for a look through /proc that is under way

    def wait(self, timeout: float) -> bool:
        """See `Container.wait`."""
        end = self._clock.monotonic() + timeout
        if not self._init.wait(timeout):
            return False
        if not self._outer.wait(min(_BWRAP_GRACE, end - self._clock.monotonic())):
            self._outer.kill()
        if not self._outer.wait(end - self._clock.monotonic()):
            return False
        with self._lock:
            if not self._reaped:
                self._process.wait()
                self._reaped = True
                self._init.close()
                self._outer.close()
        return True

    def remains(self) -> Remains:
        """See `Container.remains`; looks at every process of the PC (measured: a few ms)."""
        with self._lock:
            if self._pid_namespace_fd is None:
                return Remains(processes=0, storage=False)
            processes = len(inhabitants(self._pid_namespace))
            remains = Remains(processes=processes, storage=self._mount_namespace.held())
            if remains.nothing and self._reaped:
                os.close(self._pid_namespace_fd)
                self._pid_namespace_fd = None
                self._mount_namespace.close()
            return remains

    def reaped(self) -> bool:
        """Tell whether `wait` has seen the end."""
        return self._reaped
