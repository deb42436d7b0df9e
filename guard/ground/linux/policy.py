"""The machine policy on Linux: one TOML file that only root can write.

It has the sections and keys of guard.toml.
"""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

if sys.platform == "win32":
    raise ImportError("this is Linux's part")

from guard.errors import ConfigError, MachineError
from guard.toml_text import tables

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FILE: Final = Path("/etc/madoguchi-guard/policy.toml")
_ROOT: Final = 0
_OTHERS_WRITE: Final = stat.S_IWGRP | stat.S_IWOTH


class PolicyFile:
    """The file; absent, it lays nothing down."""

    def __init__(self, path: Path = FILE) -> None:
        self._path = path

    @property
    def where(self) -> str:
        """See `guard.settings.policy.PolicySource`."""
        return str(self._path)

    def place(self, section: str) -> str:  # noqa: ARG002 -- one file has all sections
        """See `guard.settings.policy.PolicySource`."""
        return str(self._path)

    def values(self) -> Mapping[tuple[str, str], object]:
        """See `guard.settings.policy.PolicySource`.

        Raises ConfigError when it is no TOML, or when anybody but root could have written it; MachineError
        when it cannot be read.
        """
        found = dict[tuple[str, str], object]()
        for name, value in tables(self._text(), self.where).items():
            if isinstance(value, dict):
                found.update({(name, inner): given for inner, given in value.items()})
            else:
                found["", name] = value
        return found

    def _text(self) -> bytes:
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise MachineError(
                f"the machine policy {self._path} cannot be read ({error.strerror}); it must be a file, not "
                "a link, that everybody can read (mode 0644), in a folder that everybody can enter (0755)."
            ) from None
        with open(descriptor, "rb") as file:  # noqa: PTH123 -- what is looked at is what is read
            self._check(os.fstat(descriptor), self._path, stat.S_ISREG)
            # whoever may write the folder may put another file in its place
            self._check(self._path.parent.stat(), self._path.parent, stat.S_ISDIR)
            return file.read()

    def _check(self, found: os.stat_result, path: Path, right_kind: Callable[[int], bool]) -> None:
        if not right_kind(found.st_mode) or found.st_uid != _ROOT or found.st_mode & _OTHERS_WRITE:
            raise ConfigError(
                f"the machine policy {self._path} is refused: {path} must be owned by root and writable by "
                f"nobody else; set it right with chown root {path} and chmod go-w {path}."
            )


def machine_policy() -> PolicyFile:
    """Return where this system keeps the policy of this PC."""
    return PolicyFile()
