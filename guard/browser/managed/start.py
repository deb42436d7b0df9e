"""The port: what of starting an installed browser is otherwise on another system."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from guard.browser.site import Site
    from guard.browser.wall import Wall


@dataclass(frozen=True, slots=True, kw_only=True)
class LaidDown:
    """What the browser will obey, and what it will bring along."""

    flags: tuple[str, ...]
    """Switches besides those of `guard.browser.managed.flags`."""
    extensions: frozenset[str]
    """Ids of those that this PC's administrator forces."""
    environment: Mapping[str, str]
    """The system's own variables, without which no program starts."""


class Holder(Protocol):
    """Keeps the browser's windows inside our host window, and its shortcuts from the keyboard."""

    def start(self) -> None:
        """Take the keys and begin; returns once every window that follows will be seen."""
        ...

    def set_aside(self, *, on: bool) -> None:
        """While on, the host shows, and the keyboard is, our own and not the page's. Returns at once."""
        ...


class Start(Protocol):
    """Starts browsers on one system."""

    def holder(
        self,
        host: int,
        window_class: str,
        *,
        print_pressed: Callable[[], None],
        page_gone: Callable[[], None],
    ) -> Holder:
        """Return what holds a browser in this host window, started afterwards with this window class.

        From a thread of its own, ``print_pressed`` is called when somebody presses Ctrl+P, and ``page_gone``
        when the browser's window is no more, whoever ended it.
        """
        ...

    def lay_down(self, site: Site, wall: Wall, profile: Path) -> LaidDown:
        """Write what the browser is to obey, into its profile's folder, which must be there, or beside it."""
        ...
