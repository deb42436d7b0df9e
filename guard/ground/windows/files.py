"""Locks that end with their process, flags for private files, and what a power cut cannot undo."""

from __future__ import annotations

import errno
import os
import sys
import time
from typing import TYPE_CHECKING, BinaryIO, Final, Self

if sys.platform != "win32":
    raise ImportError("this is Windows' part")

import msvcrt

import pywintypes
import win32con
import win32file
import winerror

if TYPE_CHECKING:
    from pathlib import Path

_NOT_THROUGH_LINKS: Final = 0x00200000
"""FILE_FLAG_OPEN_REPARSE_POINT, winbase.h."""
_GLANCE: Final = 0.02
"""s between two looks at a lock."""
_FOLDER_LOCK: Final = "guard.lock"
_TAKEN: Final = frozenset({winerror.ERROR_SHARING_VIOLATION, winerror.ERROR_LOCK_VIOLATION})


class FileLock:
    """Held until it is closed; the system lets go of it however the process ends."""

    def __init__(self, handle: pywintypes.HANDLEType) -> None:
        self._handle = handle

    @classmethod
    def take(cls, path: Path, patience: float = 0.0) -> Self:
        """Lock this file, made if missing; raises OSError, as BlockingIOError when another holds it.

        Its holder is waited for, for ``patience`` s. It is opened for sharing with nobody (CreateFile,
        dwShareMode), and never through a link.
        """
        deadline = time.monotonic() + patience
        while True:
            try:
                return cls._opened(path, win32con.FILE_ATTRIBUTE_NORMAL)
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise
                time.sleep(_GLANCE)

    @classmethod
    def take_folder(cls, folder: Path) -> Self:
        """Lock this folder, which must be there, by a file that goes with the lock; raises like `take`."""
        return cls._opened(folder / _FOLDER_LOCK, win32con.FILE_FLAG_DELETE_ON_CLOSE)

    @classmethod
    def _opened(cls, path: Path, flags: int) -> Self:
        try:
            handle = win32file.CreateFile(
                os.fspath(path),
                win32con.GENERIC_READ | win32con.GENERIC_WRITE,
                0,
                None,
                win32con.OPEN_ALWAYS,
                flags | _NOT_THROUGH_LINKS,
                None,
            )
        except pywintypes.error as error:
            if error.winerror in _TAKEN:
                raise BlockingIOError(errno.EAGAIN, "another process holds the lock", str(path)) from None
            raise OSError(errno.EACCES, error.strerror, str(path), error.winerror) from None
        return cls(handle)

    def close(self) -> None:
        """Let go; only once."""
        self._handle.Close()


def open_flags(flags: int) -> int:
    """Return these flags of os.open with what a private file needs: not inherited, no bytes translated."""
    return flags | os.O_NOINHERIT | os.O_BINARY


def open_shared(path: Path) -> BinaryIO:
    """Open this file to read it, which keeps nobody from removing it meanwhile; raises OSError.

    Python's own open shares a file for reading and writing only: whoever reads it would make its removal fail
    (CreateFile, FILE_SHARE_DELETE). Its name goes at once; before Windows 10 1809, when the last one has
    closed it.
    """
    try:
        handle = win32file.CreateFile(
            os.fspath(path),
            win32con.GENERIC_READ,
            win32con.FILE_SHARE_READ | win32con.FILE_SHARE_WRITE | win32con.FILE_SHARE_DELETE,
            None,
            win32con.OPEN_EXISTING,
            win32con.FILE_ATTRIBUTE_NORMAL,
            None,
        )
    except pywintypes.error as error:
        raise OSError(errno.EACCES, error.strerror, str(path), error.winerror) from None
    flags = os.O_RDONLY | os.O_BINARY | os.O_NOINHERIT
    return os.fdopen(msvcrt.open_osfhandle(int(handle.Detach()), flags), "rb")


def flush_folder(folder: Path) -> None:
    """Return once no power cut can undo that a file in this folder was made, replaced or removed; OSError.

    FlushFileBuffers wants a handle that may add files, CreateFile backup semantics to open a folder.
    """
    try:
        handle = win32file.CreateFile(
            os.fspath(folder),
            win32con.GENERIC_WRITE,
            win32con.FILE_SHARE_READ | win32con.FILE_SHARE_WRITE | win32con.FILE_SHARE_DELETE,
            None,
            win32con.OPEN_EXISTING,
            win32con.FILE_FLAG_BACKUP_SEMANTICS,
            None,
        )
        try:
            win32file.FlushFileBuffers(int(handle))
        finally:
            handle.Close()
    except pywintypes.error as error:
        raise OSError(errno.EIO, error.strerror, str(folder), error.winerror) from None
