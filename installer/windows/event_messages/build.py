"""``python -m installer.windows.event_messages.build FILE.dll``: the texts of our events for the viewer.

The source's registry value EventMessageFile names that file.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from guard.journal.forward.events import IDS
from installer.windows.event_messages import message_table, resource_dll

if TYPE_CHECKING:
    from collections.abc import Mapping

LANGUAGES: Final[Mapping[str, int]] = {"en-US": 0x0409, "ja-JP": 0x0411}
"""Each with its LANGID."""
_INSERTED: Final = "%n%n%1%n%n%2"
"""The record's sentence and its fields."""


def texts(language: str) -> dict[str, str]:
    """Return the title of each kind of event in this language; raises ValueError when one is missing."""
    found = json.loads((Path(__file__).parent / f"{language}.json").read_text("utf-8"))
    if not isinstance(found, dict) or found.keys() != IDS.keys():
        raise ValueError(f"{language}.json must have exactly the kinds of guard.journal.forward.events.IDS")
    return {str(kind): str(text) for kind, text in found.items()}


def library() -> bytes:
    """Return the library."""
    tables = {
        number: message_table.written(
            {IDS[kind]: text.replace("%", "%%") + _INSERTED for kind, text in texts(language).items()}
        )
        for language, number in LANGUAGES.items()
    }
    return resource_dll.written(resource_dll.MESSAGE_TABLE, tables)


if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(library())
