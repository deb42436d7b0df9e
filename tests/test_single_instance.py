"""One guard at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from guard.errors import ConfigError
from guard.paths import SingleInstance

if TYPE_CHECKING:
    from pathlib import Path


def test_a_second_guard_is_refused_until_the_first_is_gone(tmp_path: Path) -> None:
    with SingleInstance(tmp_path), pytest.raises(ConfigError, match="already running"):
        SingleInstance(tmp_path)
    with SingleInstance(tmp_path):
        pass
