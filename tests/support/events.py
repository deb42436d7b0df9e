"""What a watch posted, to be waited for."""

from __future__ import annotations

import queue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from guard.session.events import Event

GENEROUS = 10.0
"""Seconds after which something that should have happened at once has not happened."""


class Posted:
    """A `guard.readers.port.Post` that keeps what it is given."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[Event] = queue.SimpleQueue()

    def __call__(self, event: Event) -> None:
        self._queue.put(event)

    def next(self) -> Event:
        """Return the next event, waiting for it."""
        return self._queue.get(timeout=GENEROUS)

    def so_far(self) -> list[Event]:
        """Return all events that were posted and not taken yet, without waiting."""
        events = []
        while not self._queue.empty():
            events.append(self._queue.get())
        return events
