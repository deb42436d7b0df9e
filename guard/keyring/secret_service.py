"""A Secret Service of the guard's own (Linux), up only while it is needed: a private bus and gnome-keyring.

It works the same in a desktop session, over ssh and for an account that never logs in. The keyring's file is
encrypted with a random key, which lies beside it and which this account alone can read: that keeps a copied
keyring file shut, not an account that was taken over.
"""

from __future__ import annotations

import sys

if sys.platform == "win32":
    raise ImportError("this is Linux's part")

import contextlib
import ctypes
import hashlib
import os
import secrets
import select
import shutil
import signal
import stat
import subprocess
import sys
import time
from typing import IO, TYPE_CHECKING, Final

if sys.platform == "win32":
    raise ImportError("this is Linux's part")

import secretstorage

from guard.errors import MachineError
from guard.ground import flush_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from jeepney.io.blocking import DBusConnection

PROGRAMS: Final = {
    "dbus-daemon": "dbus-daemon",
    "gnome-keyring-daemon": "gnome-keyring",
}
"""Each with Debian's package."""
_PARENT_DEATH_SIGNAL: Final = 1
_NO_NEW_PRIVS: Final = 38
"""PR_SET_PDEATHSIG and PR_SET_NO_NEW_PRIVS of linux/prctl.h."""
_PATIENCE: Final = 5.0
"""s until each of both must be up; measured are about 5 ms and 40 ms."""
_STARTS: Final = 3
"""Of gnome-keyring, before it is given up."""
_DYING: Final = 1.0
"""s in which one that crashed is gone."""
_GLANCE: Final = 0.005
"""s between two looks at whether the keyring is there; the bus tells only those who have asked it before."""
_FILE: Final = "login.keyring"
"""What gnome-keyring calls the keyring that it opens at its start."""
_KEY: Final = "key"
_FRESH_KEY: Final = "key.new"
_KEY_BYTES: Final = 32
_SOCKET_PATH_MOST: Final = 107
"""Bytes, unix(7)."""
_PRIVATE: Final = 0o700
_BUS: Final = """<busconfig><type>session</type><listen>unix:path={socket}</listen><policy context="default">
<allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>
"""
"""No activation: nothing is ever started through this bus."""
_ADDRESS: Final = "DBUS_SESSION_BUS_ADDRESS"


def keyrings(folder: Path) -> Path:
    """Return where gnome-keyring keeps its files below a store's folder."""
    return folder / "keyrings"


def private_folder(folder: Path) -> Path:
    """Return the folder, made if missing (0700); raises MachineError when it is not ours alone."""
    try:
        folder.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
        found = folder.lstat()
    except OSError as error:
        raise MachineError(f"the folder {folder} cannot be made: {error.strerror}.") from error
    ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()
    if not ours or stat.S_IMODE(found.st_mode) != _PRIVATE:
        raise MachineError(f"{folder} must be a folder of this account alone (chmod 700 {folder}).")
    return folder


class _CrashedError(Exception):
    """gnome-keyring died of its own fault."""


@contextlib.contextmanager
def secret_service(environment: Mapping[str, str], runtime: Path, folder: Path) -> Iterator[DBusConnection]:
    """Yield a connection to an ``org.freedesktop.secrets`` that is open; its files lie below ``folder``.

    Changes this process's own environment; hold the store's lock. Both programs are dead and reaped
    afterwards, and die with this process if it is killed. Raises MachineError when they do not come up.
    """
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:8]
    place = runtime / f"vault-{name}"
    with contextlib.ExitStack() as stack:
        try:
            shutil.rmtree(place, ignore_errors=True)  # of a vault that was killed
            place.mkdir(mode=_PRIVATE)
            stack.callback(shutil.rmtree, place, ignore_errors=True)
            for half in keyrings(folder).glob("*.temp-*"):  # of a write that found the disk full
                half.unlink(missing_ok=True)
            key = _master_key(folder)
            kept_before = _kept(folder)
            address = _bus(environment, place, stack)
            os.environ[_ADDRESS] = address
            stack.callback(os.environ.pop, _ADDRESS, None)
            connection = _keyring(environment, place, folder, key, stack)
            _check_undamaged(folder, kept_before)
            _settle_key(folder)
        except OSError as error:
            raise MachineError(f"the keyring cannot be started: {error.strerror or error}.") from error
        yield connection


def _bus(environment: Mapping[str, str], place: Path, stack: contextlib.ExitStack) -> str:
    config, socket = place / "bus.conf", place / "bus"
    if len(os.fsencode(socket)) > _SOCKET_PATH_MOST:
        raise MachineError(
            f"the runtime folder's path {place} is too long for a socket; set XDG_RUNTIME_DIR shorter."
        )
    config.write_text(_BUS.format(socket=socket), encoding="utf-8")
    command = ["dbus-daemon", f"--config-file={config}", "--nofork", "--nopidfile", "--print-address=1"]
    process = _start(command, environment, {}, stack)
    address = _first_line(process.stdout) if process.stdout else ""
    if not address:
        raise MachineError("dbus-daemon does not start; see guard doctor.")
    return address


def _keyring(
    environment: Mapping[str, str], place: Path, folder: Path, key: bytes, stack: contextlib.ExitStack
) -> DBusConnection:
    """Start gnome-keyring and connect to it; once more when it crashes over the connection.

    Version 42 aborts about once in 3,400 new connections on a busy PC, where a first call overtakes the
    note of its arrival ("assertion 'client' failed"). So there is one connection only, and this is where it
    may fail.
    """
    for _ in range(_STARTS):
        with contextlib.suppress(_CrashedError):
            return _keyring_once(environment, place, folder, key, stack)
    raise MachineError("gnome-keyring-daemon crashes again and again; see guard doctor.")


def _keyring_once(
    environment: Mapping[str, str], place: Path, folder: Path, key: bytes, stack: contextlib.ExitStack
) -> DBusConnection:
    command = [
        "gnome-keyring-daemon",
        "--foreground",
        "--components=secrets",
        "--unlock",
        f"--control-directory={place}",
    ]
    own = {
        # Its files go below the store's folder; a ~/.gnome2 of old would come first.
        "HOME": str(place),
        "XDG_DATA_HOME": str(folder),
        "XDG_RUNTIME_DIR": str(place),
        _ADDRESS: os.environ[_ADDRESS],
    }
    process = _start(command, environment, own, stack)
    if process.stdin:
        with contextlib.suppress(BrokenPipeError):  # dead already: said below, in better words
            process.stdin.write(key)
            process.stdin.close()
    deadline = time.monotonic() + _PATIENCE
    try:
        bus = secretstorage.dbus_init()
        stack.callback(bus.close)
        while not secretstorage.check_service_availability(bus):
            if process.poll() is not None or time.monotonic() > deadline:
                raise MachineError("gnome-keyring-daemon does not start; see guard doctor.")
            time.sleep(_GLANCE)
        locked = secretstorage.get_default_collection(bus).is_locked()
    except secretstorage.SecretStorageException as error:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_DYING)
            raise _CrashedError from error
        raise MachineError(f"the keyring does not answer ({type(error).__name__}).") from error
    if locked:
        raise _unusable(folder, "does not open with its key")
    return bus


def _start(
    command: Sequence[str],
    environment: Mapping[str, str],
    own: Mapping[str, str],
    stack: contextlib.ExitStack,
) -> subprocess.Popen[bytes]:
    """Start it so that it dies with us, and is killed and reaped when the stack unwinds."""
    path = environment.get("PATH", os.defpath)
    process = subprocess.Popen(
        [program_path(command[0], path), *command[1:]],
        preexec_fn=_die_with(os.getpid()),  # noqa: PLW1509 -- vault and keeper have one thread, so nothing can be half-way
        env={"PATH": path, "LANG": "C.UTF-8", **own},
        cwd="/",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    stack.callback(_end, process)
    return process


def _die_with(parent: int) -> Callable[[], None]:
    """Return what makes a child die with this process, however early that dies.

    Without no_new_privs, the file capabilities that some systems give gnome-keyring would undo it, prctl(2).
    """
    libc = ctypes.CDLL(None, use_errno=True)

    def bind() -> None:
        libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0)
        libc.prctl(_PARENT_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it died before we were bound to it
            os._exit(1)

    return bind


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe:
            with contextlib.suppress(OSError):  # the rest of a key that it did not take
                pipe.close()


def program_path(name: str, path: str) -> str:
    """Return where the program is; raises MachineError, with its package, when it is missing."""
    found = shutil.which(name, path=path)
    if found is None:
        raise MachineError(f"{name} is not installed; run apt-get install {PROGRAMS[name]}.")
    return found


def _first_line(pipe: IO[bytes]) -> str:
    """Return what was printed first within the patience; empty when nothing was."""
    received, deadline = b"", time.monotonic() + _PATIENCE
    while b"\n" not in received:
        ready, _, _ = select.select([pipe], [], [], max(0.0, deadline - time.monotonic()))
        data = os.read(pipe.fileno(), 4096) if ready else b""
        if not data:
            return ""
        received += data
    return received.partition(b"\n")[0].decode("ascii", "replace")


def _master_key(folder: Path) -> bytes:
    """Return the keyring's key, made at the first use; raises MachineError rather than make a second one."""
    path, fresh, files = folder / _KEY, folder / _FRESH_KEY, _kept(folder)
    if path.exists():
        if _FILE not in files:
            raise _unusable(folder, "is missing")
        return _read_key(path)
    if fresh.exists() and (files or len(fresh.read_bytes()) == 2 * _KEY_BYTES):
        return _read_key(fresh)  # the first use was cut short
    if files:
        raise _unusable(folder, f"has lost its key {path}")
    fresh.unlink(missing_ok=True)  # cut short while it was written
    key = secrets.token_hex(_KEY_BYTES).encode()
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    flush_folder(folder)
    return key


def _read_key(path: Path) -> bytes:
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW), "rb") as file:
        found = os.fstat(file.fileno())
        key = file.read(4 * _KEY_BYTES)
    if found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) & 0o077:
        raise MachineError(f"others can read {path}; allowed is mode 0600 only (chmod 600 {path}).")
    if len(key) != 2 * _KEY_BYTES or not key.isalnum():
        raise MachineError(f"the keyring's key {path} is damaged; restore it from a backup.")
    return key


def _settle_key(folder: Path) -> None:
    """Call the key by its name once there is a keyring that it opens: from then on neither may be missing."""
    fresh = folder / _FRESH_KEY
    if fresh.exists():
        flush_folder(keyrings(folder))
        fresh.rename(folder / _KEY)
        flush_folder(folder)


def _check_undamaged(folder: Path, before: frozenset[str]) -> None:
    """Raise MachineError when gnome-keyring did not understand its file and has begun another beside it."""
    others = {name for name in _kept(folder) if name.endswith(".keyring")} - {_FILE}
    for name in others - before:
        (keyrings(folder) / name).unlink()
    if others:
        raise _unusable(folder, "is damaged")


def _kept(folder: Path) -> frozenset[str]:
    kept = keyrings(folder)
    return frozenset(path.name for path in kept.iterdir()) if kept.is_dir() else frozenset()


def _unusable(folder: Path, why: str) -> MachineError:
    return MachineError(
        f"the keyring {keyrings(folder) / _FILE} {why}; restore the whole folder {folder} from a backup, "
        "or move it away and begin anew."
    )
