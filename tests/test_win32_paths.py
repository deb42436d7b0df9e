"""Where the journal lies on Windows."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

assert sys.platform == "win32"

import pytest

from guard.errors import MachineError
from guard.paths import journal_default

if TYPE_CHECKING:
    from pathlib import Path


def test_the_journal_lies_in_the_account_s_own_data(tmp_path: Path) -> None:
    assert journal_default({"LOCALAPPDATA": str(tmp_path)}).is_relative_to(tmp_path)


def test_without_a_profile_the_journal_has_no_place() -> None:
    with pytest.raises(MachineError, match="LOCALAPPDATA"):
        journal_default({"LOCALAPPDATA": "relative"})
