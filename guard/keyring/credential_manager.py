"""Stores in Windows' Credential Manager, which encrypts what it keeps for the account (CredWrite).

Not by the keyring library: its WinVaultKeyring copies the text before to a second credential whenever it
writes (jaraco/keyring, Windows.py, set_password), so that what was replaced would stay. Credentials are kept
on this PC and do not roam (CRED_PERSIST_LOCAL_MACHINE).
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self, TypeVar

if sys.platform != "win32":
    raise ImportError("this is Windows' part")

import pywintypes
import win32cred
import winerror

from guard.errors import MachineError
from guard.ground import FileLock, flush_folder
from guard.ground.windows.rights import keep_for_ourselves
from guard.keyring.parted import PartedStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from guard.keyring.store import Store

LOCK_SECONDS: Final = 10.0
"""For which another process of this account is waited for; a vault takes less than a second."""
_PRODUCT: Final = "MadoguchiGuard"
_BLOB_MOST: Final = 2560
"""Bytes of a credential's secret (wincred.h, CRED_MAX_CREDENTIAL_BLOB_SIZE); pywin32 writes UTF-16."""
_CHARACTER_MOST: Final = 4
"""Bytes of one character in UTF-16."""
_ABSENT: Final = frozenset({winerror.ERROR_NOT_FOUND, winerror.ERROR_FILE_NOT_FOUND})
"""The second is what Wine says of a credential whose writer was killed: a place without a text."""
_HINTS: Final = {
    winerror.ERROR_NO_SUCH_LOGON_SESSION: ": nothing is kept for this account; is this policy on: "
    "Network access: Do not allow storage of passwords and credentials for network authentication?"
}
"""What to look at, where the number alone tells nobody (CredWriteW)."""
_Done = TypeVar("_Done")


class Credentials:
    """Implements `guard.keyring.parted.Cabinet`: generic credentials whose targets begin alike."""

    longest = _BLOB_MOST // _CHARACTER_MOST

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix

    def read(self, label: str) -> str | None:
        """See `Cabinet.read`."""
        target = self._prefix + label
        found = _attempt("read", lambda: win32cred.CredRead(target, win32cred.CRED_TYPE_GENERIC))
        if found is None:
            return None
        return _attempt("read", lambda: bytes(found["CredentialBlob"]).decode("utf-16-le"))

    def write(self, label: str, text: str) -> None:
        """See `Cabinet.write`."""
        credential = {
            "Type": win32cred.CRED_TYPE_GENERIC,
            "TargetName": self._prefix + label,
            "UserName": _PRODUCT,
            "CredentialBlob": text,
            "Comment": "Kept by Madoguchi Guard; without it the counter is out of service.",
            "Persist": win32cred.CRED_PERSIST_LOCAL_MACHINE,
        }
        _attempt("write", lambda: win32cred.CredWrite(credential, 0))

    def remove(self, label: str) -> None:
        """See `Cabinet.remove`."""
        _attempt("delete", lambda: win32cred.CredDelete(self._prefix + label, win32cred.CRED_TYPE_GENERIC))


@contextlib.contextmanager
def opened(environment: Mapping[str, str], folder: Path, what: str) -> Iterator[Store]:
    """Open the store that belongs to this folder, ours alone meanwhile; ``what`` names it in a refusal.

    The folder, made if missing, holds its lock alone. Raises MachineError.
    """
    lock = _lock(folder, what)
    try:
        yield PartedStore(Credentials(_prefix(folder)), lambda: _flush(environment))
    finally:
        lock.close()


class HeldStore:
    """Implements `guard.keyring.store.ClosableStore`; from any thread, one question at a time.

    What `guard.keyring.kept.KeptStore` is on Linux, without a process of its own: Credential Manager needs
    neither one thread nor an environment.
    """

    def __init__(self, environment: Mapping[str, str], folder: Path) -> None:
        self._environment = dict(environment)
        self._folder = folder
        self._lock = threading.Lock()
        self._closed = False

    def read(self, name: str) -> str | None:
        """See `Store.read`."""
        with self._store() as store:
            return store.read(name)

    def write(self, name: str, text: str) -> None:
        """See `Store.write`."""
        with self._store() as store:
            store.write(name, text)

    def delete(self, name: str) -> None:
        """See `Store.delete`."""
        with self._store() as store:
            store.delete(name)

    def close(self) -> None:
        """See `ClosableStore.close`."""
        with self._lock:
            self._closed = True

    def __enter__(self) -> Self:
        """Use it for a with block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    @contextlib.contextmanager
    def _store(self) -> Iterator[Store]:
        with self._lock:
            if self._closed:
                raise MachineError("the guard is being stopped.")
            with opened(self._environment, self._folder, "the journal's keyring") as store:
                yield store


def _prefix(folder: Path) -> str:
    """Return how the targets of this folder's store begin: stores of other folders are others."""
    digest = hashlib.sha256(os.path.normcase(folder.absolute()).encode()).hexdigest()
    return f"{_PRODUCT}/{folder.name}-{digest[:12]}/"


def _lock(folder: Path, what: str) -> FileLock:
    try:
        if not folder.is_dir():
            folder.mkdir(parents=True)
            keep_for_ourselves(folder)
        return FileLock.take(folder / "lock", LOCK_SECONDS)
    except BlockingIOError:
        raise MachineError(
            f"{what} is in use by another process for more than {LOCK_SECONDS:.0f} s."
        ) from None
    except (OSError, pywintypes.error) as error:
        raise MachineError(f"the folder {folder} cannot be used: {error.strerror}.") from error


def _flush(environment: Mapping[str, str]) -> None:
    """Have the files in which Windows keeps the account's credentials on the disk, as far as it lets us.

    CredWrite promises nothing about a power cut. Where they lie is known, and not documented.
    """
    folder = Path(environment.get("LOCALAPPDATA", "")) / "Microsoft" / "Credentials"
    if not folder.is_absolute() or not folder.is_dir():
        return
    with contextlib.suppress(OSError):
        for file in folder.iterdir():
            with contextlib.suppress(OSError), file.open("r+b") as opened_file:
                os.fsync(opened_file.fileno())
        flush_folder(folder)


def _attempt(what: str, work: Callable[[], _Done]) -> _Done | None:
    """Return what the work returns, None when there is no such credential."""
    try:
        return work()
    except pywintypes.error as error:
        if error.winerror in _ABSENT:
            return None
        reason = f"Windows' error {error.winerror}{_HINTS.get(error.winerror, '')}"
    except Exception as error:  # noqa: BLE001 -- whatever it is, the keyring is broken, and no text may show
        reason = type(error).__name__
    raise MachineError(f"the Credential Manager does not {what} ({reason}); see guard doctor.")
