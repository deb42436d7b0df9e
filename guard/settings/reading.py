"""One TOML file held against the keys that may stand in it."""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from typing import TYPE_CHECKING, TypeVar

from guard.errors import ConfigError
from guard.ground import account_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from guard.settings.schema import Key

Value = TypeVar("Value")
_LINE = 100
"""Characters of a value that an error message repeats."""


def parse(path: Path) -> Mapping[str, object]:
    """Return the file's tables; raises ConfigError when it cannot be read or is no TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no such file; allowed is the path of a TOML file.") from None
    except OSError as error:
        raise ConfigError(
            f"{path}: the account {account_name()} cannot read it ({error.strerror})."
        ) from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: is not UTF-8 text; save it as UTF-8.") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"{path}: is not valid TOML: {error}.") from None
    except ValueError:  # the only one left: Python reads no number of more than 4300 digits
        raise ConfigError(f"{path}: is not valid TOML: a number has too many digits.") from None


class Reading:
    """Takes values by key and notes every problem, so that all of them are told at once."""

    def __init__(self, path: Path | None, keys: Sequence[Key[object]]) -> None:
        """Read the file, or nothing at all for None; raises ConfigError when it cannot be read as TOML."""
        self.path = path
        self.where = "the defaults" if path is None else str(path)
        """How a sentence names it."""
        self.problems: list[str] = []
        self._refused: set[str] = set()
        self._document = {} if path is None else parse(path)
        self._look_for_unknown(keys)

    def given(self, key: Key[object]) -> bool:
        """Tell whether the file gives this key a value."""
        return key.name in self._table(key.section)

    def has_section(self, section: str) -> bool:
        """Tell whether the file has this section, be it empty."""
        return section in self._document

    def take(self, key: Key[Value]) -> Value:
        """Return the value given or else the default; a value that is not allowed is noted."""
        table = self._table(key.section)
        if key.name not in table:
            if key.required:
                self.problems.append(f"{self.where}: {key.title} is missing; allowed is {key.kind.allowed}.")
            return key.default
        try:
            return key.kind.read(table[key.name])
        except ValueError:
            self.refuse(key, f"allowed is {key.kind.allowed}")
            return key.default

    def stands(self, key: Key[object]) -> bool:
        """Tell whether the value in force is what the file says, and not in the place of a refused one."""
        return key.title not in self._refused

    def refuse(self, key: Key[object], allowed: str) -> None:
        """Note that what is given under this key is not allowed."""
        self._refused.add(key.title)
        given = _shown(self._table(key.section).get(key.name, key.default))
        self.problems.append(f"{self.where}: {key.title} = {given} is refused; {allowed}.")

    def _table(self, section: str) -> Mapping[str, object]:
        if not section:
            return self._document
        table = self._document.get(section, {})
        return table if isinstance(table, dict) else {}

    def _look_for_unknown(self, keys: Sequence[Key[object]]) -> None:
        sections = dict.fromkeys(key.section for key in keys if key.section)
        top = [*(key.name for key in keys if not key.section), *sections]
        for name, value in self._document.items():
            if name not in top:
                self.problems.append(f"{self.where}: {_unknown(name, top)}.")
            elif name in sections and not isinstance(value, dict):
                self.problems.append(
                    f"{self.where}: {name} is a section; write it as [{name}] on its own line."
                )
        for section in sections:
            names = [key.name for key in keys if key.section == section]
            for name in self._table(section):
                if name not in names:
                    self.problems.append(f"{self.where}: in [{section}] {_unknown(name, names)}.")


def toml(value: object) -> str:
    """Return a text, number, truth value or list of them as TOML."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(toml(entry) for entry in value)}]"
    return json.dumps(value, ensure_ascii=False, default=str)


def _shown(value: object) -> str:
    """Return what was given for an error message: about a line, and of an address only scheme and host."""
    if isinstance(value, dict):
        return "a table"
    try:
        whole = toml(value)
    except (ValueError, RecursionError):  # thousands of digits (written in hexadecimal), or of tables
        return "a value too long to show"
    short = re.sub(r"(://)(?:[^\s/@\"]*@)?([^\s/?#\"]*)[^\s\"]*", r"\1\2/…", whole)
    return short if len(short) <= _LINE else f"{short[: _LINE - 1]}…"


def _unknown(name: str, allowed: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, allowed, n=1)
    hint = f' (did you mean "{near[0]}"?)' if near else ""
    return f"{_shown(name)} is unknown{hint}; allowed are {', '.join(allowed)}"
