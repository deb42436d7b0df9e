"""What Windows tells of everybody's windows (SetWinEventHook, out of context)."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

if sys.platform != "win32":
    raise ImportError("this is Windows' part")

from guard.screens.win32_api import WINEVENTPROC, user

if TYPE_CHECKING:
    from collections.abc import Callable

_FOREGROUND: Final = 0x0003
_CREATE, _REORDER = 0x8000, 0x8004
"""EVENT_OBJECT_CREATE to EVENT_OBJECT_REORDER: made, destroyed, shown, hidden, put in another order."""
_LOCATION: Final = 0x800B


class WindowEvents:
    """Calls back on the thread that called `start`, while it pumps its messages."""

    def __init__(self, changed: Callable[[], None], fronted: Callable[[], None]) -> None:
        """``changed``: windows came, went or moved; ``fronted``: another window has the keyboard."""
        self._changed = changed
        self._fronted = fronted
        self._callback = WINEVENTPROC(self._heard)
        self._hooks: list[int] = []
        self._moves: int | None = None

    def start(self) -> None:
        """Begin to listen."""
        self._hooks = [self._hook(_FOREGROUND, _FOREGROUND), self._hook(_CREATE, _REORDER)]

    def follow_moves(self, *, on: bool) -> None:
        """Hear also when a window moves without being put in another order; every mouse move comes, too."""
        if on and self._moves is None:
            self._moves = self._hook(_LOCATION, _LOCATION)
        elif not on and self._moves is not None:
            user.UnhookWinEvent(self._moves)
            self._moves = None

    def close(self) -> None:
        """Hear no more."""
        self.follow_moves(on=False)
        for hook in self._hooks:
            user.UnhookWinEvent(hook)

    def _hook(self, first: int, last: int) -> int:
        return user.SetWinEventHook(first, last, None, self._callback, 0, 0, 0) or 0

    def _heard(
        self, _hook: int, event: int, _window: int, thing: int, part: int, _thread: int, _time: int
    ) -> None:
        if event == _FOREGROUND:
            self._fronted()
        elif not thing and not part:  # OBJID_WINDOW itself, neither its cursor nor what is drawn in it
            self._changed()
