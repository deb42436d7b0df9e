"""Folders that only we can enter, on Linux."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import stat
from typing import TYPE_CHECKING

import pytest

from guard.errors import MachineError
from guard.ground import runtime_folder
from guard.paths import journal_default

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("given", [True, False])
def test_the_runtime_folder_is_private(tmp_path: Path, given: bool) -> None:  # noqa: FBT001 -- a parameter
    environment = {"XDG_RUNTIME_DIR": str(tmp_path)} if given else {}
    folder = runtime_folder(environment, fallback=tmp_path)
    assert folder.parent == tmp_path
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert runtime_folder(environment, fallback=tmp_path) == folder


def test_a_runtime_folder_that_others_can_enter_is_refused(tmp_path: Path) -> None:
    runtime_folder({}, fallback=tmp_path).chmod(0o755)
    with pytest.raises(MachineError, match="0700"):
        runtime_folder({}, fallback=tmp_path)


def test_a_link_in_place_of_the_runtime_folder_is_refused(tmp_path: Path) -> None:
    folder = runtime_folder({}, fallback=tmp_path)
    folder.rmdir()
    folder.symlink_to(tmp_path)
    with pytest.raises(MachineError, match="must be a folder owned by"):
        runtime_folder({}, fallback=tmp_path)


def test_a_runtime_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    with pytest.raises(MachineError, match="nowhere"):
        runtime_folder({"XDG_RUNTIME_DIR": str(tmp_path / "nowhere")})


def test_the_journal_lies_in_the_state_home(tmp_path: Path) -> None:
    state = {"XDG_STATE_HOME": str(tmp_path), "HOME": "/home/nobody"}
    assert journal_default(state) == tmp_path / "madoguchi-guard" / "journal"


def test_without_a_home_the_journal_has_no_place() -> None:
    with pytest.raises(MachineError, match="XDG_STATE_HOME nor HOME"):
        journal_default({"XDG_STATE_HOME": "relative"})
