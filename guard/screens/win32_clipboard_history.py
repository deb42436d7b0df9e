r"""What Windows keeps of the clipboard beside the clipboard: its history (Windows+V), and other devices.

An emptied clipboard does not empty them, and no call that a program in the background may make is sure to:
pinned entries survive clearing. So whoever wants to say that nothing is kept must have forbidden both. What
is not set is not known: then it keeps.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if sys.platform != "win32":
    raise ImportError("this is Windows' part")

import winreg

if TYPE_CHECKING:
    from collections.abc import Sequence

_OFF: Final = 0
_POLICIES: Final = r"SOFTWARE\Policies\Microsoft\Windows\System"
"""Below HKEY_LOCAL_MACHINE (Policy CSP - Experience and Privacy); only administrators can write there."""
_OWN: Final = r"Software\Microsoft\Clipboard"
"""Below HKEY_CURRENT_USER: what Settings, System, Clipboard writes for the account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeper:
    """One way in which a copied text outlives the clipboard."""

    policy: str
    """The policy's value; 0 forbids it."""
    own: str
    """The account's own setting; 0 turns it off."""

    def is_forbidden(self) -> bool:
        """Tell whether the PC's policy forbids it, which nobody at the counter can undo."""
        return _value(winreg.HKEY_LOCAL_MACHINE, _POLICIES, self.policy) == _OFF

    def keeps(self) -> bool:
        """Tell whether it may keep something: neither the policy nor the account has turned it off."""
        return not self.is_forbidden() and _value(winreg.HKEY_CURRENT_USER, _OWN, self.own) != _OFF


HISTORY: Final = Keeper(policy="AllowClipboardHistory", own="EnableClipboardHistory")
OTHER_DEVICES: Final = Keeper(policy="AllowCrossDeviceClipboard", own="EnableCloudClipboard")
KEEPERS: Final[Sequence[Keeper]] = (HISTORY, OTHER_DEVICES)


def keeps_nothing() -> bool:
    """Tell whether nothing is kept of what once lay on the clipboard; it is asked anew each time."""
    return not any(keeper.keeps() for keeper in KEEPERS)


def not_forbidden() -> tuple[str, ...]:
    """Return the policies that are missing on this PC (for ``guard doctor``), none if all is well."""
    return tuple(keeper.policy for keeper in KEEPERS if not keeper.is_forbidden())


def _value(hive: int, path: str, name: str) -> object:
    """Return the value, or None where it is not there, cannot be read or is no REG_DWORD."""
    try:
        # The 64-bit view, which Windows itself reads, whatever this interpreter is.
        with winreg.OpenKey(hive, path, 0, winreg.KEY_QUERY_VALUE | winreg.KEY_WOW64_64KEY) as key:
            value, kind = winreg.QueryValueEx(key, name)
    except OSError:
        return None
    return value if kind == winreg.REG_DWORD else None
