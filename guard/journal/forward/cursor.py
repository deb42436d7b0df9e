"""How far a target has come, kept across restarts."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from guard.errors import MachineError

if TYPE_CHECKING:
    from pathlib import Path

_FORM: Final = re.compile(rb"([0-9]{1,18}) ([0-9a-f]{64})\n")


@dataclass(frozen=True, slots=True)
class Position:
    """The last record that a target confirmed."""

    seq: int
    head: str
    """`guard.journal.chain.head` of its line: a journal that was begun anew, or went on from an earlier
    record after a damage, has another record of this number."""


class Cursor:
    """A target's position in a small file of its own.

    A lost or damaged one costs duplicates and no record: the target begins anew.
    """

    def __init__(self, folder: Path, place: str) -> None:
        self._path = folder / f"{re.sub(r'[^A-Za-z0-9.-]', '_', place)}.cursor"

    def read(self) -> Position | None:
        """Return the position, None when there is none; raises MachineError when it cannot be read."""
        try:
            match = _FORM.fullmatch(self._path.read_bytes())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise MachineError(f"{self._path} cannot be read ({error.strerror})") from error
        return Position(int(match[1]), match[2].decode()) if match else None

    def write(self, position: Position) -> None:
        """Keep the position; raises MachineError when the one before stays.

        After a power cut it may be the one before, too.
        """
        new = self._path.with_suffix(".new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with new.open("wb") as file:
                file.write(b"%d %b\n" % (position.seq, position.head.encode()))
                file.flush()
                os.fsync(file.fileno())
            new.replace(self._path)
        except OSError as error:
            raise MachineError(
                f"{self._path} cannot be written ({error.strerror}): records are sent on, but after a restart"
                " some will be sent again"
            ) from error
