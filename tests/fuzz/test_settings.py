"""guard.toml and site profiles, whatever stands in them: settings, or sentences."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given

from guard.errors import ConfigError, MachineError
from guard.settings.load import load
from tests.support.fuzz import FUZZED, bent, corpus, or_refused

_HOME = {"HOME": "/home/nobody", "LOCALAPPDATA": r"C:\Users\nobody\AppData\Local"}


def _read(main: bytes, site: bytes) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "guard.toml").write_bytes(main)
        (folder / "town.toml").write_bytes(site)
        with or_refused(ConfigError, MachineError):
            load(folder / "guard.toml", _HOME)


@FUZZED
@given(bent("settings"))
def test_any_settings_are_read_or_refused_in_sentences(main: bytes) -> None:
    _read(main, corpus("sites")[0])


@FUZZED
@given(bent("sites"))
def test_any_site_profile_is_read_or_refused_in_sentences(site: bytes) -> None:
    _read(b'[portal]\nsite = "town.toml"\n', site)


def test_whatever_once_went_wrong_is_read_or_refused_in_sentences() -> None:
    for main in corpus("settings"):
        _read(main, corpus("sites")[0])
    for site in corpus("sites"):
        _read(b'[portal]\nsite = "town.toml"\n', site)
