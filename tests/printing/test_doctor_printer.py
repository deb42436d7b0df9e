"""``guard doctor`` looks at the printer that the configuration names."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import os
from typing import TYPE_CHECKING

import pytest

from guard.doctor import Doctor, State, finding
from tests.support.cups import OwnCups
from tests.test_doctor import FakeScard

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.chain


def test_the_printer_that_is_named_is_looked_at(tmp_path: Path) -> None:
    config = tmp_path / "guard.toml"
    with OwnCups() as cups:

        def look(text: str) -> tuple[State, str, str]:
            config.write_text(text, encoding="utf-8")
            environment = {**cups.environment, "XDG_STATE_HOME": os.fspath(tmp_path)}
            found = finding("printer", Doctor(environment, FakeScard, config=config).printer)
            return found.state, found.found, found.mend

        assert look("") == (State.OK, "no [printing] printer is named", "")
        assert look('[printing]\nprinter = "paper"\n') == (State.OK, "paper", "")
        state, found, mend = look('[printing]\nprinter = "stuck"\n')
        assert (state, found) == (State.WARN, "CUPS's queue stuck is stopped.")
        assert "cupsenable stuck" in mend
        assert look('[printing]\nprinter = "nowhere"\n')[0] is State.WARN
        cups.kill()
        assert look('[printing]\nprinter = "paper"\n')[0] is State.WARN
        state, _, mend = look('[printing]\nprinter = ""\nnonsense = 1\n')
        assert (state, "guard config check" in mend) == (State.FAIL, True)
