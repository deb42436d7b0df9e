"""The machine policy on Windows, in a real registry."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING

assert sys.platform == "win32"

import subprocess
import winreg

import pytest

from guard.errors import ConfigError, MachineError
from guard.ground import machine_policy
from guard.ground.windows.policy import KEY
from guard.settings.load import load, load_with_sources
from guard.settings.reading import Source
from guard.settings.schema import KEYS
from guard.settings.show import effective
from installer.windows.policy.admx import REGISTRY_KEY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

Value = int | str | list[str] | bytes
PLACE = rf"HKEY_LOCAL_MACHINE\{KEY}"
_64BIT = winreg.KEY_WOW64_64KEY


def delete(path: str) -> None:
    """Delete a key with all below it, if it is there."""
    with suppress(FileNotFoundError):
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, path, 0, winreg.KEY_READ | _64BIT) as key:
            names = [winreg.EnumKey(key, index) for index in range(winreg.QueryInfoKey(key)[0])]
        for name in names:
            delete(rf"{path}\{name}")
        winreg.DeleteKeyEx(winreg.HKEY_LOCAL_MACHINE, path, _64BIT)


class Template:
    """Writes what a policy template would write."""

    def set(self, section: str, name: str, kind: int, value: Value) -> None:
        path = rf"{KEY}\{section}" if section else KEY
        with winreg.CreateKeyEx(winreg.HKEY_LOCAL_MACHINE, path, 0, winreg.KEY_WRITE | _64BIT) as key:
            winreg.SetValueEx(key, name, 0, kind, value)


@pytest.fixture
def template() -> Iterator[Template]:
    assert machine_policy().values() == {}, "this PC has a policy, which this test must not touch"
    yield Template()
    delete(KEY)


@pytest.fixture
def home(tmp_path: Path) -> Mapping[str, str]:
    return {"LOCALAPPDATA": str(tmp_path)}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "guard.toml"
    path.write_text("[session]\nidle_seconds = 90\nhold_seconds = 30\n", encoding="locale")
    return path


def refusal(home: Mapping[str, str]) -> str:
    with pytest.raises(ConfigError) as refused:
        load(None, home)
    return refused.value.sentence


@pytest.mark.usefixtures("template")
def test_without_the_key_nothing_is_laid_down() -> None:
    assert machine_policy().values() == {}
    assert machine_policy().where == PLACE


def test_the_registry_wins_over_the_file_with_every_type_that_a_template_writes(
    template: Template, file: Path, home: Mapping[str, str], tmp_path: Path
) -> None:
    template.set("session", "idle_seconds", winreg.REG_DWORD, 120)
    template.set("session", "on_removal", winreg.REG_SZ, "hold")
    template.set("screens", "sound", winreg.REG_DWORD, 0)
    template.set("portal", "site", winreg.REG_MULTI_SZ, ["practice", "custom"])
    template.set("journal", "directory", winreg.REG_SZ, str(tmp_path / "記録"))
    settings = load(file, home)
    assert (settings.session.idle_seconds, settings.session.hold_seconds) == (120, 30)
    assert settings.session.on_removal.value == "hold"
    assert settings.screens.sound is False
    assert [site.key for site in settings.sites] == ["practice", "custom"]
    assert settings.journal.directory == tmp_path / "記録"
    shown = effective(load_with_sources(file, home))
    assert f"# machine policy: {PLACE}\n" in shown
    assert "idle_seconds = 120  # policy\n" in shown
    assert "hold_seconds = 30  # file\n" in shown
    assert "longest_minutes = 60  # default\n" in shown


def test_the_command_shows_what_the_policy_laid_down(template: Template, file: Path) -> None:
    template.set("session", "idle_seconds", winreg.REG_DWORD, 120)
    ended = subprocess.run(
        [sys.executable, "-m", "guard", "config", "show", "--config", str(file)],
        check=False,
        capture_output=True,
        encoding="locale",
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "idle_seconds = 120  # policy\n" in ended.stdout


def test_the_check_names_what_the_policy_laid_down_and_what_is_wrong_with_it(
    template: Template, file: Path
) -> None:
    check = [sys.executable, "-m", "guard", "config", "check", "--config", str(file)]
    template.set("session", "idle_seconds", winreg.REG_DWORD, 120)
    ended = subprocess.run(check, check=False, capture_output=True, encoding="locale")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert PLACE in ended.stdout
    assert "[session] idle_seconds" in ended.stdout
    template.set("session", "idle_seconds", winreg.REG_DWORD, 1)
    ended = subprocess.run(check, check=False, capture_output=True, encoding="locale")
    assert ended.returncode == 1
    assert ended.stderr.startswith(rf"guard: {PLACE}\session: [session] idle_seconds = 1 is refused;")


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (
            ("session", "idle_seconds", winreg.REG_DWORD, 29),
            "idle_seconds = 29 is refused; allowed is a whole",
        ),
        (("session", "idle_seconds", winreg.REG_DWORD, 0xFFFFFFFF), "idle_seconds = 4294967295 is refused;"),
        (
            ("session", "idle_seconds", winreg.REG_SZ, "60"),
            'idle_seconds = "60" is refused; allowed is a whole',
        ),
        (
            ("screens", "sound", winreg.REG_DWORD, 2),
            "sound = 2 is refused; allowed is 1 for yes or 0 for no.",
        ),
        (("portal", "site", winreg.REG_MULTI_SZ, []), "site = [] is refused"),
        (
            ("session", "hold_second", winreg.REG_DWORD, 5),
            '"hold_second" is unknown (did you mean "hold_seconds"?)',
        ),
        (("sesion", "hold_seconds", winreg.REG_DWORD, 5), '"sesion" is unknown (did you mean "session"?)'),
        (("", "hold_seconds", winreg.REG_DWORD, 5), '"hold_seconds" is unknown'),
        ((r"session\more", "x", winreg.REG_DWORD, 5), "is unknown"),
        (("session", "", winreg.REG_SZ, "x"), '"" is unknown'),
    ],
)
def test_what_is_not_understood_is_refused_with_the_key_it_stands_in(
    template: Template, home: Mapping[str, str], given: tuple[str, str, int, Value], named: str
) -> None:
    template.set(*given)
    section = given[0]
    sentence = refusal(home)
    assert sentence.startswith(rf"{PLACE}\{section}: " if section else f"{PLACE}: ")
    assert named in sentence
    assert len(sentence.splitlines()) == 1


@pytest.mark.parametrize(
    ("kind", "value", "named"),
    [
        (winreg.REG_BINARY, b"x", "REG_BINARY"),
        (winreg.REG_QWORD, 60, "REG_QWORD"),
        (winreg.REG_EXPAND_SZ, "%TEMP%", "REG_EXPAND_SZ"),
    ],
)
def test_a_type_that_no_template_writes_is_refused(
    template: Template, home: Mapping[str, str], kind: int, value: Value, named: str
) -> None:
    template.set("session", "idle_seconds", kind, value)
    with pytest.raises(MachineError) as refused:
        load(None, home)
    assert refused.value.sentence.startswith(
        rf"{PLACE}\session: idle_seconds is of type {named}, which is refused"
    )


def test_what_the_policy_template_writes_is_what_is_read(template: Template, home: Mapping[str, str]) -> None:
    """Every policy set to the default of its key: nothing is refused, and nothing differs."""
    assert REGISTRY_KEY.lower() == KEY.lower()
    for key in KEYS:
        match key.default:
            case bool() | int() as value:
                template.set(key.section, key.name, winreg.REG_DWORD, int(value))
            case str() as value:
                template.set(key.section, key.name, winreg.REG_SZ, str(value))
            case tuple() as value:
                template.set(key.section, key.name, winreg.REG_MULTI_SZ, [str(each) for each in value])
            case value:
                pytest.fail(f"{key.title} = {value!r}")
    loaded = load_with_sources(None, home)
    assert {loaded.main.source(key) for key in KEYS} == {Source.POLICY}
    delete(KEY)
    assert loaded.settings == load(None, home)


def test_a_registry_has_no_case(template: Template, home: Mapping[str, str]) -> None:
    template.set("Session", "Idle_Seconds", winreg.REG_DWORD, 120)
    assert load(None, home).session.idle_seconds == 120


def test_what_a_32_bit_program_lays_down_holds_too(template: Template, home: Mapping[str, str]) -> None:
    template.set("session", "idle_seconds", winreg.REG_DWORD, 120)
    other = winreg.KEY_WRITE | winreg.KEY_WOW64_32KEY
    with winreg.CreateKeyEx(winreg.HKEY_LOCAL_MACHINE, rf"{KEY}\session", 0, other) as key:
        winreg.SetValueEx(key, "hold_seconds", 0, winreg.REG_DWORD, 5)
    session = load(None, home).session
    assert (session.idle_seconds, session.hold_seconds) == (120, 5)
