"""What lies on this PC's disk beside what runs: a fix put there does nothing until the guard starts anew.

Theory of operation
===================

A running guard keeps the settings and the program that it was started with. The settings are told apart by
their fingerprint: a comment in guard.toml is nothing to it, a changed site profile is. The program is told
apart by its version *and* by a hash of its files: in a checkout an update changes the files at once, and the
version only when pip writes it down anew; a fix between two releases does not change it at all.
"""

from __future__ import annotations

import hashlib
import os
import threading
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

import guard
from guard.aside import aside
from guard.errors import GuardError, MachineError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from concurrent.futures import Future

    from guard.settings.model import Settings

LOOK_SECONDS: Final = 2.0
"""s for which whoever asks waits for the disk."""
_ANEW: Final = "takes effect when the guard is started anew"


class Differs(StrEnum):
    """What on the disk is not what runs."""

    SETTINGS = "settings"
    PROGRAM = "program"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """One way in which the disk has gone away from what runs."""

    what: Differs
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """What a guard was started with."""

    version: str
    code_hash: str
    policy_hash: str

    @classmethod
    def beginning(cls, settings: Settings) -> Self:
        """Return what the guard that starts now runs with; raises like `code_hash`."""
        return cls(version=guard.__version__, code_hash=code_hash(), policy_hash=settings.fingerprint())

    def drift(self, read: Callable[[], Settings]) -> tuple[Drift, ...]:
        """Return how the disk differs now; ``read`` reads the settings again. Takes its time, raises nothing.

        What cannot be read, or is refused, differs.
        """
        found = {Differs.SETTINGS: self._settings(read), Differs.PROGRAM: self._program()}
        return tuple(Drift(what=what, sentence=sentence) for what, sentence in found.items() if sentence)

    def announcement(self, before: Mapping[str, object] | None) -> str:
        """Return one line about what starts, and what is new since the run before.

        Of that one its start record's fields are given, if there is one.
        """
        told = f"version {self.version}, program {self.code_hash}, settings {self.policy_hash}"
        if before is None:
            return f"{told}; no run before this one is in the journal"
        new = [
            f"{name} (was {before.get(field, 'not written down')})"
            for name, field, value in (
                ("version", "version", self.version),
                ("program", "code_hash", self.code_hash),
                ("settings", "policy_hash", self.policy_hash),
            )
            if before.get(field) != value
        ]
        return f"{told}; {'new since the run before: ' + ', '.join(new) if new else 'as in the run before'}"

    def _settings(self, read: Callable[[], Settings]) -> str:
        try:
            now = read().fingerprint()
        except GuardError as error:
            return f"the settings on the disk would be refused: {' '.join(error.sentence.split())}"
        return "" if now == self.policy_hash else f"the disk has settings of hash {now}, which {_ANEW}"

    def _program(self) -> str:
        try:
            installed, code = version("madoguchi-guard"), code_hash()
        except PackageNotFoundError:
            return "the disk has no program that is installed as a whole"
        except GuardError as error:
            return error.sentence
        if installed != self.version:
            return f"the disk has version {installed}, which {_ANEW}"
        return "" if code == self.code_hash else f"the disk has a program of hash {code}, which {_ANEW}"


class DiskLook:
    """Looks for drift, one look at a time, so that a disk that hangs holds up one thread and no question."""

    def __init__(self, running: Running, read: Callable[[], Settings]) -> None:
        """``read`` reads the settings from the disk, as they are there now."""
        self.running = running
        self._read = read
        self._lock = threading.Lock()
        self._look: Future[tuple[Drift, ...]] | None = None

    def drift(self) -> tuple[Drift, ...]:
        """Return what `Running.drift` finds; a disk that does not answer within `LOOK_SECONDS` differs."""
        with self._lock:
            if self._look is None or self._look.done():
                self._look = aside(lambda: self.running.drift(self._read))
            look = self._look
        try:
            return look.result(LOOK_SECONDS)
        except TimeoutError:
            return (Drift(what=Differs.PROGRAM, sentence="the disk does not answer, so nobody knows"),)


def code_hash() -> str:
    """Return a hash of this program's own files on the disk (SHA-256, hex); raises MachineError."""
    folder = Path(guard.__file__).parent
    whole = hashlib.sha256()
    try:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.parent.name != "__pycache__":
                whole.update(os.fsencode(path.relative_to(folder)) + b"\0")
                whole.update(hashlib.sha256(path.read_bytes()).digest())
    except OSError as error:
        raise MachineError(f"the guard's own files in {folder} cannot be read ({error.strerror})") from error
    return whole.hexdigest()
