"""A folder that goes, whatever a browser has put into it, and one that stays while somebody holds it."""

from __future__ import annotations

import sys

assert sys.platform == "win32"

import inspect
import os
import stat
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from guard.containers.win32_folder import GRAVE, erased, is_there, size

if TYPE_CHECKING:
    from collections.abc import Callable

HOLDS = r"""
import sys
with open(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


def verbatim(folder: Path) -> Path:
    return Path(f"\\\\?\\{folder}")


def _long(folder: Path) -> None:
    deep = verbatim(folder).joinpath(*["x" * 60] * 6)
    deep.mkdir(parents=True)
    (deep / "kept").write_text("secret")


def _read_only(folder: Path) -> None:
    (folder / "below").mkdir()
    for path in (folder / "kept", folder / "below" / "kept"):
        path.write_text("secret")
        path.chmod(stat.S_IREAD)
    (folder / "below").chmod(stat.S_IREAD)


def _odd_names(folder: Path) -> None:
    for name in ("dot.", "space ", "nul", "名前"):
        (verbatim(folder) / name).write_text("secret")


@pytest.mark.parametrize("fill", [_long, _read_only, _odd_names])
def test_it_goes_with_everything_in_it(tmp_path: Path, fill: Callable[[Path], None]) -> None:
    folder = tmp_path / "capsule"
    folder.mkdir()
    fill(folder)
    assert is_there(folder)
    assert erased(folder)
    assert not is_there(folder)
    assert list(tmp_path.iterdir()) == []


def test_folders_in_folders_without_end_exhaust_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "capsule"
    path = os.fspath(verbatim(folder))
    for _ in range(150):
        os.mkdir(path)  # noqa: PTH102 -- a Path would be taken apart and put together each time
        path += "\\d"
    usual = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack()) + 100)  # instead of a thousand folders, which take minutes
    try:
        assert size(folder) == 0
        assert erased(folder)
    finally:
        sys.setrecursionlimit(usual)
    assert list(tmp_path.iterdir()) == []


def test_one_that_was_never_there_is_gone(tmp_path: Path) -> None:
    assert not is_there(tmp_path / "capsule")
    assert erased(tmp_path / "capsule")


def test_a_file_that_another_process_holds_keeps_the_folder_and_nothing_else_of_it(tmp_path: Path) -> None:
    folder = tmp_path / "capsule"
    folder.mkdir()
    (folder / "kept").write_text("secret")
    (folder / "other").write_text("secret")
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(folder / "kept")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with holder:
        assert holder.stdout
        assert holder.stdout.readline().strip() == b"held"
        assert not erased(folder)
        assert is_there(folder)
        assert not erased(folder)
    assert erased(folder)
    assert list(tmp_path.iterdir()) == []


def test_what_an_interrupted_deletion_left_is_there_and_goes(tmp_path: Path) -> None:
    grave = tmp_path / f"capsule{GRAVE}"
    grave.mkdir()
    (grave / "kept").write_text("secret")
    for folder in (tmp_path / "capsule", grave):
        assert is_there(folder)
    assert erased(grave)
    assert not is_there(tmp_path / "capsule")


def test_what_cannot_be_asked_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Path) -> object:
        raise PermissionError

    monkeypatch.setattr(Path, "lstat", refuse)
    assert is_there(tmp_path / "capsule")
    assert not erased(tmp_path / "capsule")


def test_its_size_counts_what_is_being_written(tmp_path: Path) -> None:
    with (tmp_path / "one").open("wb", buffering=0) as file:
        file.write(b"x" * 1000)
        assert size(tmp_path) == 1000


def test_its_size_is_that_of_all_files_in_it(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "one").write_bytes(b"x" * 100)
    (tmp_path / "below" / "two").write_bytes(b"x" * 23)
    assert size(tmp_path) == 123
    assert size(tmp_path / "nowhere") == 0
