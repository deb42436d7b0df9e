"""The demo's guard: no policy holds for play, and play opens nothing out there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from guard.errors import ConfigError
from guard.practice.daemon import main, settings_for_play

if TYPE_CHECKING:
    from pathlib import Path

HOME = {"HOME": "/home/counter", "LOCALAPPDATA": "C:\\counter"}


def settings_file(folder: Path, start: str) -> Path:
    (folder / "town.toml").write_text(
        f'name = "town"\nstart = "{start}"\nallow = ["town.example", "127.0.0.1:8765"]\n', encoding="utf-8"
    )
    file = folder / "guard.toml"
    file.write_text('[portal]\nsite = "./town.toml"\n', encoding="utf-8")
    return file


def test_a_portal_of_this_pc_is_opened(tmp_path: Path) -> None:
    file = settings_file(tmp_path, "http://127.0.0.1:8765/")
    (site,) = settings_for_play(file, HOME).sites
    assert site.start == "http://127.0.0.1:8765/"


def test_a_portal_out_there_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = settings_file(tmp_path, "https://town.example/")
    with pytest.raises(ConfigError, match="the demo opens no other portal"):
        settings_for_play(file, HOME)
    assert main([str(file)]) == 1
    assert capsys.readouterr().err.startswith(f"guard: {file}: town is not served by this PC")


def test_no_policy_holds_for_play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("guard.settings.load.machine_policy", lambda: pytest.fail("the policy was read"))
    settings_for_play(settings_file(tmp_path, "http://127.0.0.1:8765/"), HOME)
