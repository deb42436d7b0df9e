"""What an installation said counts where nobody who comes later says anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from guard.errors import ConfigError
from guard.settings.load import load_with_sources
from guard.settings.policy import NoPolicy
from guard.settings.reading import Source
from guard.settings.schema import PORTAL_SITE, SCREENS_LANGUAGE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class Said:
    """A source that says this."""

    def __init__(self, values: Mapping[tuple[str, str], object]) -> None:
        self._values = values
        self.where = "the installation"

    def values(self) -> Mapping[tuple[str, str], object]:
        return self._values

    def place(self, section: str) -> str:  # noqa: ARG002 -- one place
        return self.where


_LANGUAGE = ("screens", "language")


@pytest.fixture
def home(tmp_path: Path) -> Mapping[str, str]:
    return {"HOME": str(tmp_path), "LOCALAPPDATA": str(tmp_path)}


def test_without_a_file_the_installation_counts(home: Mapping[str, str]) -> None:
    said = Said({_LANGUAGE: "en", ("portal", "site"): "etax", ("browser", "kind"): "edge"})
    loaded = load_with_sources(None, home, NoPolicy(), said)
    assert loaded.settings.screens.language == "en"
    assert [reading.path.name for reading in loaded.sites if reading.path] == ["etax.toml"]
    assert loaded.main.source(SCREENS_LANGUAGE) is Source.INSTALLATION


def test_a_file_wins_over_the_installation(home: Mapping[str, str], tmp_path: Path) -> None:
    file = tmp_path / "guard.toml"
    file.write_text('[screens]\nlanguage = "ja"\n', encoding="utf-8")
    loaded = load_with_sources(file, home, NoPolicy(), Said({_LANGUAGE: "en"}))
    assert loaded.settings.screens.language == "ja"
    assert loaded.main.source(SCREENS_LANGUAGE) is Source.FILE
    assert loaded.main.source(PORTAL_SITE) is Source.DEFAULT


def test_a_policy_wins_over_both(home: Mapping[str, str], tmp_path: Path) -> None:
    file = tmp_path / "guard.toml"
    file.write_text('[screens]\nlanguage = "ja"\n', encoding="utf-8")
    loaded = load_with_sources(file, home, Said({_LANGUAGE: "en"}), Said({_LANGUAGE: "ja"}))
    assert loaded.settings.screens.language == "en"
    assert loaded.main.source(SCREENS_LANGUAGE) is Source.POLICY


def test_what_an_installation_may_not_say_is_refused_by_its_place(home: Mapping[str, str]) -> None:
    with pytest.raises(ConfigError, match=r"^the installation: \[screens\] language = \"fr\" is refused"):
        load_with_sources(None, home, NoPolicy(), Said({_LANGUAGE: "fr"}))


def test_a_path_of_an_installation_is_absolute(home: Mapping[str, str]) -> None:
    with pytest.raises(ConfigError, match="absolute path"):
        load_with_sources(None, home, NoPolicy(), Said({("portal", "site"): "./town.toml"}))
