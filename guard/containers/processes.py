"""What the kernel says about processes and namespaces (Linux); nothing here trusts what a container says."""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import signal
import sys
import threading
from typing import TYPE_CHECKING

if sys.platform == "win32":
    raise ImportError("this is Linux's part")

if TYPE_CHECKING:
    from collections.abc import Iterator

_NS_GET_USERNS = 0xB701
"""ioctl_ns(2): a file descriptor for the user namespace that owns this one."""
_NS_GET_PARENT = 0xB702
"""ioctl_ns(2): a file descriptor for the namespace in which this one was made."""
_OWN_MEMORY = (b"RssAnon:", b"RssShmem:", b"VmSwap:")
"""Lines of /proc/PID/status in KiB, proc(5)."""


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


class MountNamespace:
    """One mount namespace for certain, without keeping it, and so its tmpfs, in existence.

    The kernel gives the number of one that is gone to the next one made. So it is known by its owner as well,
    the container's user namespace: that one is held open, and its number is nobody else's meanwhile.
    """

    def __init__(self, pid: int) -> None:
        """That of this process; raises OSError when it is gone already."""
        fd = os.open(f"/proc/{pid}/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
        try:
            self._number = os.fstat(fd).st_ino
            self._owner: int | None = fcntl.ioctl(fd, _NS_GET_USERNS)
        finally:
            os.close(fd)

    def held(self) -> bool:
        """Tell whether a living process keeps it in existence; of one that was let go, False."""
        owner = self._owner
        return owner is not None and any(self._is_of(pid, owner) and _lives(pid) for pid in _pids())

    def close(self) -> None:
        """Let go of it."""
        owner, self._owner = self._owner, None
        if owner is not None:
            os.close(owner)

    def _is_of(self, pid: int, owner: int) -> bool:
        if _inode(f"/proc/{pid}/ns/mnt") != self._number:
            return False
        try:
            other = MountNamespace(pid)
        except OSError:  # it ended meanwhile; or EPERM: its owner is outside our own, so it was not ours
            return False
        with contextlib.closing(other):
            return other._owner is not None and os.path.sameopenfile(other._owner, owner)


def inhabitants(pid_namespace: int) -> list[int]:
    """Return the ids of all living processes of this PID namespace (inode) and of those nested in it."""
    return [pid for pid in _pids() if _lies_in(pid, pid_namespace) and _lives(pid)]


def taken(pid: int) -> int:
    """Return the bytes of memory and swap that are this process's own, not a file's; 0 when it is gone."""
    try:
        with open(f"/proc/{pid}/status", "rb") as file:  # noqa: PTH123 -- see `_pids`
            lines = file.read().split(b"\n")  # the one sign that the kernel lets no process have in its name
    except OSError:
        return 0
    return sum(int(line.split()[1]) << 10 for line in lines if line.startswith(_OWN_MEMORY))


def give_way(pid: int, nice: int) -> None:
    """Have this process's session give way to others by this nice(1) value, unless it is our own.

    Nothing happens on a kernel that does not share the PC among sessions (autogroup, sched(7)); to a session
    without a group of its own, as the first one since the PC started is (its file is empty); when the process
    is gone; and when another session was told less than 100 ms ago, for the kernel takes no more.
    """
    with contextlib.suppress(OSError):
        if os.getsid(pid) == os.getsid(0):  # it is being born, and would take us along
            return
        with open(f"/proc/{pid}/autogroup", "r+b", buffering=0) as file:  # noqa: PTH123 -- see `_pids`
            said = file.read().split()
            if said and int(said[-1]) < nice:
                file.write(str(nice).encode())


def _pids() -> Iterator[int]:
    """Yield the id of every process of the PC."""
    names = os.listdir("/proc")  # noqa: PTH208 -- a Path for each of hundreds of names costs milliseconds
    return (int(name) for name in names if name.isdigit())


def _lives(pid: int) -> bool:
    """Tell whether it is not dead yet; asked last, for a look at a namespace is cheaper."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123 -- see `_pids`
            state = file.read().rpartition(b")")[2].split()[0]
    except OSError:
        return False
    return state not in {b"Z", b"X"}


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
