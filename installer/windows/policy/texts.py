"""The texts of the policy template, a file a language."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guard.settings.schema import Key

_FOLDER: Final = Path(__file__).parent / "texts"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyTexts:
    """What people read about one key."""

    title: str
    about: str
    label: str = ""
    """Beside the control; a key that is yes or no has none."""
    choices: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """One language."""

    title: str
    description: str
    supported: str
    default: str
    empty: str
    yes: str
    no: str
    flag: str
    value: str
    sections: Mapping[str, str]
    keys: Mapping[str, KeyTexts]

    @classmethod
    def read(cls, language: str) -> Texts:
        """Read the file of this language; raises KeyError or TypeError for a missing or unknown text."""
        found = json.loads((_FOLDER / f"{language}.json").read_text("utf-8"))
        keys = {name: KeyTexts(**{"choices": {}, **texts}) for name, texts in found.pop("keys").items()}
        return cls(**found, keys=keys)

    def of(self, key: Key[object]) -> KeyTexts:
        """Return the texts of this key; raises KeyError without any."""
        return self.keys[f"{key.section}.{key.name}"]

    def help(self, key: Key[object]) -> str:
        """Return the whole explanation of this key."""
        is_flag = isinstance(key.default, bool)
        return "\n\n".join(
            (
                self.of(key).about,
                self.default.format(value=self._default(key)),
                self.flag if is_flag else self.value,
            )
        )

    def _default(self, key: Key[object]) -> str:
        given = key.default
        if isinstance(given, bool):
            return self.yes if given else self.no
        if isinstance(given, tuple):
            return ", ".join(map(str, given))
        shown = self.of(key).choices.get(str(given), str(given))
        return shown or self.empty
