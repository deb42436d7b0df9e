r"""Where Windows keeps its browsers and their policies, and whether the policies are laid down.

Sources: the documents "Chrome Browser policies on Windows" and "Microsoft Edge policies": values below
SOFTWARE\Policies of HKEY_LOCAL_MACHINE, a list being a key of its own with numbered values.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

if sys.platform != "win32":
    raise ImportError("this is Windows' part")

import winreg

from guard.browser.capsule import Launch
from guard.browser.managed.forced import forced_by
from guard.browser.managed.launch import BINARY
from guard.browser.managed.policy import FIXED, NOT_FOR_THE_WHOLE_PC
from guard.browser.site import BrowserKind
from guard.errors import MachineError

POLICY_KEY: Final = "MADOGUCHI_POLICY_KEY"
"""Environment variable inside the container: where in the registry that browser's policies are."""
_PROXY: Final = ("ProxySettings", "ProxyMode", "ProxyServerMode", "ProxyServer", "ProxyPacUrl")
"""Policies, and so stronger than the switches by which a wall is built."""
_MACHINE, _ACCOUNT = winreg.HKEY_LOCAL_MACHINE, winreg.HKEY_CURRENT_USER
_MODE: Final = "installation_mode"
_READ: Final = winreg.KEY_READ | winreg.KEY_WOW64_64KEY


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowsBrowser:
    """One browser, as its installer lays it down."""

    title: str
    program: str
    """Below one of the two folders for programs."""
    policies: str

    def binary(self) -> Path:
        """Return where its program is; raises MachineError when it is nowhere."""
        homes = [os.environ[name] for name in ("PROGRAMFILES", "PROGRAMFILES(X86)") if name in os.environ]
        for home in homes:
            if (path := Path(home) / self.program).is_file():
                return path
        raise MachineError(
            f"{self.title} is not installed: {self.program} is below none of {', '.join(homes)}; install it, "
            "or choose another [browser] kind"
        )

    def check_policies(self) -> None:
        """Raise MachineError when this PC's policies are not what a counter's browser must obey."""
        wanted = {name: value for name, value in FIXED.items() if name not in NOT_FOR_THE_WHOLE_PC}
        wrong = sorted(name for name, value in wanted.items() if _found(self.policies, name, value) != value)
        if wrong:
            raise MachineError(
                f"{self.title}'s machine policy {wrong[0]} is not {wanted[wrong[0]]!r}"
                f"{f' ({len(wrong)} policies in all are not right)' if len(wrong) > 1 else ''}; an"
                " administrator lays them down with companion.reg (docs/windows-policy.md)"
            )
        if any(
            _value(self.policies, name, hive) is not None or _is_there(rf"{self.policies}\{name}", hive)
            for name in _PROXY
            for hive in (_MACHINE, _ACCOUNT)
        ):
            raise MachineError(
                f"{self.title}'s machine policy sets a proxy, which would undo the portal's wall;"
                " remove it, and set [network] in guard.toml instead"
            )


_KNOWN: Final = {
    BrowserKind.CHROME: WindowsBrowser(
        title="Google Chrome",
        program=r"Google\Chrome\Application\chrome.exe",
        policies=r"SOFTWARE\Policies\Google\Chrome",
    ),
    BrowserKind.EDGE: WindowsBrowser(
        title="Microsoft Edge",
        program=r"Microsoft\Edge\Application\msedge.exe",
        policies=r"SOFTWARE\Policies\Microsoft\Edge",
    ),
}


def managed_here(kind: BrowserKind) -> Launch:
    """Return how it is started; raises MachineError when this PC has none, or its policies are not right."""
    found = _KNOWN.get(kind)
    if found is None:
        raise MachineError(f'[browser] kind = "{kind.value}" is not for Windows; allowed are chrome and edge')
    binary = found.binary()
    found.check_policies()
    return Launch(
        module="guard.browser.managed.window",
        environment={BINARY: os.fspath(binary), POLICY_KEY: found.policies},
    )


def forced_extensions(policies: str) -> frozenset[str]:
    """Return the ids that the policies of this key force, in either of the two ways to say so.

    ExtensionSettings is one text of JSON, or a key with a key below for each extension.
    """
    whole: object = None
    with suppress(ValueError, RecursionError):
        whole = json.loads(str(_value(policies, "ExtensionSettings")))
    key = rf"{policies}\ExtensionSettings"
    below = {name: {_MODE: _value(rf"{key}\{name}", _MODE)} for name in _keys(key)}
    policy: dict[str, object] = {
        "ExtensionInstallForcelist": _list(rf"{policies}\ExtensionInstallForcelist"),
        "ExtensionSettings": {**(whole if isinstance(whole, dict) else {}), **below},
    }
    return frozenset(forced_by(policy))


def _found(key: str, name: str, like: object) -> object:
    """Return the policy's value as JSON would hold one like that; None when there is none."""
    if isinstance(like, list):
        return _list(rf"{key}\{name}")
    value = _value(key, name)
    return bool(value) if isinstance(like, bool) and isinstance(value, int) and value in {0, 1} else value


def _value(key: str, name: str, hive: int = _MACHINE) -> object:
    try:
        with winreg.OpenKey(hive, key, 0, _READ) as opened:
            value: object = winreg.QueryValueEx(opened, name)[0]
    except OSError:
        return None
    return value


def _is_there(key: str, hive: int) -> bool:
    try:
        winreg.OpenKey(hive, key, 0, _READ).Close()
    except OSError:
        return False
    return True


def _list(key: str) -> list[object]:
    """Return a list's entries, in the order of their names."""
    try:
        with winreg.OpenKey(_MACHINE, key, 0, _READ) as opened:
            entries = [winreg.EnumValue(opened, number) for number in range(winreg.QueryInfoKey(opened)[1])]
    except OSError:
        return []
    return [value for _, value, _ in sorted(entries, key=lambda entry: entry[0])]


def _keys(key: str) -> list[str]:
    """Return the names of the keys right below."""
    try:
        with winreg.OpenKey(_MACHINE, key, 0, _READ) as opened:
            return [winreg.EnumKey(opened, number) for number in range(winreg.QueryInfoKey(opened)[0])]
    except OSError:
        return []
