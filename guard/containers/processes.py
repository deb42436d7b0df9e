"""What the kernel says about processes and namespaces (Linux); nothing here trusts what a container says."""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import signal
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_NS_GET_PARENT = 0xB702
"""ioctl_ns(2): a file descriptor for the namespace in which this one was made."""
_START_TICKS = 19
"""Place of ``starttime`` (field 22) among what follows the command's name in /proc/PID/stat, proc(5)."""
_OWN_MEMORY = (b"RssAnon:", b"RssShmem:", b"VmSwap:")
"""Lines of /proc/PID/status in KiB, proc(5)."""
_TICK_SECONDS = 1 / os.sysconf("SC_CLK_TCK")


class ProcessHandle:
    """One process for certain: a pidfd never means another process that got the same id later."""

    def __init__(self, pid: int) -> None:
        """Raises ProcessLookupError when it is gone already."""
        self._fd: int | None = os.pidfd_open(pid)
        self._lock = threading.Lock()

    def kill(self) -> None:
        """Send SIGKILL; nothing happens when it is gone already."""
        with self._lock, contextlib.suppress(ProcessLookupError):
            if self._fd is not None:
                signal.pidfd_send_signal(self._fd, signal.SIGKILL)

    def wait(self, timeout: float) -> bool:
        """Wait at most ``timeout`` s for its end; tell whether it has ended."""
        with self._lock:
            if self._fd is None:
                return True
            fd = os.dup(self._fd)  # stays this process even when another thread lets go meanwhile
        try:
            poll = select.poll()
            poll.register(fd, select.POLLIN)
            return bool(poll.poll(max(0.0, timeout) * 1000))
        finally:
            os.close(fd)

    def close(self) -> None:
        """Let go of it; from then on it counts as ended."""
        with self._lock:
            fd, self._fd = self._fd, None
            if fd is not None:
                os.close(fd)


@dataclass(frozen=True, slots=True)
class Resident:
    """A process found in a container."""

    pid: int
    started: float
    """s since boot, rounded down to the clock tick (10 ms)."""

    def surely_before(self, moment: float) -> bool:
        """Tell whether it was born before this time since boot."""
        return self.started + _TICK_SECONDS <= moment


def inhabitants(pid_namespace: int) -> list[Resident]:
    """Return every living process of this PID namespace (inode) or of one nested in it."""
    return [one for one in _living() if _lies_in(one.pid, pid_namespace)]


def holders(mount_namespace: int) -> list[Resident]:
    """Return every living process that keeps this mount namespace (inode), and so its tmpfs, in existence."""
    return [one for one in _living() if _inode(f"/proc/{one.pid}/ns/mnt") == mount_namespace]


def taken(pid: int) -> int:
    """Return the bytes of memory and swap that are this process's own, not a file's; 0 when it is gone."""
    try:
        with open(f"/proc/{pid}/status", "rb") as file:  # noqa: PTH123 -- as above
            lines = file.read().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) << 10 for line in lines if line.startswith(_OWN_MEMORY))


def give_way(pid: int, nice: int) -> None:
    """Have this process's session give way to others by this nice(1) value, unless it is our own.

    Nothing happens on a kernel that does not share the PC among sessions (autogroup, sched(7)), when the
    process is gone, and when another session was told less than 100 ms ago, for the kernel takes no more.
    """
    with contextlib.suppress(OSError):
        if os.getsid(pid) == os.getsid(0):  # it is being born, and would take us along
            return
        with open(f"/proc/{pid}/autogroup", "r+b", buffering=0) as file:  # noqa: PTH123 -- as above
            if int(file.read().split()[-1]) < nice:
                file.write(str(nice).encode())


def boot_seconds() -> float:
    """Return the time since boot on the clock of `Resident.started`."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _living() -> Iterator[Resident]:
    """Yield every process of the PC that is not dead yet."""
    for name in os.listdir("/proc"):  # noqa: PTH208 -- a Path for each of hundreds of names costs milliseconds
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as file:  # noqa: PTH123 -- as above
                fields = file.read().rpartition(b")")[2].split()
        except OSError:
            continue
        if fields[0] not in {b"Z", b"X"}:
            yield Resident(int(name), int(fields[_START_TICKS]) * _TICK_SECONDS)


def _inode(path: str) -> int | None:
    try:
        return os.stat(path).st_ino  # noqa: PTH116 -- as above
    except OSError:
        return None


def _lies_in(pid: int, pid_namespace: int) -> bool:
    if _inode(f"/proc/{pid}/ns/pid") in {None, _OWN_PID_NAMESPACE}:
        return False
    try:
        fd = os.open(f"/proc/{pid}/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        while os.fstat(fd).st_ino != pid_namespace:
            parent = fcntl.ioctl(fd, _NS_GET_PARENT)
            os.close(fd)
            fd = parent
    except OSError:  # EPERM: the next parent is outside our own namespace, so it was not ours
        return False
    finally:
        os.close(fd)
    return True


_OWN_PID_NAMESPACE = _inode("/proc/self/ns/pid")
