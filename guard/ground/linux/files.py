"""Locks that end with their process, flags for private files, and what a power cut cannot undo."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, BinaryIO, Final, Self

if sys.platform == "win32":
    raise ImportError("this is Linux's part")

import fcntl

if TYPE_CHECKING:
    from pathlib import Path

_GLANCE: Final = 0.02
"""s between two looks at a lock."""


class FileLock:
    """Held until it is closed; the system lets go of it however the process ends."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def take(cls, path: Path, patience: float = 0.0) -> Self:
        """Lock this file, made if missing; raises OSError, as BlockingIOError when another holds it.

        Its holder is waited for, for ``patience`` s.
        """
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        return cls._locked(descriptor, patience)

    @classmethod
    def take_folder(cls, folder: Path) -> Self:
        """Lock this folder, which must be there; raises like `take`."""
        return cls._locked(os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC), 0.0)

    @classmethod
    def _locked(cls, descriptor: int, patience: float) -> Self:
        deadline = time.monotonic() + patience
        try:
            while True:
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    if time.monotonic() >= deadline:
                        raise
                    time.sleep(_GLANCE)
                else:
                    return cls(descriptor)
        except OSError:
            os.close(descriptor)
            raise

    def close(self) -> None:
        """Let go; only once."""
        os.close(self._descriptor)


def open_flags(flags: int) -> int:
    """Return these flags of os.open with what a private file needs: not inherited, never through a link."""
    return flags | os.O_CLOEXEC | os.O_NOFOLLOW


def open_shared(path: Path) -> BinaryIO:
    """Open this file to read it, which keeps nobody from removing it meanwhile; raises OSError."""
    return path.open("rb")


def flush_folder(folder: Path) -> None:
    """Return once no power cut can undo that a file in this folder was made, replaced or removed; OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
