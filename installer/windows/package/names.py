"""Names a database needs beside the ones people read: 8.3 file names and ids that stay the same for ever."""

from __future__ import annotations

import re
import uuid
from typing import Final

_HOME: Final = uuid.UUID("8c0c6c5e-6f0b-5c52-9f39-2f8f6f4d8a11")
"""Drawn once for this product; never change it: the ids of all components hang on it."""
UPGRADE_CODE: Final = "{3B5E7D0A-5B0C-4B9E-9C57-6E1B7C0E2D41}"
"""What all versions have in common ("UpgradeCode"); never change it either."""
_PLAIN = re.compile(r"[A-Z0-9_-]{1,8}(?:\.[A-Z0-9_-]{1,3})?", re.IGNORECASE)


def guid(name: str) -> str:
    """Return the id of this name: the same name has the same id in every version."""
    return f"{{{str(uuid.uuid5(_HOME, name)).upper()}}}"


class ShortNames:
    """Gives each file and folder of one folder a name of the 8.3 form that no other one there has."""

    def __init__(self) -> None:
        self._taken = set[str]()
        self._count = 0

    def filename(self, name: str) -> str:
        """Return ``name`` as the database's type Filename writes it: ``short|long``, or as it is."""
        if _PLAIN.fullmatch(name) and name.upper() not in self._taken:
            self._taken.add(name.upper())
            return name
        stem, _, end = name.rpartition(".")
        start = re.sub(r"[^A-Z0-9]", "", (stem or name).upper())[:2]
        extension = re.sub(r"[^A-Z0-9]", "", end.upper())[:3] if stem else ""
        while True:
            self._count += 1
            short = f"{start}{self._count:0{5 if start else 7}d}"[:7] + "~"
            short = f"{short}.{extension}" if extension else short
            if short not in self._taken:
                self._taken.add(short)
                return f"{short}|{name}"
