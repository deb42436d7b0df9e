r"""What the installation of the guard on this PC said: HKEY_LOCAL_MACHINE\SOFTWARE\MadoguchiGuard.

The MSI writes it from the properties SITE, UILANG and BROWSER of its command line, and keeps guard.toml in
%ProgramData%\MadoguchiGuard. Only administrators can write to either.
"""

from __future__ import annotations

import ctypes
import sys
from ctypes import wintypes
from pathlib import Path
from typing import TYPE_CHECKING, Final
from uuid import UUID

if sys.platform != "win32":
    raise ImportError("this is Windows' part")

import winreg

from guard.errors import MachineError

if TYPE_CHECKING:
    from collections.abc import Mapping

KEY: Final = r"SOFTWARE\MadoguchiGuard"
_KEYS: Final = {
    "Site": ("portal", "site"),
    "Language": ("screens", "language"),
    "Browser": ("browser", "kind"),
}
_PROGRAM_DATA: Final = UUID("62ab5d82-fdc1-4dc3-a9dd-070d1d495d97")  # FOLDERID_ProgramData

_shell = ctypes.WinDLL("shell32")
_shell.SHGetKnownFolderPath.argtypes = [
    ctypes.c_char_p,  # REFKNOWNFOLDERID
    wintypes.DWORD,
    wintypes.HANDLE,
    ctypes.POINTER(ctypes.c_void_p),
]
_shell.SHGetKnownFolderPath.restype = ctypes.c_long  # HRESULT
_ole = ctypes.WinDLL("ole32")
_ole.CoTaskMemFree.argtypes = [ctypes.c_void_p]
_ole.CoTaskMemFree.restype = None


class RegistryInstallation:
    """Satisfies `guard.settings.policy.PolicySource`; without an installation it says nothing."""

    def __init__(self, key: str = KEY) -> None:
        """``key`` is a path below HKEY_LOCAL_MACHINE."""
        self._key = key

    @property
    def where(self) -> str:
        """See `guard.settings.policy.PolicySource`."""
        return rf"HKEY_LOCAL_MACHINE\{self._key}"

    def place(self, section: str) -> str:  # noqa: ARG002 -- one key has all
        """See `guard.settings.policy.PolicySource`."""
        return self.where

    def values(self) -> Mapping[tuple[str, str], object]:
        """See `guard.settings.policy.PolicySource`; several sites stand there with commas between.

        Raises MachineError when the key cannot be read.
        """
        found = dict[tuple[str, str], object]()
        try:
            with winreg.OpenKey(
                winreg.HKEY_LOCAL_MACHINE, self._key, 0, winreg.KEY_READ | winreg.KEY_WOW64_64KEY
            ) as key:
                for name, place in _KEYS.items():
                    try:
                        value, _ = winreg.QueryValueEx(key, name)
                    except FileNotFoundError:
                        continue
                    found[place] = _plain(value)
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise MachineError(
                f"the installation's {self.where} cannot be read ({error.strerror})."
            ) from None
        return found


def installation() -> RegistryInstallation:
    """Return what the installation on this PC said."""
    return RegistryInstallation()


def installed_settings(program_data: Path | None = None) -> Path | None:
    r"""Return the guard.toml in %ProgramData%\MadoguchiGuard; None where there is none.

    Windows is asked for the folder, for a variable is whatever an account makes of it. Raises MachineError
    when it does not know.
    """
    file = (program_data or _known_folder(_PROGRAM_DATA)) / "MadoguchiGuard" / "guard.toml"
    return file if file.exists() else None


def _plain(value: object) -> object:
    if isinstance(value, str) and "," in value:
        return [part.strip() for part in value.split(",")]
    return value


def _known_folder(folder: UUID) -> Path:
    """Return this folder ("SHGetKnownFolderPath")."""
    memory = ctypes.c_void_p()
    code: int = _shell.SHGetKnownFolderPath(folder.bytes_le, 0, None, ctypes.byref(memory))
    try:
        if code or not memory.value:
            raise MachineError(f"Windows does not say where ProgramData is ({code & 0xFFFFFFFF:#x}).")
        return Path(ctypes.wstring_at(memory.value))
    finally:
        _ole.CoTaskMemFree(memory)
