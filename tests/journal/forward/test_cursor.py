"""How far a target has come is kept, and a damaged cursor is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from guard.errors import MachineError
from guard.journal.forward.cursor import Cursor, Position

if TYPE_CHECKING:
    from pathlib import Path

HERE = Position(17, "ab" * 32)


def test_a_position_is_kept(tmp_path: Path) -> None:
    assert Cursor(tmp_path / "new", "syslog-a:1").read() is None
    Cursor(tmp_path / "new", "syslog-a:1").write(Position(16, "cd" * 32))
    Cursor(tmp_path / "new", "syslog-a:1").write(HERE)
    assert Cursor(tmp_path / "new", "syslog-a:1").read() == HERE
    assert len(list((tmp_path / "new").iterdir())) == 1


def test_each_place_has_its_own(tmp_path: Path) -> None:
    Cursor(tmp_path, "syslog-a:1").write(HERE)
    assert Cursor(tmp_path, "syslog-a:2").read() is None
    assert Cursor(tmp_path, "syslog-[::1]:1").read() is None


@pytest.mark.parametrize("damage", [b"", b"17\n", b"-1 " + b"ab" * 32 + b"\n", b"17 " + b"ab" * 32, b"\xff"])
def test_a_damaged_one_is_none(tmp_path: Path, damage: bytes) -> None:
    cursor = Cursor(tmp_path, "syslog")
    cursor.write(HERE)
    (path,) = tmp_path.iterdir()
    path.write_bytes(damage)
    assert cursor.read() is None


def test_one_that_cannot_be_written_leaves_the_one_before(tmp_path: Path) -> None:
    cursor = Cursor(tmp_path, "syslog")
    cursor.write(HERE)
    (tmp_path / "syslog.new").mkdir()
    with pytest.raises(MachineError, match="cannot be written"):
        cursor.write(Position(18, "ef" * 32))
    assert cursor.read() == HERE
