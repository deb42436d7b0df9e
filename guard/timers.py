"""Named deadlines for the loop; one of each name."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from guard.clock import Clock
    from guard.inbox import Content


class Timers:
    """Deadlines that turn into letters for the core when they are due."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._due: dict[str, tuple[float, Content]] = {}

    def arm(self, name: str, seconds: float, content: Content) -> None:
        """Let ``content`` be due in so many seconds; replaces an earlier deadline of this name."""
        self._due[name] = (self._clock.monotonic() + seconds, content)

    def disarm(self, name: str) -> None:
        """Forget this deadline, if there is one."""
        self._due.pop(name, None)

    def armed(self, name: str) -> bool:
        """Tell whether this deadline is running."""
        return name in self._due

    def left(self, name: str) -> float | None:
        """Return the seconds until this deadline, or None when it does not run."""
        return self._due[name][0] - self._clock.monotonic() if name in self._due else None

    def sleep(self, most: float) -> float:
        """Return the seconds until the next deadline, at most ``most``."""
        now = self._clock.monotonic()
        return max(0.0, min([most, *(due - now for due, _ in self._due.values())]))

    def take_due(self) -> list[Content]:
        """Return and forget what is due, the longest overdue first."""
        now = self._clock.monotonic()
        due = sorted((at, name) for name, (at, _) in self._due.items() if at <= now)
        return [self._due.pop(name)[1] for _, name in due]
