r"""What outlives every version: the settings in %ProgramData%\MadoguchiGuard, and each account's own files.

Theory of operation
===================

The folder's components are permanent: removing the product leaves them. guard.toml comes from the folder
CONFIG if the command line names one, with the site profiles beside it, and else is the shipped one, all
comments. If there is a guard.toml already, neither happens: an upgrade, a repair or an installation after a
removal never changes settings. A CONFIG without guard.toml is refused, for the guard would run with the
defaults then.

The journal lies in the account's %LOCALAPPDATA%\MadoguchiGuard (`guard.ground`), which is left alone unless
REMOVEDATA=1 says otherwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from installer.windows.package.names import ShortNames
from installer.windows.package.tree import Component

if TYPE_CHECKING:
    from pathlib import Path

    from installer.windows.package.rows import Rows

CONFIGDIR: Final = "CONFIGDIR"
_FOLDER = "[CommonAppDataFolder]MadoguchiGuard"
_PERMANENT, _NEVER_OVERWRITE = 16, 128  # msidbComponentAttributes
_COMPRESSED = 16384  # msidbFileAttributesCompressed
_COPY = 0  # MoveFile.Options
_SHIPPED_KEY = "guard.toml"
# Administrators and the system write here; everybody reads. What %ProgramData% hands down would let every
# account put files beside the settings.
_READ_ONLY = "D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x1200a9;;;BU)"
# While the interpreter is there: before RemoveFiles.
_REMOVE = r'"[PYTHONDIR]python.exe" -I -B "[INSTALLDIR]app\remove_data.py"'
_BEFORE_REMOVE_FILES = 3450
# A program by its command line, in a directory (34); in the script (1024), as the system (2048), whatever it
# returns (64).
_AS_SYSTEM = 34 | 1024 | 2048 | 64


def add_data(rows: Rows, shipped: Path, sequence: int) -> tuple[str, Path]:
    """Add the folder and its guard.toml, the file number ``sequence``; return that file by its key."""
    names = ShortNames()
    rows.add("Directory", "CommonAppDataFolder", "TARGETDIR", ".")
    rows.add("Directory", CONFIGDIR, "CommonAppDataFolder", names.filename("MadoguchiGuard"))
    rows.add("Directory", "System64Folder", "TARGETDIR", ".")
    _add_search(rows)
    Component("Data", CONFIGDIR, attributes=_PERMANENT).add(rows)
    rows.add("CreateFolder", CONFIGDIR, "Data")
    rows.add("MsiLockPermissionsEx", "Data", CONFIGDIR, "CreateFolder", _READ_ONLY, None)
    Component(
        "ShippedConfig",
        CONFIGDIR,
        key=_SHIPPED_KEY,
        attributes=_PERMANENT | _NEVER_OVERWRITE,
        condition="NOT GIVENCONFIG OR KEPTCONFIG",
    ).add(rows)
    rows.add(
        "File",
        _SHIPPED_KEY,
        "ShippedConfig",
        ShortNames().filename("guard.toml"),
        shipped.stat().st_size,
        None,
        None,
        _COMPRESSED,
        sequence,
    )
    Component(
        "GivenConfig", CONFIGDIR, attributes=_PERMANENT, condition="GIVENCONFIG AND NOT KEPTCONFIG"
    ).add(rows)
    rows.add("CreateFolder", CONFIGDIR, "GivenConfig")
    rows.add("MoveFile", "GivenConfig", "GivenConfig", "*.toml", None, "CONFIG", CONFIGDIR, _COPY)
    wanted = 'REMOVE="ALL" AND REMOVEDATA="1" AND NOT UPGRADINGPRODUCTCODE'
    rows.add("CustomAction", "RemoveData", _AS_SYSTEM, "System64Folder", _REMOVE)
    rows.add("InstallExecuteSequence", "RemoveData", wanted, _BEFORE_REMOVE_FILES)
    return _SHIPPED_KEY, shipped


def _add_search(rows: Rows) -> None:
    for name, folder in (("KEPTCONFIG", _FOLDER), ("GIVENCONFIG", "[CONFIG]")):
        rows.add("Signature", name, "guard.toml", None, None, None, None, None, None, None)
        rows.add("DrLocator", name, None, folder, 0)
        rows.add("AppSearch", name, name)
    rows.add(
        "LaunchCondition",
        "Installed OR NOT CONFIG OR GIVENCONFIG",
        "CONFIG must name a folder, by its full path, that holds guard.toml. / "
        "CONFIG には、guard.toml の入ったフォルダーを、フルパスで書いてください。",
    )
