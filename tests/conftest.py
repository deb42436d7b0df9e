"""Which tests are for which system: ``assert sys.platform == …`` at its head binds a file to one."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

_SAYS: Final = re.compile(r'^assert sys\.platform == "(\w+)"', re.MULTILINE)


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leave out a file that is for another system; None: let others decide."""
    if collection_path.suffix != ".py":
        return None
    said = _SAYS.search(collection_path.read_text("utf-8"))
    return True if said and said[1] != sys.platform else None
