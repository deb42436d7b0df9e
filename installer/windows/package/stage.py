"""Lays out, in a folder, what becomes INSTALLDIR: python, packages, app and the command ``guard``."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

from installer.windows.package.interpreter import APP, PACKAGES
from installer.windows.package.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

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
_COMMAND = '@"%~dp0python\\python.exe" -I -m guard %*\r\n'
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


def stage_app(checkout: Path, version: str, root: Path, *, extra: Sequence[Path] = ()) -> None:
    """Copy the guard and its configuration as they lie in the checkout, and write the command ``guard``.

    ``extra`` are files for the app's folder. Raises Refusal when the checkout is none.
    """
    app = root / APP
    if not (checkout / "guard" / "__main__.py").is_file():
        raise Refusal(f"{checkout} is no checkout of the guard")
    for name in ("guard", "config"):
        shutil.copytree(checkout / name, app / name, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
    for file in (Path(__file__).parent / "remove_data.py", *extra):
        shutil.copy(file, app / file.name)
    metadata = app / f"madoguchi_guard-{version}.dist-info" / "METADATA"
    metadata.parent.mkdir()
    text = f"Metadata-Version: 2.1\nName: madoguchi-guard\nVersion: {version}\n"
    metadata.write_bytes(text.encode("ascii"))
    shutil.copy(checkout / "LICENSE", root / "LICENSE.txt")
    (root / "guard.cmd").write_bytes(_COMMAND.encode("ascii"))
    _drop_empty(app)


def _drop_empty(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()
