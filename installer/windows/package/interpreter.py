"""The embeddable CPython: held against its SHA-256, unpacked, and closed to everything around it."""

from __future__ import annotations

import hashlib
import re
import zipfile
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from installer.windows.package.refusal import Refusal

if TYPE_CHECKING:
    from pathlib import Path

PACKAGES: Final = "packages"
APP: Final = "app"
_BELOW = (rf"..\{APP}", rf"..\{PACKAGES}", rf"..\{PACKAGES}\win32", rf"..\{PACKAGES}\win32\lib")
"""Where the modules are, as seen from python.exe; the last two are pywin32's."""


def unpack(archive: Path, sha256: str, folder: Path) -> None:
    """Unpack the interpreter into ``folder`` (made here) and write its ``._pth``.

    With that file there Python takes its module path from nowhere else: not from PYTHONPATH, the registry,
    the working folder or an account's own packages (docs.python.org, "Finding modules", ._pth files). Raises
    Refusal when the archive is another one than ``sha256`` says, is no zip, or holds no Python for Windows.
    """
    try:
        found = hashlib.sha256(archive.read_bytes()).hexdigest()
    except OSError as error:
        raise Refusal(f"{archive} cannot be read: {error.strerror}") from error
    if found != sha256.lower():
        raise Refusal(f"{archive} has SHA-256 {found}, but {sha256.lower()} was asked for")
    try:
        with zipfile.ZipFile(archive) as opened:
            _extract(opened, folder)
    except zipfile.BadZipFile:
        raise Refusal(f"{archive} is no zip file") from None
    stem = _library(folder)
    if not stem or not (folder / "python.exe").is_file():
        raise Refusal(f"{archive} holds no Python for Windows (python.exe and its python3xx.dll)")
    standard = [name for name in (f"{stem}.zip", "Lib", "DLLs") if (folder / name).exists()]
    lines = [standard[0], ".", *standard[1:], *_BELOW] if standard else [".", *_BELOW]
    (folder / f"{stem}._pth").write_bytes("".join(f"{line}\r\n" for line in lines).encode("ascii"))


def cache_tag(root: Path) -> str:
    """Return what the interpreter in ``root`` marks compiled modules with, e.g. ``cpython-313``."""
    return f"c{_library(root / 'python').replace('python', 'python-')}"


def _library(folder: Path) -> str:
    """Return the name of the interpreter's own library without its ending; nothing if there is not one."""
    names = [file.stem for file in folder.iterdir() if re.fullmatch(r"python3\d\d\.dll", file.name)]
    return names[0] if len(names) == 1 else ""


def _extract(opened: zipfile.ZipFile, folder: Path) -> None:
    for entry in opened.infolist():
        path = PurePosixPath(entry.filename)
        if path.is_absolute() or ".." in path.parts or "\\" in entry.filename:
            raise Refusal(f"the archive holds a path that leads out of it: {entry.filename}")
        if entry.is_dir() or "__pycache__" in path.parts:
            continue
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(opened.read(entry))
