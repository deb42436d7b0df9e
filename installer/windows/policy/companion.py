"""What else a counter's Windows should be told, as a file that regedit imports. Pure.

Each value, why it is there and which page of its maker describes it stands in docs/windows-policy.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from guard.browser.managed.policy import FIXED, NOT_FOR_THE_WHOLE_PC

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_POLICIES: Final = r"HKEY_LOCAL_MACHINE\SOFTWARE\Policies"
_CONTROL: Final = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control"
_WINDOWS: Final = rf"{_POLICIES}\Microsoft\Windows"
BROWSERS: Final = (rf"{_POLICIES}\Google\Chrome", rf"{_POLICIES}\Microsoft\Edge")
EXTENSION: Final = "fjjibalalngebiaophebgkkohaaggphf;https://clients2.google.com/service/update2/crx"
"""The portal's official extension, and where browsers get it (config/sites/mynaportal.toml)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One value: a number is a REG_DWORD, a text a REG_SZ."""

    key: str
    name: str
    value: int | str


_SYSTEM: Final = (
    Setting(key=rf"{_WINDOWS}\System", name="AllowClipboardHistory", value=0),
    Setting(key=rf"{_WINDOWS}\System", name="AllowCrossDeviceClipboard", value=0),
    Setting(key=rf"{_WINDOWS}\System", name="EnableActivityFeed", value=0),
    Setting(key=rf"{_WINDOWS}\System", name="PublishUserActivities", value=0),
    Setting(key=rf"{_WINDOWS}\System", name="UploadUserActivities", value=0),
    Setting(key=rf"{_WINDOWS}\WindowsAI", name="AllowRecallEnablement", value=0),
    Setting(key=rf"{_WINDOWS}\WindowsAI", name="DisableAIDataAnalysis", value=1),
    Setting(key=rf"{_WINDOWS}\Explorer", name="DisableNotificationCenter", value=1),
    Setting(key=rf"{_WINDOWS}\EdgeUI", name="AllowEdgeSwipe", value=0),
    Setting(key=rf"{_WINDOWS}\Windows Error Reporting", name="Disabled", value=1),
    Setting(key=rf"{_WINDOWS}\Windows Error Reporting", name="DontShowUI", value=1),
    Setting(key=rf"{_CONTROL}\CrashControl", name="CrashDumpEnabled", value=0),
    Setting(key=rf"{_CONTROL}\Power", name="HibernateEnabled", value=0),
    Setting(key=rf"{_CONTROL}\Session Manager\Memory Management", name="ClearPageFileAtShutdown", value=1),
)
_EDGE_ALONE: Final[Mapping[str, object]] = {
    "DiagnosticData": 0,
    "HideFirstRunExperience": True,
    "HubsSidebarEnabled": False,
    "StartupBoostEnabled": False,
}


def settings() -> tuple[Setting, ...]:
    """Return all of them, in the order in which they are written."""
    browser = {name: value for name, value in FIXED.items() if name not in NOT_FOR_THE_WHOLE_PC}
    browser["ExtensionInstallForcelist"] = [EXTENSION]
    chrome, edge = BROWSERS
    return (
        *_SYSTEM,
        *_browser(chrome, browser),
        *_browser(edge, {**browser, **_EDGE_ALONE}),
    )


def registry_file() -> bytes:
    """Return the file as regedit itself writes one: UTF-16 with a byte order mark, lines ending in CR LF."""
    lines = ["Windows Registry Editor Version 5.00"]
    at = ""
    for setting in settings():
        if setting.key != at:
            at = setting.key
            lines += ["", f"[{at}]"]
        lines.append(f"{_quoted(setting.name)}={_data(setting.value)}")
    return "\ufeff".encode("utf-16-le") + "".join(f"{line}\r\n" for line in [*lines, ""]).encode("utf-16-le")


def _browser(key: str, policies: Mapping[str, object]) -> Iterator[Setting]:
    """Yield these policies as Chrome and Edge read them: a list is a key of its own with numbered entries.

    Raises TypeError for a value that a registry cannot hold.
    """
    lists = dict[str, list[str]]()
    for name in sorted(policies):
        match policies[name]:
            case bool() | int() as value:
                yield Setting(key=key, name=name, value=int(value))
            case str() as value:
                yield Setting(key=key, name=name, value=value)
            case list() as entries:
                lists[name] = [str(entry) for entry in entries]
            case value:
                raise TypeError(f"{name} = {value!r}")
    for name, entries in lists.items():
        for number, entry in enumerate(entries, 1):
            yield Setting(key=rf"{key}\{name}", name=str(number), value=entry)


def _data(value: int | str) -> str:
    return f"dword:{value:08x}" if isinstance(value, int) else _quoted(value)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
