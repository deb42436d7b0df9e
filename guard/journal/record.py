"""One record of the journal, and its form as one line of JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guard.journal.port import Field

COMMON: Final = ("seq", "at", "boot_ms", "session", "kind")
"""What every record begins with, in this order; its own fields follow, then ``prev`` and ``mac``."""
SEALS: Final = ("prev", "mac")
_BOOT_MS_MOST: Final = 1e15
"""30,000 years; a greater one is no time, and may be no float."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Something that happened at the counter."""

    seq: int
    """Counts from 1, without a hole."""
    at: str
    """UTC in RFC 3339 with milliseconds and ``Z``."""
    boot_ms: float
    """Milliseconds since the PC's start; runs on while it sleeps, and no clock that is set changes it."""
    session: str | None
    kind: str
    fields: Mapping[str, Field]

    @classmethod
    def read(cls, line: bytes) -> Self:
        """Read a line, whether or not it is sealed; raises ValueError when it is no record."""
        try:
            found = json.loads(line)
        except RecursionError as error:
            raise ValueError("a record is flat") from error
        if not isinstance(found, dict):
            raise ValueError("a record is an object")  # noqa: TRY004 -- one error for all that is no record
        seq, at, boot_ms, session, kind = (found.pop(name, None) for name in COMMON)
        for name in SEALS:
            found.pop(name, None)
        if not (
            type(seq) is int
            and isinstance(at, str)
            and isinstance(boot_ms, int | float)
            and abs(boot_ms) < _BOOT_MS_MOST
            and (session is None or isinstance(session, str))
            and isinstance(kind, str)
            and all(value is None or isinstance(value, str | int | float) for value in found.values())
        ):
            raise ValueError("a record's common fields have their own kinds")
        return cls(seq=seq, at=at, boot_ms=float(boot_ms), session=session, kind=kind, fields=found)

    def text(self) -> str:
        """Return it as a JSON object without its seals and without the closing brace."""
        values = (self.seq, self.at, self.boot_ms, self.session, self.kind)
        whole = dict(zip(COMMON, values, strict=True)) | dict(self.fields)
        return json.dumps(whole, ensure_ascii=False, separators=(",", ":"))[:-1]
