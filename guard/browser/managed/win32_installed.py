r"""Where Windows keeps its browsers and their policies, and whether the policies are laid down.

Sources: the documents "Chrome Browser policies on Windows" and "Microsoft Edge policies": values below
SOFTWARE\Policies of HKEY_LOCAL_MACHINE, a list being a key of its own with numbered values.
"""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if sys.platform != "win32":
    raise ImportError("this is Windows' part")

import winreg

from guard.browser.capsule import Launch
from guard.browser.managed.launch import BINARY
from guard.browser.managed.policy import FIXED, NOT_FOR_THE_WHOLE_PC
from guard.browser.site import BrowserKind
from guard.errors import MachineError

if TYPE_CHECKING:
    from collections.abc import Iterator

POLICY_KEY: Final = "MADOGUCHI_POLICY_KEY"
"""Environment variable inside the container: where in the registry that browser's policies are."""
_ID: Final = re.compile(r"[a-p]{32}")


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
        if (
            _value(self.policies, "ProxySettings") is not None
            or _value(self.policies, "ProxyMode") is not None
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
    """Return the ids that the policies of this key force."""
    entries = (str(entry).partition(";")[0] for entry in _list(rf"{policies}\ExtensionInstallForcelist"))
    return frozenset(entry for entry in entries if _ID.fullmatch(entry))


def _found(key: str, name: str, like: object) -> object:
    """Return the policy's value as JSON would hold one like that; None when there is none."""
    if isinstance(like, list):
        return list(_list(rf"{key}\{name}"))
    value = _value(key, name)
    return bool(value) if isinstance(like, bool) and value in {0, 1} else value


def _value(key: str, name: str) -> object:
    try:
        with winreg.OpenKey(
            winreg.HKEY_LOCAL_MACHINE, key, 0, winreg.KEY_READ | winreg.KEY_WOW64_64KEY
        ) as opened:
            value: object = winreg.QueryValueEx(opened, name)[0]
    except OSError:
        return None
    return value


def _list(key: str) -> Iterator[object]:
    try:
        opened = winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, key, 0, winreg.KEY_READ | winreg.KEY_WOW64_64KEY)
    except OSError:
        return
    with opened:
        for number in range(winreg.QueryInfoKey(opened)[1]):
            yield winreg.EnumValue(opened, number)[1]
