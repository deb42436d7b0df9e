"""Settings that the account may not read, as modes say it."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

assert sys.platform == "linux"

import pytest

from guard.errors import ConfigError
from guard.settings.load import load

if TYPE_CHECKING:
    from pathlib import Path


def test_a_file_the_account_may_not_read_is_named_with_the_account(tmp_path: Path) -> None:
    """Tests never run as root, whom no mode stops."""
    path = tmp_path / "guard.toml"
    path.touch()
    path.chmod(0)
    assert os.geteuid() != 0
    with pytest.raises(ConfigError, match=r"guard\.toml: the account \w+ cannot read it"):
        load(path, {"HOME": str(tmp_path)})
