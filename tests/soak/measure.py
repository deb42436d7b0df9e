"""What there is of a guard at rest: processes, descriptors, threads, memory, files, X windows."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import os
import struct
from collections import Counter as Tally
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psutil
from Xlib.error import XError

from guard.containers.processes import taken
from tests.soak.growth import Sample, Size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from Xlib.display import Display
    from Xlib.xobject.drawable import Window

    from tests.support.counter import Counter

LASTING: Final = {
    "guard": "core",
    "guard.screens.curtain_window": "curtain",
    "guard.keyring.keeper": "keeper",
    "guard.journal.forward": "forwarder",
}
"""The guard's own processes that last, by the module they run."""
_PID: Final = 2
"""LocalClientPIDMask of X-Resource."""
_EVERYBODYS: Final = (Path("/tmp"), Path("/var/tmp"), Path("/dev/shm"))  # noqa: S108 -- what is left there is looked for
_OTHERS: Final = ("guard-soak-", "guard-", "pytest-of-", ".X", "tmp")
"""Beginnings of names that this account's tests themselves use there."""
_OWN_NAMESPACE: Final = Path("/proc/self/ns/pid").stat().st_ino


class Measure:
    """Looks at one counter, its X server and the PC around it."""

    def __init__(self, one: Counter, client: Display, server: psutil.Process) -> None:
        self._one = one
        self._client = client
        self._server = server
        self._before = _common_names()

    def sample(self, session: int) -> Sample:
        """Return what there is now."""
        counts: Tally[str] = Tally()
        sizes: dict[str, Size] = {}
        containers: dict[int, dict[int, str]] = {}
        core = self._one.core
        for process in everybody(self._one):
            with suppress(OSError, psutil.NoSuchProcess):
                if process.status() == psutil.STATUS_ZOMBIE:  # a browser's own are gone with its container
                    counts["core: zombies"] += core is not None and process.ppid() == core.pid
                    continue
                kind = kind_of(process)
                if kind in LASTING.values():
                    counts[f"{kind}: descriptors"] = sum(1 for _ in Path(f"/proc/{process.pid}/fd").iterdir())
                    if kind != "curtain":  # its engine keeps a pool of them that breathes
                        counts[f"{kind}: threads"] = process.num_threads()
                    sizes[f"{kind}: own memory"] = Size(process.pid, taken(process.pid))
                namespace = Path(f"/proc/{process.pid}/ns/pid").stat().st_ino
                if namespace == _OWN_NAMESPACE:
                    counts[f"process: {kind}"] += 1
                else:
                    containers.setdefault(namespace, {})[process.pid] = kind
        counts["containers"] = len(containers)
        for inside in containers.values():
            self._measure_container(inside, counts, sizes)
        self._measure_files(counts)
        with suppress(XError):  # a window that goes while it is counted: then nothing is at rest
            self._measure_windows(counts, sizes)
        return Sample(session=session, counts=dict(counts), sizes=sizes)

    @staticmethod
    def _measure_container(inside: dict[int, str], counts: Tally[str], sizes: dict[str, Size]) -> None:
        memory = sum(map(taken, inside))
        if "curtain" in inside.values():
            counts["curtain: processes"] += len(inside)
            main = next(pid for pid, kind in inside.items() if kind == "curtain")
            sizes["curtain: own memory"] = Size(main, memory)

    def _measure_files(self, counts: Tally[str]) -> None:
        runtime = Path(self._one.environment["XDG_RUNTIME_DIR"])
        home = Path(self._one.environment["HOME"])
        counts["files: runtime folder"] = sum(1 for _ in runtime.rglob("*"))
        counts["files: temporary"] = sum(1 for _ in Path(self._one.environment["TMPDIR"]).rglob("*"))
        counts["files: home"] = sum(1 for path in home.rglob("*") if path.is_file())
        for name in _common_names() - self._before:
            counts[f"left: {name}"] = 1
        with suppress(OSError):  # it is replaced now and then
            counts["keyring: items"] = sum(map(_items, home.rglob("*.keyring")))

    def _measure_windows(self, counts: Tally[str], sizes: dict[str, Size]) -> None:
        screen = self._client
        clients = screen.res_query_clients().clients
        counts["X clients"] = len(clients)
        counts["X windows"] = _windows_below(screen.screen().root)
        pixmaps = 0
        for client in clients:
            pixmaps += screen.res_query_client_pixmap_bytes(client=client.resource_base).bytes
            asked = {"client": client.resource_base, "mask": _PID}
            owner = screen.res_query_client_ids([asked]).ids[0].value[0]
            if self._one.core and owner == self._one.core.pid:  # an engine makes some only once needed
                found = screen.res_query_client_resources(client=client.resource_base).types
                counts["core: X resources"] += sum(one.count for one in found)
        sizes["X server: pixmaps"] = Size(0, pixmaps)
        sizes["X server: own memory"] = Size(self._server.pid, taken(self._server.pid))


def everybody(one: Counter) -> set[psutil.Process]:
    """Return all of the guard's processes; its forwarder knows no runtime folder to be found by."""
    children = one.core.children(recursive=True) if one.core else []
    return {*one.guard_processes(), *children}


def kind_of(process: psutil.Process) -> str:
    """Return which of the guard's processes it is, or its program's name."""
    words = process.cmdline()
    if process.name().startswith("python") and "-m" in words[:-1]:
        module = words[words.index("-m") + 1]
        return LASTING.get(module, module)
    return process.name()


def _items(keyring: Path) -> int:
    """Return how many items it says in the clear that it holds (gnome-keyring, docs/file-format.txt)."""
    data = keyring.read_bytes()
    before, times_flags_and_salt = 20, 52
    (name,) = struct.unpack_from(">I", data, before)
    (items,) = struct.unpack_from(">I", data, before + 4 + name + times_flags_and_salt)
    return int(items)


def _windows_below(window: Window) -> int:
    children = window.query_tree().children
    return len(children) + sum(_windows_below(child) for child in children)


def _common_names() -> set[str]:
    return {str(path) for path in _common()}


def _common() -> Iterator[Path]:
    for folder in _EVERYBODYS:
        for path in folder.iterdir():
            with suppress(OSError):
                if path.lstat().st_uid == os.getuid() and not path.name.startswith(_OTHERS):
                    yield path
