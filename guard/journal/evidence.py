"""Where a journal lies and what it can be proven by: asked of the running guard, or of the keyring itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from guard.control import NotRunningError
from guard.errors import ConfigError
from guard.journal.anchor import Anchor
from guard.journal.keys import Keys
from guard.journal.standing import FirstKey, Standing
from guard.keyring.here import OwnStore
from guard.paths import journal_keyring

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from guard.control import ControlClient


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a journal is read and proven with."""

    folder: Path
    standing: Standing | None = None
    """Where it stands by the keyring's mark; None for a copy."""
    first_key: FirstKey | None = None


class EvidenceRoom:
    """Finds the evidence of this account's journal."""

    def __init__(self, client: ControlClient, environment: Mapping[str, str]) -> None:
        self._client = client
        self._environment = environment

    def folder(self, configured: Callable[[], Path]) -> Path:
        """Return the running guard's folder, or else the configured one; raises GuardError."""
        try:
            return Path(str(self._client.ask("journal-folder")["folder"]))
        except NotRunningError:
            return configured()

    def evidence(self, configured: Callable[[], Path]) -> Evidence:
        """Return what the running guard says, or else the keyring; raises GuardError."""
        try:
            found = self._client.ask("journal")
        except NotRunningError:
            folder = journal_keyring(self._environment)
            if not folder.is_dir():
                return Evidence(folder=configured())
            with OwnStore(self._environment, folder) as store:
                anchor = Anchor(store)
                return Evidence(folder=configured(), standing=anchor.standing(), first_key=anchor.first_key())
        mark, key = found["mark"], found["first_key"]
        return Evidence(
            folder=Path(str(found["folder"])),
            standing=None if mark is None else Standing.read(str(mark)),
            first_key=None if key is None else FirstKey.read(str(key)),
        )

    def take_first_key(self) -> None:
        """Take the first key off this PC; raises MachineError when it is not there, or the keyring fails."""
        try:
            self._client.ask("journal-key-taken")
        except NotRunningError:
            with OwnStore(self._environment, journal_keyring(self._environment)) as store:
                Anchor(store).forget_first_key()


def read_key(file: Path, standing: Standing | None) -> FirstKey:
    """Return the first key that was put into a file.

    Raises ConfigError when there is none in it, or that of another journal than the one that stands here.
    """
    try:
        found = FirstKey.read(file.read_text("ascii").strip())
    except (OSError, ValueError):
        raise ConfigError(
            f"--key {file} must be a file with the one line that guard journal key printed"
        ) from None
    if standing and Keys(found).of(standing.seq + 1) != standing.key:
        raise ConfigError(f"--key {file} holds the first key of another journal than this PC's")
    return found
