"""What the MSI left on this PC, in a real registry and a real folder."""

from __future__ import annotations

import sys

assert sys.platform == "win32"

import os
import winreg
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from guard.ground.windows.installation import RegistryInstallation, installed_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

_KEY = r"SOFTWARE\MadoguchiGuardTest"


@pytest.fixture
def key() -> Iterator[winreg.HKEYType]:
    access = winreg.KEY_WRITE | winreg.KEY_WOW64_64KEY
    with winreg.CreateKeyEx(winreg.HKEY_LOCAL_MACHINE, _KEY, 0, access) as made:
        yield made
    winreg.DeleteKeyEx(winreg.HKEY_LOCAL_MACHINE, _KEY, winreg.KEY_WOW64_64KEY)


def test_site_language_and_browser_are_settings(key: winreg.HKEYType) -> None:
    winreg.SetValueEx(key, "Site", 0, winreg.REG_SZ, "etax")
    winreg.SetValueEx(key, "Language", 0, winreg.REG_SZ, "en")
    winreg.SetValueEx(key, "Browser", 0, winreg.REG_SZ, "edge")
    winreg.SetValueEx(key, "Account", 0, winreg.REG_SZ, "counter")
    found = RegistryInstallation(_KEY)
    assert found.values() == {
        ("portal", "site"): "etax",
        ("screens", "language"): "en",
        ("browser", "kind"): "edge",
    }
    assert found.place("portal") == rf"HKEY_LOCAL_MACHINE\{_KEY}"


def test_several_sites_stand_with_commas_between(key: winreg.HKEYType) -> None:
    winreg.SetValueEx(key, "Site", 0, winreg.REG_SZ, r"mynaportal-qr, C:\town.toml")
    assert RegistryInstallation(_KEY).values() == {("portal", "site"): ["mynaportal-qr", r"C:\town.toml"]}


def test_what_was_not_given_at_the_installation_is_no_setting(key: winreg.HKEYType) -> None:
    winreg.SetValueEx(key, "Version", 0, winreg.REG_SZ, "0.1.0")
    assert RegistryInstallation(_KEY).values() == {}


def test_without_an_installation_nothing_is_said() -> None:
    assert RegistryInstallation(r"SOFTWARE\MadoguchiGuardAbsent").values() == {}


def test_the_settings_lie_in_program_data(tmp_path: Path) -> None:
    assert installed_settings(tmp_path) is None
    file = tmp_path / "MadoguchiGuard" / "guard.toml"
    file.parent.mkdir()
    file.write_text("", encoding="utf-8")
    assert installed_settings(tmp_path) == file


def test_an_account_cannot_say_where_program_data_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Path(os.environ["PROGRAMDATA"]) / "MadoguchiGuard" / "guard.toml"
    planted = tmp_path / "MadoguchiGuard" / "guard.toml"
    planted.parent.mkdir()
    planted.write_text("", encoding="utf-8")
    monkeypatch.setenv("PROGRAMDATA", str(tmp_path))
    assert installed_settings() == (real if real.exists() else None)
