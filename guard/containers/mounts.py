"""What is seen inside a container, as arguments of bwrap: a white list; all else is private or absent."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

if sys.platform == "win32":
    raise ImportError("this is Linux's part")

import guard
from guard.errors import MachineError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from guard.containers.port import Sealing

HOME = "/home/guard"
RUNTIME = "/run/guard"
_PRIVATE: Final = ("/dev/shm", "/home", "/run", "/tmp", "/var")  # noqa: S108 -- private ones are made of these
_PRIVATE_BYTES = 512 << 20
"""Size limit of each private file system: who fills one finds it full, who fills several exceeds a limit."""
_SMALL_BYTES = 4 << 20
"""The same of a folder that one kind of container needs besides."""
_ETC: Final = (
    "/etc/alternatives",
    "/etc/ca-certificates.conf",
    "/etc/fonts",
    "/etc/gai.conf",
    "/etc/host.conf",
    "/etc/hosts",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/localtime",
    "/etc/mime.types",
    "/etc/nsswitch.conf",
    "/etc/resolv.conf",
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
)
"""What fonts, TLS, name resolution and the dynamic linker read; the private keys beside them stay hidden."""
_SYSTEM: Final = ("/usr", "/bin", "/lib", "/lib32", "/lib64", "/libx32", "/sbin")
_DISPLAY = re.compile(r":(\d{1,5})(?:\.\d+)?")


def arguments(sealing: Sealing) -> list[str]:
    """Return bwrap's arguments up to the command; raises MachineError when the display cannot be shown."""
    return [*_namespaces(sealing), *_folders(sealing), *_shown(sealing), *_closed(), *_environment(sealing)]


def stored(pid: int) -> int:
    """Return the bytes of the files in this process's private file systems; 0 when it is gone.

    One that is being born still sees the PC's own, which have other sizes and do not count.
    """
    total = 0
    for folder in _PRIVATE:
        with contextlib.suppress(OSError):
            place = os.statvfs(f"/proc/{pid}/root{folder}")
            if place.f_blocks * place.f_frsize == _PRIVATE_BYTES:
                total += (place.f_blocks - place.f_bfree) * place.f_frsize
    return total


def _namespaces(sealing: Sealing) -> Iterator[str]:
    yield from ("--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--hostname", "guard")
    if not sealing.network:
        yield "--unshare-net"
    if sealing.dies_with_parent:
        yield "--die-with-parent"
    yield from ("--new-session", "--cap-drop", "ALL")


def _folders(sealing: Sealing) -> Iterator[str]:
    yield from ("--proc", "/proc", "--dev", "/dev")
    for folder in _PRIVATE:
        yield from ("--size", str(_PRIVATE_BYTES), "--tmpfs", folder)
    for small in sealing.private:
        yield from ("--size", str(_SMALL_BYTES), "--tmpfs", os.fspath(small))
    yield from ("--dir", HOME, "--perms", "0700", "--dir", RUNTIME)


def _closed() -> Iterator[str]:
    for folder in ("/", "/dev"):  # what lies between the private places is memory without a limit
        yield from ("--remount-ro", folder)


def _shown(sealing: Sealing) -> Iterator[str]:
    for path in map(Path, _SYSTEM):
        if path.is_symlink():
            yield from ("--symlink", os.fspath(path.readlink()), os.fspath(path))
        elif path.is_dir():
            yield from ("--ro-bind", os.fspath(path), os.fspath(path))
    python = (Path(sys.base_prefix), Path(sys.prefix), Path(guard.__file__).parent)
    for path in dict.fromkeys((*map(Path, _ETC), *python, *sealing.readable)):
        if path.exists() and not path.is_relative_to("/usr"):
            yield from ("--ro-bind", os.fspath(path.resolve()), os.fspath(path))
    for outside, inside in sealing.shown.items():
        yield from ("--ro-bind", os.fspath(outside), os.fspath(inside))
    if sealing.display is not None:
        socket = _display_socket(sealing.display)
        yield from ("--ro-bind", socket, socket)
    for outside, inside in sealing.writable.items():
        yield from ("--bind", os.fspath(outside), os.fspath(inside))


def _environment(sealing: Sealing) -> Iterator[str]:
    yield from ("--chdir", "/", "--clearenv")
    own = {"PATH": "/usr/bin:/bin", "HOME": HOME, "XDG_RUNTIME_DIR": RUNTIME}
    for key, value in {**own, **sealing.environment}.items():
        yield from ("--setenv", key, value)


def _display_socket(display: str) -> str:
    found = _DISPLAY.fullmatch(display)
    path = Path(f"/tmp/.X11-unix/X{found[1]}") if found else None  # noqa: S108 -- where X servers listen
    if path is None or not path.is_socket():
        raise MachineError(f"DISPLAY is {display!r}; it must name a display of this PC such as :0")
    return os.fspath(path)
