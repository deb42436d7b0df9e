"""From a folder to one MSI file, with Debian's msibuild and gcab; the same input makes the same bytes."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from installer.windows.package.data import add_data
from installer.windows.package.interpreter import cache_tag
from installer.windows.package.machine import add_machine
from installer.windows.package.names import guid
from installer.windows.package.product import MAKER, NAME, add_product
from installer.windows.package.refusal import Refusal
from installer.windows.package.rows import Rows
from installer.windows.package.tree import add_tree

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_CABINET: Final = "guard.cab"
_UTF8: Final = 65001
_EARLIEST: Final = 315532800  # s: 1980-01-01, before which a cabinet has no time


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """What a package says of itself beside its files."""

    version: str
    """Windows Installer compares its first three numbers."""
    config: Path
    """The guard.toml to ship."""
    moment: int
    """The time all files get, in s since 1970."""

    def build(self, root: Path, work: Path, output: Path) -> None:
        """Write the package of what lies in ``root``; ``work`` is an empty folder.

        Raises Refusal when a tool is missing or fails, ValueError for a folder that cannot be a package.
        """
        moment = max(self.moment, _EARLIEST)
        rows = Rows()
        files = [*add_tree(rows, root, cache_tag(root))]
        files.append(add_data(rows, self.config, len(files) + 1))
        add_machine(rows, self.version)
        rows.add("Media", 1, len(files), None, f"#{_CABINET}", None, None)
        content = f"{self.version} {_digest(rows, files)}"
        add_product(rows, version=self.version, code=guid(f"product {content}"))
        _cabinet(files, moment, work)
        _write(rows.texts(), _summary(guid(f"package {content} {moment}"), moment), work, output)


def _digest(rows: Rows, files: Sequence[tuple[str, Path]]) -> str:
    whole = hashlib.sha256()
    for name, text in rows.texts().items():
        whole.update(f"{name}\n{text}\0".encode())
    for key, path in files:
        whole.update(key.encode() + hashlib.sha256(path.read_bytes()).digest())
    return whole.hexdigest()


def _cabinet(files: Sequence[tuple[str, Path]], moment: int, work: Path) -> None:
    folder = work / "files"
    folder.mkdir()
    for key, path in files:
        shutil.copyfile(path, folder / key)
        os.utime(folder / key, (moment, moment))
    keys = [key for key, _ in files]
    _tool(["gcab", "--create", "--zip", "--nopath", f"../{_CABINET}", *keys], folder)


def _summary(code: str, moment: int) -> str:
    """Return the summary information as an archive ("Summary Information Stream Property Set")."""
    at = datetime.fromtimestamp(moment, UTC).strftime("%Y/%m/%d %H:%M:%S")
    properties = {
        1: str(_UTF8),  # Codepage
        2: "Installation Database",
        3: NAME,  # Subject
        4: MAKER,  # Author
        5: "Installer",  # Keywords
        7: "x64;1041",  # Template
        9: code,  # Revision number: the package code
        12: at,  # Create time
        13: at,  # Last saved time
        14: "500",  # Page count: Windows Installer 5.0, for MsiLockPermissionsEx
        15: "2",  # Word count: compressed, long names, elevated
        18: "build-msi",  # Creating application
        19: "2",  # Security: read-only recommended
    }
    head = "PropertyId\tValue\r\ni2\tl255\r\n_SummaryInformation\tPropertyId\r\n"
    return head + "".join(f"{number}\t{value}\r\n" for number, value in properties.items())


def _write(texts: Mapping[str, str], summary: str, work: Path, output: Path) -> None:
    tables = work / "tables"
    tables.mkdir()
    code_page = f"\r\n\r\n{_UTF8}\t_ForceCodepage\r\n"
    names = list[str]()
    for name, text in ({"_ForceCodepage": code_page, "_SummaryInformation": summary} | dict(texts)).items():
        (tables / f"{name}.idt").write_bytes(text.encode("utf-8"))
        names.append(f"{name}.idt")
    made = work / "made.msi"
    _tool(["msibuild", str(made), "-i", *names], tables)
    _tool(["msibuild", str(made), "-a", _CABINET, str(work / _CABINET)], tables)
    output.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(made, output)


def _tool(command: Sequence[str], folder: Path) -> None:
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=os.environ | {"TZ": "UTC", "LC_ALL": "C.UTF-8"},
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        raise Refusal(f"{command[0]} is missing; install Debian's packages msitools and gcab") from None
    if done.returncode or "error" in done.stderr.lower():
        raise Refusal(f"{command[0]} failed: {' '.join(done.stderr.split()) or done.returncode}")
