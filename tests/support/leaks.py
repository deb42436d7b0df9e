"""Looks for a citizen's secret wherever a PC could have kept it: files, memory, clipboards."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import contextlib
import os
import pwd
import select
import stat
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from Xlib import X, Xatom
from Xlib.display import Display

from guard.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from Xlib.xobject.drawable import Window

SELECTIONS = ("PRIMARY", "SECONDARY", "CLIPBOARD")
IN_MEMORY = frozenset({"tmpfs", "devtmpfs", "devpts", "proc", "sysfs", "mqueue", "ramfs", "cgroup2"})
"""Kinds of file systems that no disk lies behind."""
_CHUNK = 1 << 20
_NOTHING = bytes(_CHUNK)
_ANSWER_WITHIN = 10.0


def writable_places(*more: Path) -> tuple[Path, ...]:
    """Return the folders where this account's programs can leave files, and these besides."""
    uid = os.getuid()
    everybody = (Path("/tmp"), Path("/var/tmp"), Path("/dev/shm"), Path(f"/run/user/{uid}"))  # noqa: S108
    return (*everybody, Path(pwd.getpwuid(uid).pw_dir), *more)


def files_with(secret: str, folders: Iterable[Path], *, since: float = 0.0) -> list[Path]:
    """Return every readable file below these folders that holds the secret or is named after it.

    ``since``, in s since the epoch: contents of files that were not changed after it are not looked at.
    """
    needles = _needles(secret)
    found: list[Path] = []
    for path in _files(folders):
        with contextlib.suppress(OSError):  # gone meanwhile, or somebody else's
            if _in(os.fsencode(path), needles) or (path.lstat().st_ctime >= since and _holds(path, needles)):
                found.append(path)
    return found


def memory_with(secret: str, pid: int) -> bool:
    """Tell whether the process's readable memory, its arguments or its environment hold the secret.

    Raises PermissionError when its memory is closed to us and ProcessLookupError when it is gone.
    """
    needles = _needles(secret)
    proc = Path(f"/proc/{pid}")
    if any(_in((proc / name).read_bytes(), needles) for name in ("cmdline", "environ")):
        return True
    with (proc / "mem").open("rb", buffering=0) as memory:
        return any(_in(piece, needles) for piece in _pieces(memory.fileno(), proc, 3 * len(secret)))


def clipboards(display: str) -> dict[str, bytes]:
    """Return what is on each X selection and in each cut buffer; nothing where nothing is."""
    with closing(Display(display)) as client:
        window = client.screen().root.create_window(0, 0, 1, 1, 0, X.CopyFromParent)
        texts = {name: _converted(client, window, name) for name in SELECTIONS}
        for number in range(8):
            buffer = client.screen().root.get_full_property(Xatom.CUT_BUFFER0 + number, X.AnyPropertyType)
            texts[f"CUT_BUFFER{number}"] = bytes(buffer.value) if buffer else b""
        return {name: text for name, text in texts.items() if text}


def disk_mounts(pid: int) -> list[str]:
    """Return the places that this process may write to and that lie on a disk."""
    places: list[str] = []
    for line in Path(f"/proc/{pid}/mountinfo").read_text(encoding="utf-8").splitlines():
        left, _, right = line.partition(" - ")
        fields = left.split()
        if "rw" in fields[5].split(",") and right.split()[0] not in IN_MEMORY:
            places.append(fields[4])
    return places


def _needles(secret: str) -> tuple[bytes, bytes]:
    """Return how browsers keep ASCII text: as it is, and in UTF-16, of which both byte orders have this."""
    return secret.encode(), "\0".join(secret).encode()


def _in(data: bytes, needles: tuple[bytes, bytes]) -> bool:
    return any(needle in data for needle in needles)


def _files(folders: Iterable[Path]) -> Iterator[Path]:
    seen: set[Path] = set()
    for folder in folders:
        for parent, below, names in os.walk(folder):
            if Path(parent) in seen:
                below.clear()
                continue
            seen.add(Path(parent))
            yield from (Path(parent, name) for name in names)


def _holds(path: Path, needles: tuple[bytes, bytes]) -> bool:
    # O_NONBLOCK: a named pipe must not keep us waiting between looking and opening
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return False
        tail = b""
        while piece := file.read(_CHUNK):
            if _in(tail + piece, needles):
                return True
            tail = piece[-256:]
        return False


def _pieces(memory: int, proc: Path, overlap: int) -> Iterator[bytes]:
    for line in (proc / "maps").read_text(encoding="utf-8", errors="replace").splitlines():
        area, rights = line.split()[:2]
        if not rights.startswith("rw"):
            continue  # code, files and reservations; nothing a program wrote at run time
        start, end = (int(part, 16) for part in area.split("-"))
        tail = b""
        for at in range(start, end, _CHUNK):
            try:
                piece = os.pread(memory, min(_CHUNK, end - at), at)
            except OSError:  # given back meanwhile, or a device's
                break
            if piece != _NOTHING[: len(piece)]:
                yield tail + piece
            tail = piece[-overlap:]


def _converted(client: Display, window: Window, name: str) -> bytes:
    selection, answer = client.get_atom(name), client.get_atom("LEAK")
    if client.get_selection_owner(selection) == X.NONE:
        return b""
    window.convert_selection(selection, client.get_atom("UTF8_STRING"), answer, X.CurrentTime)
    client.flush()
    clock = SystemClock()
    end = clock.monotonic() + _ANSWER_WITHIN
    while (left := end - clock.monotonic()) > 0:
        while client.pending_events():
            event = client.next_event()
            if event.type == X.SelectionNotify and event.selection == selection:
                given = window.get_full_property(answer, X.AnyPropertyType) if event.property else None
                return bytes(given.value) if given else b""
        select.select([client.fileno()], [], [], left)
    raise AssertionError(f"the owner of {name} does not answer")
