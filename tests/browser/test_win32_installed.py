"""An installed browser is refused unless this PC's registry holds what a counter's browser must obey."""

from __future__ import annotations

import sys

assert sys.platform == "win32"

import winreg
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import pytest

from guard.browser.managed.launch import BINARY
from guard.browser.managed.win32_installed import POLICY_KEY, forced_extensions, managed_here
from guard.browser.site import BrowserKind
from guard.errors import MachineError
from installer.windows.policy.companion import BROWSERS, EXTENSION, settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from installer.windows.policy.companion import Setting

MACHINE = "HKEY_LOCAL_MACHINE\\"
CHROME, EDGE = (key.removeprefix(MACHINE) for key in BROWSERS)
KINDS = {BrowserKind.CHROME: CHROME, BrowserKind.EDGE: EDGE}
PROGRAMS = {
    BrowserKind.CHROME: r"Google\Chrome\Application\chrome.exe",
    BrowserKind.EDGE: r"Microsoft\Edge\Application\msedge.exe",
}
TITLES = {BrowserKind.CHROME: "Google Chrome", BrowserKind.EDGE: "Microsoft Edge"}
ALL = winreg.KEY_ALL_ACCESS | winreg.KEY_WOW64_64KEY


@dataclass(frozen=True, slots=True)
class Registry:
    """The policies of both browsers in this PC's own registry."""

    @classmethod
    def of_companion(cls) -> Self:
        registry = cls()
        for setting in settings():
            if setting.key.startswith(BROWSERS):
                registry.lay_down(setting)
        return registry

    def lay_down(self, setting: Setting) -> None:
        self.set(setting.key.removeprefix(MACHINE), setting.name, setting.value)

    def set(self, key: str, name: str, value: int | str) -> None:
        kind = winreg.REG_DWORD if isinstance(value, int) else winreg.REG_SZ
        with winreg.CreateKeyEx(winreg.HKEY_LOCAL_MACHINE, key, 0, ALL) as opened:
            winreg.SetValueEx(opened, name, 0, kind, value)

    def remove(self, key: str, name: str) -> None:
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, key, 0, ALL) as opened:
            winreg.DeleteValue(opened, name)

    def clear(self) -> None:
        for key in (CHROME, EDGE):
            self._remove_tree(key)

    def _remove_tree(self, key: str) -> None:
        with suppress(FileNotFoundError):
            with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, key, 0, ALL) as opened:
                below = [winreg.EnumKey(opened, number) for number in range(winreg.QueryInfoKey(opened)[0])]
            for name in below:
                self._remove_tree(rf"{key}\{name}")
            winreg.DeleteKeyEx(winreg.HKEY_LOCAL_MACHINE, key, winreg.KEY_WOW64_64KEY)


@pytest.fixture
def registry() -> Iterator[Registry]:
    """Whoever runs the tests must be allowed to write there, and have no policies of their own."""
    for key in (CHROME, EDGE):
        with pytest.raises(FileNotFoundError):
            winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, key, 0, winreg.KEY_READ | winreg.KEY_WOW64_64KEY)
    registry = Registry()
    try:
        yield Registry.of_companion()
    finally:
        registry.clear()


@pytest.fixture(params=PROGRAMS, ids=str)
def kind(request: pytest.FixtureRequest) -> BrowserKind:
    assert isinstance(request.param, BrowserKind)
    return request.param


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The two folders for programs, empty."""
    for variable, name in (("PROGRAMFILES", "64"), ("PROGRAMFILES(X86)", "32")):
        monkeypatch.setenv(variable, str(tmp_path / name))
    return tmp_path


@pytest.fixture
def program(programs: Path, kind: BrowserKind) -> Path:
    path = programs / "64" / PROGRAMS[kind]
    path.parent.mkdir(parents=True)
    path.touch()
    return path


def refusal(kind: BrowserKind) -> str:
    with pytest.raises(MachineError) as refused:
        managed_here(kind)
    return refused.value.sentence


def test_a_browser_with_the_companions_policies_is_started(
    registry: Registry,  # noqa: ARG001 -- laid down
    kind: BrowserKind,
    program: Path,
) -> None:
    launch = managed_here(kind)
    assert launch.module == "guard.browser.managed.window"
    assert launch.environment == {BINARY: str(program), POLICY_KEY: KINDS[kind]}


def test_a_browser_for_32_bits_is_found_too(
    registry: Registry,  # noqa: ARG001 -- laid down
    kind: BrowserKind,
    program: Path,
    programs: Path,
) -> None:
    (programs / "64").rename(programs / "32")
    found = programs / "32" / program.relative_to(programs / "64")
    assert managed_here(kind).environment[BINARY] == str(found)


def test_a_missing_policy_is_named(registry: Registry, kind: BrowserKind, program: Path) -> None:
    assert program.is_file()
    registry.remove(KINDS[kind], "PasswordManagerEnabled")
    assert refusal(kind) == (
        f"{TITLES[kind]}'s machine policy PasswordManagerEnabled is not False; an administrator lays them"
        " down with companion.reg (docs/windows-policy.md)"
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SyncDisabled", 0),
        ("SyncDisabled", 2),
        ("SyncDisabled", "true"),
        ("BrowserSignin", 1),
        ("DnsOverHttpsMode", "automatic"),
        ("AuthSchemes", "basic"),
        ("RemoteDebuggingAllowed", 0),
    ],
)
def test_a_policy_that_says_otherwise_is_named(
    registry: Registry, kind: BrowserKind, program: Path, name: str, value: int | str
) -> None:
    assert program.is_file()
    registry.set(KINDS[kind], name, value)
    assert refusal(kind).startswith(f"{TITLES[kind]}'s machine policy {name} is not ")


@pytest.mark.parametrize("entry", ["5", "0"])
def test_a_list_with_more_in_it_is_named(
    registry: Registry, kind: BrowserKind, program: Path, entry: str
) -> None:
    assert program.is_file()
    registry.set(rf"{KINDS[kind]}\URLAllowlist", entry, "file://*")
    assert "policy URLAllowlist is not ['http://*', 'https://*', 'blob:*', 'data:*']" in refusal(kind)


def test_a_list_that_is_missing_is_named(registry: Registry, kind: BrowserKind, program: Path) -> None:
    assert program.is_file()
    registry.remove(rf"{KINDS[kind]}\URLBlocklist", "1")
    assert "policy URLBlocklist is not ['*']" in refusal(kind)


def test_a_list_counts_in_the_order_of_its_numbers(
    registry: Registry, kind: BrowserKind, program: Path
) -> None:
    key = rf"{KINDS[kind]}\URLAllowlist"
    registry.remove(key, "1")
    registry.set(key, "1", "http://*")  # where the registry keeps it is no matter
    assert managed_here(kind).environment[BINARY] == str(program)


def test_all_that_are_wrong_are_counted(registry: Registry, kind: BrowserKind, program: Path) -> None:
    assert program.is_file()
    registry.remove(KINDS[kind], "TranslateEnabled")
    registry.set(KINDS[kind], "AudioCaptureAllowed", 1)
    assert refusal(kind) == (
        f"{TITLES[kind]}'s machine policy AudioCaptureAllowed is not False (2 policies in all are not right);"
        " an administrator lays them down with companion.reg (docs/windows-policy.md)"
    )


def test_without_any_policy_all_are_counted(registry: Registry, kind: BrowserKind, program: Path) -> None:
    assert program.is_file()
    registry.clear()
    assert "policies in all are not right" in refusal(kind)


@pytest.mark.parametrize(
    ("below", "name", "value"),
    [
        ("", "ProxySettings", '{"ProxyMode": "direct"}'),
        ("", "ProxyMode", "direct"),
        ("", "ProxyServer", "proxy.example:8080"),
        ("", "ProxyPacUrl", "http://proxy.example/proxy.pac"),
        (r"\ProxySettings", "ProxyMode", "direct"),
    ],
)
def test_a_proxy_of_the_machines_own_is_refused(  # noqa: PLR0917 -- one policy, told in full
    registry: Registry, kind: BrowserKind, program: Path, below: str, name: str, value: str
) -> None:
    assert program.is_file()
    registry.set(KINDS[kind] + below, name, value)
    assert refusal(kind) == (
        f"{TITLES[kind]}'s machine policy sets a proxy, which would undo the portal's wall;"
        " remove it, and set [network] in guard.toml instead"
    )


def test_the_companions_extension_is_forced(registry: Registry, kind: BrowserKind) -> None:
    registry.set(rf"{KINDS[kind]}\ExtensionInstallForcelist", "2", "no id")
    registry.set(rf"{KINDS[kind]}\ExtensionInstallForcelist", "3", "a" * 32)
    assert forced_extensions(KINDS[kind]) == {EXTENSION.partition(";")[0], "a" * 32}


def test_no_extension_is_forced_where_no_policy_is(kind: BrowserKind) -> None:
    assert forced_extensions(KINDS[kind]) == frozenset()


def test_an_extension_is_forced_in_the_other_way_too(registry: Registry, kind: BrowserKind) -> None:
    one, two, three = "b" * 32, "c" * 32, "d" * 32
    policies = f'{{"{one}": {{"installation_mode": "normal_installed"}}, "*": {{}}, "{two}": 1}}'
    registry.set(KINDS[kind], "ExtensionSettings", policies)
    registry.set(rf"{KINDS[kind]}\ExtensionSettings\{three}", "installation_mode", "force_installed")
    registry.set(rf"{KINDS[kind]}\ExtensionSettings\{two}", "installation_mode", "blocked")
    assert forced_extensions(KINDS[kind]) == {EXTENSION.partition(";")[0], one, three}


def test_a_browser_that_is_not_there_is_named(
    registry: Registry,  # noqa: ARG001 -- laid down
    kind: BrowserKind,
    programs: Path,
) -> None:
    assert refusal(kind) == (
        f"{TITLES[kind]} is not installed: {PROGRAMS[kind]} is below none of"
        f" {programs / '64'}, {programs / '32'}; install it, or choose another [browser] kind"
    )


def test_chromium_is_not_for_windows() -> None:
    assert refusal(BrowserKind.CHROMIUM) == (
        '[browser] kind = "chromium" is not for Windows; allowed are chrome and edge'
    )
