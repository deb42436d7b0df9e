"""Children that do not outlive us cost nothing once they have ended."""

from __future__ import annotations

import sys

assert sys.platform == "win32"

import os
from typing import TYPE_CHECKING

import psutil
import pytest

from guard.environment import kept
from guard.ground import start_bound

if TYPE_CHECKING:
    from pathlib import Path


def handles() -> int:
    return int(psutil.Process().num_handles())


def test_a_child_that_has_ended_leaves_no_handle_of_its_job() -> None:
    environment = kept(os.environ)

    def child() -> None:
        assert start_bound([sys.executable, "-I", "-c", ""], environment).wait() == 0

    child()
    before = handles()
    for _ in range(5):
        child()
    assert handles() <= before


def test_a_program_that_does_not_start_leaves_no_handle_of_its_job(tmp_path: Path) -> None:
    def child() -> None:
        with pytest.raises(OSError, match=r"."):
            start_bound([str(tmp_path / "absent.exe")], kept(os.environ))

    child()
    before = handles()
    for _ in range(5):
        child()
    assert handles() <= before
