"""A machine policy that a test lays down."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class LaidDown:
    """Satisfies `guard.settings.policy.PolicySource`."""

    where = "POLICY"

    def __init__(self, values: Mapping[tuple[str, str], object]) -> None:
        self._values = values

    def values(self) -> Mapping[tuple[str, str], object]:
        return self._values

    def place(self, section: str) -> str:
        return f"{self.where}/{section}"
