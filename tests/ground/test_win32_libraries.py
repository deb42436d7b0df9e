"""A library that was planted where the guard happens to stand, or on PATH, is not loaded."""

from __future__ import annotations

import sys

assert sys.platform == "win32"

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping

_SYSTEM = Path(os.environ["SYSTEMROOT"]) / "System32"
_PROGRAM = """
import ctypes, json, sys
from ctypes import wintypes
if sys.argv[1] == "restricted":
    from guard.ground import restrict_libraries
    restrict_libraries()
    restrict_libraries()
kernel = ctypes.WinDLL("kernel32", use_last_error=True)
kernel.LoadLibraryW.argtypes, kernel.LoadLibraryW.restype = [wintypes.LPCWSTR], wintypes.HMODULE
kernel.GetModuleFileNameW.argtypes = [wintypes.HMODULE, wintypes.LPWSTR, wintypes.DWORD]
def loaded(name):
    module = kernel.LoadLibraryW(name)  # as C code does it: Python's own loader is stricter
    text = ctypes.create_unicode_buffer(1024)
    return kernel.GetModuleFileNameW(module, text, 1024) and text.value if module else None
print(json.dumps([loaded(name) for name in sys.argv[2:]]))
"""


def loaded(how: str, names: tuple[str, ...], folder: Path, path: str) -> list[str | None]:
    """Load these in a new process that stands in the folder; return where each came from."""
    environment: Mapping[str, str] = {**os.environ, "PATH": path}
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, how, *names],
        cwd=folder,
        env=dict(environment),
        capture_output=True,
        check=False,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert isinstance(found, list)
    return [None if one is None else os.path.normcase(one) for one in found]


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    """A folder with libraries that anybody could have put there: real ones, under names of their own."""
    for name in ("planted-decoy.dll", "winscard.dll"):
        shutil.copy(_SYSTEM / "version.dll", tmp_path / name)
    return tmp_path


def test_without_the_restriction_what_was_planted_is_loaded(
    planted: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Or the tests below would show nothing."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    decoy = os.path.normcase(planted / "planted-decoy.dll")
    assert loaded("free", ("planted-decoy.dll",), planted, os.environ["PATH"]) == [decoy]
    assert loaded("free", ("planted-decoy.dll",), elsewhere, str(planted)) == [decoy]


@pytest.mark.parametrize("where", ["current folder", "PATH"])
def test_with_it_nothing_comes_from_the_current_folder_or_from_path(
    planted: Path, where: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    current, path = (planted, os.environ["PATH"])
    if where == "PATH":
        current, path = tmp_path_factory.mktemp("elsewhere"), str(planted)
    decoy, scard = loaded("restricted", ("planted-decoy.dll", "winscard.dll"), current, path)
    assert decoy is None
    assert scard == os.path.normcase(_SYSTEM / "winscard.dll")


def test_the_readers_and_the_windows_libraries_still_load(tmp_path: Path) -> None:
    program = (
        "from guard.ground import restrict_libraries; restrict_libraries();"
        "import smartcard.scard, win32file, ssl, sqlite3, argon2, PySide6.QtWidgets; print('loaded')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        capture_output=True,
        check=False,
        text=True,
        timeout=120,
    )
    assert done.stdout.strip() == "loaded", done.stderr
