"""What the product tells Windows: the service, the event source, the values, the Start menu, the command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from installer.windows.package.names import ShortNames
from installer.windows.package.product import KEPT, KEY, MAKER, NAME
from installer.windows.package.stage import MESSAGES
from installer.windows.package.tree import INSTALLDIR, PYTHON, Component

if TYPE_CHECKING:
    from installer.windows.package.rows import Rows

SERVICE: Final = "MadoguchiGuardKeeper"
SOURCE: Final = "MadoguchiGuard"
"""The event source of the Application log."""
_HKLM = 2  # msidbRegistryRoot
_REGISTRY_KEY_PATH = 4  # msidbComponentAttributesRegistryKeyPath
_OWN_PROCESS, _AUTOMATIC, _NORMAL, _VITAL = 0x10, 2, 1, 0x8000  # ServiceInstall
_STOP, _UNINSTALL_STOP, _UNINSTALL_DELETE = 2, 32, 128  # msidbServiceControlEvent
# A program by its command line, in a directory (34); in the script (1024), as the system (2048), whatever it
# returns (64).
_AS_SYSTEM = 34 | 1024 | 2048 | 64
# Every browser, curtain and check of a PIN is a new process, and the counter's account may not keep what
# Python compiles. All of it here, and nothing later (-B wherever the product starts Python): what comes while
# the files are removed would stay. By hash, not by time and size, as on Linux (installer/prepare.sh). The dot
# keeps the folder's last \ away from the quote.
_COMPILE = '"[PYTHONDIR]python.exe" -I -B -m compileall -q --invalidation-mode checked-hash "[INSTALLDIR]."'
# Before StopServices, which waits for 30 s at most: the keeper gives the guard longer (guard.keeper.watch).
_STOP_KEEPER = '"[PYTHONDIR]python.exe" -I -B -m guard.keeper stop'
_BEFORE_STOP_SERVICES = 1890
# Seconds after which failures are forgotten, and what to do after the first, the second and each later one,
# with ms (SERVICE_FAILURE_ACTIONS).
_RECOVERY = "reset= 3600 actions= restart/1000/restart/1000/restart/5000"


def add_machine(rows: Rows, version: str) -> None:
    """Add all of it."""
    _add_service(rows)
    _add_registry(rows, version)
    _add_menu(rows)
    rows.add("CustomAction", "Compile", _AS_SYSTEM, "System64Folder", _COMPILE)
    rows.add("InstallExecuteSequence", "Compile", 'NOT REMOVE="ALL"', 4050)
    _keyed("Command", "PathKey").add(rows)
    rows.add("Registry", "PathKey", _HKLM, KEY, "Command", "[INSTALLDIR]guard.cmd", "Command")
    # = set, - remove when uninstalled, * of the machine; [~] what was there
    rows.add("Environment", "Path", "=-*PATH", "[~];[INSTALLDIR]", "Command")


def _add_service(rows: Rows) -> None:
    rows.add(
        "ServiceInstall",
        SERVICE,
        SERVICE,
        f"{NAME} Keeper",
        _OWN_PROCESS,
        _AUTOMATIC,
        _NORMAL | _VITAL,
        None,
        None,
        None,
        None,
        "-I -B -m guard.keeper service",
        PYTHON,
        "窓口ガードを始め、止まったら始めなおします。 / Starts the guard and starts it again.",
    )
    # Stopped and waited for, so that no file is in use: by ourselves first, as long as it takes. It is not
    # started here: for Windows Installer a service that does not start in time, on a PC that is busy, undoes
    # the whole installation.
    stop = _STOP | _UNINSTALL_STOP | _UNINSTALL_DELETE
    rows.add("ServiceControl", "KeeperStops", SERVICE, stop, None, 1, PYTHON)
    rows.add("CustomAction", "KeeperEnds", _AS_SYSTEM, "System64Folder", _STOP_KEEPER)
    rows.add("InstallExecuteSequence", "KeeperEnds", "Installed", _BEFORE_STOP_SERVICES)
    for action, command, sequence in (
        ("KeeperRecovers", f"failure {SERVICE} {_RECOVERY}", 5850),
        ("KeeperStarts", f"start {SERVICE}", 5900),
    ):
        rows.add("CustomAction", action, _AS_SYSTEM, "System64Folder", f'"[System64Folder]sc.exe" {command}')
        rows.add("InstallExecuteSequence", action, 'NOT REMOVE="ALL"', sequence)


def _add_registry(rows: Rows, version: str) -> None:
    _keyed("Values", "Version").add(rows)
    rows.add("Registry", "Version", _HKLM, KEY, "Version", version, "Values")
    rows.add("Registry", "InstallDir", _HKLM, KEY, "InstallDir", "[INSTALLDIR]", "Values")
    for name, value in KEPT.items():
        _keyed(f"Value{value}", f"Value{value}", condition=name).add(rows)
        rows.add("Registry", f"Value{value}", _HKLM, KEY, value, f"[{name}]", f"Value{value}")
    log = rf"SYSTEM\CurrentControlSet\Services\EventLog\Application\{SOURCE}"
    _keyed("EventSource", "EventMessages").add(rows)
    rows.add(
        "Registry",
        "EventMessages",
        _HKLM,
        log,
        "EventMessageFile",
        f"#%[INSTALLDIR]{MESSAGES}",
        "EventSource",
    )
    # EVENTLOG_ERROR_TYPE | EVENTLOG_WARNING_TYPE | EVENTLOG_INFORMATION_TYPE
    rows.add("Registry", "EventTypes", _HKLM, log, "TypesSupported", "#7", "EventSource")


def _add_menu(rows: Rows) -> None:
    names = ShortNames()
    rows.add("Directory", "ProgramMenuFolder", "TARGETDIR", ".")
    rows.add("Directory", "MENUDIR", "ProgramMenuFolder", ShortNames().filename("窓口ガード Madoguchi Guard"))
    _keyed("Menu", "MenuKey", directory="MENUDIR").add(rows)
    rows.add("Registry", "MenuKey", _HKLM, KEY, "Menu", MAKER, "Menu")
    rows.add("RemoveFile", "Menu", "Menu", None, "MENUDIR", 2)
    for key, name, command, about in (
        ("MenuDoctor", "点検 Doctor", "doctor", "このPCに足りないものと、直し方 / What this PC lacks"),
        (
            "MenuPractice",
            "練習 Practice",
            r'run --config "[INSTALLDIR]app\config\guard.toml"',
            "練習用のポータルで練習 / Practice with the practice portal",
        ),
    ):
        rows.add(
            "Shortcut",
            key,
            "MENUDIR",
            names.filename(name),
            "Menu",
            "[System64Folder]cmd.exe",
            # cmd takes the outer quotes off and stays open.
            f'/d /k ""[INSTALLDIR]guard.cmd" {command}"',
            about,
            None,
            None,
            None,
            None,
            "PYTHONDIR",
        )


def _keyed(name: str, key: str, *, directory: str = INSTALLDIR, condition: str | None = None) -> Component:
    """Return a component whose key is the registry row ``key``."""
    return Component(name, directory, key=key, attributes=_REGISTRY_KEY_PATH, condition=condition)
