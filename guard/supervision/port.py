"""Whoever starts the guard again when it dies, and must be told that it lives."""

from __future__ import annotations

from typing import Protocol


class Supervisor(Protocol):
    """What the system's supervisor is told. Nothing here waits for it, and nothing raises.

    It is the core's own loop that tells: another thread's sign would go on while the loop stands still.
    """

    @property
    def every(self) -> float | None:
        """Seconds between two signs of life that it wants; None when it wants none."""
        ...

    def ready(self) -> None:
        """Learn, once, that from now on nothing of anybody is in sight or left over."""
        ...

    def alive(self) -> None:
        """Learn that the loop has just gone round."""
        ...

    def stopping(self) -> None:
        """Learn, once, that the guard ends in order; `alive` is told on while it does."""
        ...
