"""The companion file, as Windows' own registry editor imports it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

assert sys.platform == "win32"

import subprocess
import winreg

from installer.windows.policy.companion import registry_file, settings

if TYPE_CHECKING:
    from pathlib import Path

ELSEWHERE = r"Software\MadoguchiGuardTest"
"""Below HKEY_CURRENT_USER: a test must not change the PC that it runs on."""


def delete(path: str) -> None:
    with winreg.OpenKey(winreg.HKEY_CURRENT_USER, path) as key:
        names = [winreg.EnumKey(key, index) for index in range(winreg.QueryInfoKey(key)[0])]
    for name in names:
        delete(rf"{path}\{name}")
    winreg.DeleteKey(winreg.HKEY_CURRENT_USER, path)


def test_the_registry_editor_takes_over_every_value(tmp_path: Path) -> None:
    moved = registry_file().decode("utf-16").replace("HKEY_LOCAL_MACHINE", rf"HKEY_CURRENT_USER\{ELSEWHERE}")
    file = tmp_path / "companion.reg"
    file.write_bytes(b"\xff\xfe" + moved.encode("utf-16-le"))
    subprocess.run(["regedit.exe", "/S", str(file)], check=True)
    try:
        for one in settings():
            path = one.key.replace("HKEY_LOCAL_MACHINE", ELSEWHERE)
            with winreg.OpenKey(winreg.HKEY_CURRENT_USER, path) as key:
                kind = winreg.REG_DWORD if isinstance(one.value, int) else winreg.REG_SZ
                assert winreg.QueryValueEx(key, one.name) == (one.value, kind)
    finally:
        delete(ELSEWHERE)
