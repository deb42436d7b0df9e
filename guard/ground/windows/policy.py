r"""The machine policy on Windows: HKEY_LOCAL_MACHINE\SOFTWARE\Policies\MadoguchiGuard, by Group Policy.

A section of guard.toml is a key below it, a name a value of that key: a text REG_SZ, a number or yes (1) and
no (0) REG_DWORD, a list REG_MULTI_SZ. Only administrators can write below Policies (Microsoft Learn,
"Implementing Registry-based Policy"), so nothing more is asked about who wrote it.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

if sys.platform != "win32":
    raise ImportError("this is Windows' part")

import winreg

from guard.errors import MachineError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

KEY: Final = r"SOFTWARE\Policies\MadoguchiGuard"
_HIVE: Final = "HKEY_LOCAL_MACHINE"
# The 64-bit view, said aloud; of Policies a 32-bit program sees the same one (Microsoft Learn, "Registry Keys
# Affected by WOW64").
_LOOK: Final = winreg.KEY_READ | winreg.KEY_WOW64_64KEY
_TYPES: Final = {winreg.REG_SZ: str, winreg.REG_DWORD: int, winreg.REG_MULTI_SZ: list}
_NAMES: Final = {
    winreg.REG_NONE: "REG_NONE",
    winreg.REG_EXPAND_SZ: "REG_EXPAND_SZ",
    winreg.REG_BINARY: "REG_BINARY",
    winreg.REG_QWORD: "REG_QWORD",
}


class RegistryPolicy:
    """The key; absent, it lays nothing down."""

    def __init__(self, key: str = KEY) -> None:
        """``key`` is a path below HKEY_LOCAL_MACHINE."""
        self._key = key

    @property
    def where(self) -> str:
        """See `guard.settings.policy.PolicySource`."""
        return rf"{_HIVE}\{self._key}"

    def place(self, section: str) -> str:
        """See `guard.settings.policy.PolicySource`."""
        return rf"{self.where}\{section}" if section else self.where

    def values(self) -> Mapping[tuple[str, str], object]:
        """See `guard.settings.policy.PolicySource`; names are in lower case, for a registry has no case.

        Raises MachineError when a key cannot be read, or a value is of a type that no policy template writes.
        """
        return {(section, name): value for section, name, value in self._below("")}

    def _below(self, section: str) -> Iterator[tuple[str, str, object]]:
        path = rf"{self._key}\{section}" if section else self._key
        try:
            with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, path, 0, _LOOK) as key:
                keys, values, _ = winreg.QueryInfoKey(key)
                found = [winreg.EnumValue(key, index) for index in range(values)]
                names = [winreg.EnumKey(key, index) for index in range(keys)]
        except FileNotFoundError:
            return
        except OSError as error:
            raise MachineError(
                f"the machine policy {self.place(section)} cannot be read ({error.strerror})."
            ) from None
        for name, value, kind in found:
            yield section.lower(), name.lower(), self._plain(section, name, value, kind)
        for name in names:
            yield from self._below(rf"{section}\{name}" if section else name)

    def _plain(self, section: str, name: str, value: object, kind: int) -> object:
        if kind not in _TYPES:
            raise MachineError(
                f"{self.place(section)}: {name or 'the default value'} is of type {_NAMES.get(kind, kind)}, "
                "which is refused; allowed are REG_SZ, REG_DWORD and REG_MULTI_SZ."
            )
        empty = _TYPES[kind]()  # an empty value of these types comes as None
        return empty if value is None else value


def machine_policy() -> RegistryPolicy:
    """Return where this system keeps the policy of this PC."""
    return RegistryPolicy()
