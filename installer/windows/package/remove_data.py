r"""Remove what outlives an installation: msiexec /x … REMOVEDATA=1 runs it before the files go.

That is the settings in %ProgramData%\MadoguchiGuard, and in each account's profile
AppData\Local\MadoguchiGuard with journal, staff book and keyring folder. An entry in an account's Credential
Manager stays: only that account can remove it, and without the files it opens nothing. Standard library only:
nothing of the guard has to be whole.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

NAME: Final = "MadoguchiGuard"


def folders(program_data: Path, profiles: Iterable[Path]) -> list[Path]:
    """Return the folders that are there; none that is a link or lies behind one."""
    wanted = [program_data / NAME, *(profile / "AppData" / "Local" / NAME for profile in profiles)]
    return [folder for folder in wanted if folder.is_dir() and folder.resolve() == folder.absolute()]


def remove(found: Iterable[Path]) -> bool:
    """Remove these folders whole; links in them go, what they lead to stays. Tell whether all are gone."""
    gone = True
    for folder in found:
        shutil.rmtree(folder, ignore_errors=True)
        gone = gone and not folder.exists()
    return gone


def main() -> int:
    """Remove; return 1 when something is left."""
    if sys.platform != "win32":
        return 1
    import winreg  # noqa: PLC0415 -- exists there only

    # "ProfileList": one key an account, with the place of its profile
    path = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList"
    with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, path) as key:
        program_data = _text(winreg.QueryValueEx(key, "ProgramData")[0])
        profiles = list[Path]()
        for number in range(winreg.QueryInfoKey(key)[0]):
            with winreg.OpenKey(key, winreg.EnumKey(key, number)) as account:
                try:
                    profiles.append(_text(winreg.QueryValueEx(account, "ProfileImagePath")[0]))
                except FileNotFoundError:  # an account that has never logged in
                    continue
    return 0 if remove(folders(program_data, profiles)) else 1


def _text(value: object) -> Path:
    """Return the path in a REG_EXPAND_SZ."""
    if sys.platform != "win32":
        raise NotImplementedError
    import winreg  # noqa: PLC0415 -- exists there only

    return Path(winreg.ExpandEnvironmentStrings(str(value)))


if __name__ == "__main__":
    sys.exit(main())
