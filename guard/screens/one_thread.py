"""What every shade is to the core: calls that return at once, done by one thread in their order."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.browser.port import Geometry
    from guard.clock import Clock
    from guard.screens.monitors import Layout
    from guard.screens.port import ShadeListener

HEAD_START: Final = 0.005
"""s that a caller of `cover` stands back, so that its own work does not compete with the covering."""
RAISES_BEFORE_GIVING_UP: Final = 50
"""Tries to get above a window that raises itself all the time; then the cover is not confirmed."""
REFILLS_BEFORE_GIVING_UP: Final = 100
"""Times that a program may fill the emptied clipboard again before it is left alone."""


class OneThread(ABC):
    """Half of a `guard.screens.port.Shade`; the other half does it, in `_run`, taking work from ``_todo``."""

    _layout: Layout
    """Set before `_run` serves."""

    def __init__(self, clock: Clock, listener: ShadeListener) -> None:
        self._clock = clock
        self._listener = listener
        self._todo: deque[Callable[[], None]] = deque()
        self._thread = threading.Thread(target=self._run, name="shade", daemon=True)
        self._open = True
        self._covering = True
        self._confirmed = False
        self._asked_at: float | None = None
        self._answered = threading.Event()
        self._portal: int | None = None
        self._curtain: int | None = None
        self._strip: int | None = None
        self._capsules: set[int] = set()
        self._refills = 0

    def areas(self) -> tuple[Geometry, Geometry, Geometry]:
        """See `Shade.areas`."""
        return self._layout.areas

    def cover(self) -> float:
        """See `Shade.cover`."""
        asked_at = self._clock.monotonic()
        self._answered.clear()
        self._do(lambda: self._cover(asked_at))
        self._answered.wait(HEAD_START)
        return asked_at

    def uncover(self, portal: int) -> None:
        """See `Shade.uncover`."""
        self._do(lambda: self._uncover(portal))

    def adopt_curtain(self, curtain: int, strip: int) -> None:
        """See `Shade.adopt_curtain`."""
        self._do(lambda: self._adopt_curtain(curtain, strip))

    def forget_curtain(self) -> None:
        """See `Shade.forget_curtain`."""
        self._do(self._forget_curtain)

    def adopt_capsule(self, window: int) -> None:
        """See `Shade.adopt_capsule`."""
        self._do(lambda: self._adopt_capsule(window))

    def covered(self) -> bool:
        """See `Shade.covered`."""
        return self._confirmed

    def take_keys(self, *, on: bool) -> None:
        """See `Shade.take_keys`."""
        self._do(lambda: self._take_keys(on=on))

    def ask_input(self) -> None:
        """See `Shade.ask_input`."""
        self._do(lambda: self._listener.input_seen(self._since_input()))

    def _do(self, work: Callable[[], None]) -> None:
        """Have the thread do this next."""
        self._todo.append(work)
        self._rouse()

    def _confirm(self) -> None:
        """Say, once for each time it was asked, that everything is covered."""
        confirmed_at = self._clock.monotonic()
        self._confirmed = True
        self._answered.set()
        asked_at, self._asked_at = self._asked_at, None
        if asked_at is not None:
            self._listener.cover_confirmed(asked_at, confirmed_at)

    def _forget_curtain(self) -> None:
        self._curtain = self._strip = None
        if self._covering:
            self._assert_cover()

    @abstractmethod
    def _rouse(self) -> None:
        """Wake the thread, if it waits."""

    @abstractmethod
    def _run(self) -> None:
        """Serve until closed; say when the display is lost."""

    @abstractmethod
    def _cover(self, asked_at: float) -> None:
        """Cover, as asked at this time (monotonic s), and `_confirm`."""

    @abstractmethod
    def _assert_cover(self) -> None:
        """Cover anew, and `_confirm`."""

    @abstractmethod
    def _uncover(self, portal: int) -> None: ...

    @abstractmethod
    def _adopt_curtain(self, curtain: int, strip: int) -> None: ...

    @abstractmethod
    def _adopt_capsule(self, window: int) -> None: ...

    @abstractmethod
    def _take_keys(self, *, on: bool) -> None: ...

    @abstractmethod
    def _since_input(self) -> float:
        """Return the s since anybody last used keyboard, mouse or touch screen."""
