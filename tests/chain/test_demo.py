"""``guard demo`` as a newcomer runs it: without a display, with the real daemon."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.chain
PATIENCE = 180.0


def test_the_incident_happens_without_the_guard_and_cannot_with_it(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "DISPLAY"}
    answer = subprocess.run(
        [sys.executable, "-m", "guard", "demo", "--save", os.fspath(tmp_path / "pictures")],
        env={**environment, "HOME": os.fspath(tmp_path), "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    verdicts = [line[0] for line in answer.stdout.splitlines() if line[:1] in {"✗", "✓"}]
    assert verdicts == ["✗", "✓", "✓"]
    assert answer.stdout.count("残りプロセス 0") == 4, "each citizen's wipe is told with its proof"
    names = sorted(path.stem for path in (tmp_path / "pictures").glob("*.png"))
    assert len([name for name in names if name.startswith("unguarded-")]) >= 10
    assert len([name for name in names if name.startswith("guarded-")]) >= 15
    assert len([name for name in names if name.startswith("held-")]) >= 20
