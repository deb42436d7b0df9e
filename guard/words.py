"""The words of the commands, for people at a terminal; from the catalogue file ``words.json``."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING

from guard.errors import BrokenPromiseError

if TYPE_CHECKING:
    from collections.abc import Mapping


class Words:
    """Texts by key, Japanese and English side by side."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts

    @classmethod
    def load(cls) -> Words:
        """Read the catalogue."""
        return cls(json.loads((files("guard") / "words.json").read_text("utf-8")))

    def __contains__(self, key: str) -> bool:
        return key in self._texts

    def of(self, key: str, **values: object) -> str:
        """Return a text with its values filled in; raises BrokenPromiseError when there is no such key."""
        if key not in self._texts:
            raise BrokenPromiseError(f"the catalogue words.json has no text {key}.")
        return self._texts[key].format(**values)
