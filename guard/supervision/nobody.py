"""Nobody supervises: the guard was started by hand, or by a session that starts it once."""

from __future__ import annotations

from typing import Final


class Nobody:
    """A `guard.supervision.port.Supervisor` that is not there."""

    every: Final = None

    def ready(self) -> None:
        """Tell nobody."""

    def alive(self) -> None:
        """Tell nobody."""

    def stopping(self) -> None:
        """Tell nobody."""
