"""A guard that does not start says why to whoever keeps it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from guard import service
from guard.errors import ConfigError

if TYPE_CHECKING:
    from guard.settings.model import Settings


class Machine:
    """Listens."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def refused(self, sentence: str) -> None:
        self.told.append(sentence)


def test_whoever_keeps_the_guard_is_told_why_it_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    def settings() -> Settings:
        raise ConfigError("guard.toml: is not valid TOML")

    machine = Machine()
    monkeypatch.setattr(service, "ThisMachine", lambda _: machine)
    with pytest.raises(ConfigError):
        service.run(settings)
    assert machine.told == ["guard.toml: is not valid TOML"]
