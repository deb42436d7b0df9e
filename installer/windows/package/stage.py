"""Lays out, in a folder, what becomes INSTALLDIR: python, packages, app and the command ``guard``."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from installer.windows.package.interpreter import APP, PACKAGES
from installer.windows.package.refusal import Refusal

# What wheels hold for developers only, as patterns below the packages' folder. bin holds launchers of the
# installer's making with this machine's paths; the rest the guard does not use.
_LEFT_OUT: Final = (
    "bin",
    "include",
    "share",
    "Scripts",
    "**/__pycache__",
    "**/*.pyi",
    "PyWin32.chm",
    "pythonwin",
    "adodbapi",
    "isapi",
    "win32com/demos",
    "win32/Demos",
    "win32/demos",
    "PySide6/doc",
    "PySide6/examples",
    "PySide6/glue",
    "PySide6/include",
    "PySide6/metatypes",
    "PySide6/qml",
    "PySide6/scripts",
    "PySide6/typesystems",
    "PySide6/*.lib",
    "PySide6/lib/*.lib",
    "**/uv_cache.json",
    ".lock",
)
MESSAGES: Final = "events.dll"
_COMMAND = '@"%~dp0python\\python.exe" -I -B -m guard %*\r\n'
_TOOLS_KEPT: Final = frozenset({"QtWebEngineProcess.exe"})


def stage_packages(source: Path, root: Path) -> None:
    """Copy the installed wheels without what only developers need, and put pywin32's DLLs beside python.exe.

    There Windows finds them for every module; pywin32 would otherwise want a script to run at installation.
    """
    packages = root / PACKAGES
    shutil.copytree(source, packages)
    for pattern in _LEFT_OUT:
        for path in sorted(packages.glob(pattern)):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
    for tool in packages.glob("PySide6/*.exe"):
        if tool.name not in _TOOLS_KEPT:
            tool.unlink()
    for library in sorted(packages.glob("pywin32_system32/*.dll")):
        shutil.copy(library, root / "python" / library.name)
    _drop_empty(packages)


def stage_app(checkout: Path, version: str, root: Path) -> None:
    """Copy the guard and its configuration as they lie in the checkout, and write the command ``guard``.

    Raises Refusal when the checkout is none.
    """
    app = root / APP
    if not (checkout / "guard" / "__main__.py").is_file():
        raise Refusal(f"{checkout} is no checkout of the guard")
    for name in ("guard", "config"):
        shutil.copytree(checkout / name, app / name, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
    shutil.copy(Path(__file__).parent / "remove_data.py", app)
    metadata = app / f"madoguchi_guard-{version}.dist-info" / "METADATA"
    metadata.parent.mkdir()
    text = f"Metadata-Version: 2.1\nName: madoguchi-guard\nVersion: {version}\n"
    metadata.write_bytes(text.encode("ascii"))
    shutil.copy(checkout / "LICENSE", root / "LICENSE.txt")
    (root / "guard.cmd").write_bytes(_COMMAND.encode("ascii"))
    _drop_empty(app)


def stage_messages(checkout: Path, root: Path) -> None:
    """Make the library with the event log's texts; to be called after `stage_app`. Raises Refusal."""
    done = subprocess.run(
        [sys.executable, "-m", "installer.windows.event_messages.build", root / MESSAGES],
        cwd=checkout,
        # The guard's version is written down there.
        env=os.environ | {"PYTHONPATH": str(root / APP)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Refusal(f"the event log's texts cannot be made: {done.stderr.strip().splitlines()[-1]}")


def stage_policy(checkout: Path, root: Path) -> None:
    """Copy the policy templates and the settings of Windows that go with the guard."""
    source = checkout / "installer" / "windows" / "policy"
    for pattern in ("*.admx", "*/*.adml", "*.reg"):
        for file in sorted(source.glob(pattern)):
            target = root / "policy" / file.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, target)


def _drop_empty(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()
