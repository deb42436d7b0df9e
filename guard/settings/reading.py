"""One TOML file held against the keys that may stand in it."""

from __future__ import annotations

import difflib
import json
import re
from enum import StrEnum
from typing import TYPE_CHECKING, Final, TypeVar

from guard.errors import ConfigError
from guard.ground import account_name
from guard.settings.policy import allowed as allowed_in_policy
from guard.toml_text import tables

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from guard.settings.policy import MachinePolicy
    from guard.settings.schema import Key

Value = TypeVar("Value")
_UNSEEN: Final = re.compile(r"[\u007f-\u009f\u2028\u2029]")
"""What would break a line or steer a terminal, and JSON leaves as it is."""
_LINE = 100
"""Characters of a value that an error message repeats."""


def parse(path: Path) -> Mapping[str, object]:
    """Return the file's tables; raises ConfigError when it cannot be read or is no TOML."""
    try:
        return tables(path.read_bytes(), str(path))
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no such file; allowed is the path of a TOML file.") from None
    except OSError as error:
        raise ConfigError(
            f"{path}: the account {account_name()} cannot read it ({error.strerror})."
        ) from None


class Source(StrEnum):
    """Where the value in force comes from; each wins over the ones below it."""

    POLICY = "policy"
    FILE = "file"
    INSTALLATION = "installation"
    DEFAULT = "default"


class Reading:
    """Takes values by key and notes every problem, so that all of them are told at once."""

    def __init__(
        self,
        path: Path | None,
        keys: Sequence[Key[object]],
        policy: MachinePolicy | None = None,
        installation: MachinePolicy | None = None,
    ) -> None:
        """Read the file, or nothing at all for None; raises ConfigError when it cannot be read as TOML.

        Where ``policy`` has a value, the file's is not even looked at. What the ``installation`` said counts
        where the file says nothing.
        """
        self.path = path
        self.where = "the defaults" if path is None else str(path)
        """How a sentence names it."""
        self.problems: list[str] = []
        self._policy = policy
        self._installation = installation
        self._refused: set[str] = set()
        self._document = {} if path is None else parse(path)
        self._look_for_unknown(keys)
        self._look_for_unknown_policies(keys)

    def given(self, key: Key[object]) -> bool:
        """Tell whether the file gives this key a value."""
        return key.name in self._table(key.section)

    def source(self, key: Key[object]) -> Source:
        """Tell where the value in force comes from."""
        if self._policy is not None and self._policy.has(key):
            return Source.POLICY
        if self.given(key):
            return Source.FILE
        return Source.DEFAULT if self._laid_down(key) is None else Source.INSTALLATION

    def place(self, key: Key[object]) -> str:
        """Return where the value in force stands, as a sentence names it."""
        laid_down = self._laid_down(key)
        return self.where if laid_down is None else laid_down.place(key.section)

    def has_section(self, section: str) -> bool:
        """Tell whether the file has this section, be it empty."""
        return section in self._document

    def take(self, key: Key[Value]) -> Value:
        """Return the value given or else the default; a value that is not allowed is noted."""
        laid_down = self._laid_down(key)
        if laid_down is not None:
            return self._take_policy(key, laid_down)
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
        laid_down = self._laid_down(key)
        if laid_down is not None:
            given = laid_down.given(key)
        else:
            given = self._table(key.section).get(key.name, key.default)
        self.problems.append(f"{self.place(key)}: {key.title} = {_shown(given)} is refused; {allowed}.")

    def _laid_down(self, key: Key[object]) -> MachinePolicy | None:
        """Return what the value in force stands in if that is no file and no default."""
        if self._policy is not None and self._policy.has(key):
            return self._policy
        if self._installation is not None and self._installation.has(key) and not self.given(key):
            return self._installation
        return None

    def _take_policy(self, key: Key[Value], policy: MachinePolicy) -> Value:
        try:
            return policy.read(key)
        except ValueError:
            self.refuse(key, f"allowed is {allowed_in_policy(key.kind)}")
            return key.default

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

    def _look_for_unknown_policies(self, keys: Sequence[Key[object]]) -> None:
        if self._policy is None:
            return
        sections = list(dict.fromkeys(key.section for key in keys))
        for section, name in self._policy.names():
            names = [key.name for key in keys if key.section == section]
            place = self._policy.place(section)
            if section and section not in sections:
                self.problems.append(f"{place}: {_unknown(section, sections)}.")
            elif name not in names:
                inside = f"in [{section}] " if section else ""
                self.problems.append(f"{place}: {inside}{_unknown(name, names or sections)}.")


def toml(value: object) -> str:
    """Return a text, number, truth value or list of them as TOML."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(toml(entry) for entry in value)}]"
    written = json.dumps(value, ensure_ascii=False, default=str)
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", written)


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
