"""The port: one citizen's browser as the core sees it, and the receipt of its end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from guard.printing.port import NOT_PROVEN
from guard.session.events import SessionId


class Logout(StrEnum):
    """What became of the portal's own logout."""

    CONFIRMED = "confirmed"
    """The portal showed the page that proves it."""
    NOT_CONFIRMED = "not_confirmed"
    """It was tried, and its proof did not come within the deadline."""
    NOT_TRIED = "not_tried"
    """The capsule was dead or had to die at once."""
    NO_RECIPE = "no_recipe"
    """The site profile does not say how; the portal's own time-out has to do."""


class HostNames(StrEnum):
    """What became of the host names that the system looked up for the session, and of their addresses."""

    FORGOTTEN = "forgotten"
    KEPT = "kept"
    """The system's cache could not be emptied."""
    OUT_OF_REACH = "out of reach"
    """If the system keeps any, this account may not empty its cache."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What the end of a session left, with the milliseconds of each step."""

    session: SessionId
    logout: Logout
    processes_left: int
    storage_left: bool
    clipboard_empty: bool
    print_jobs: str
    """``none possible``, or what became of them (see `guard.printing.port.PrintOutcome`)."""
    downloads: str
    """``none possible`` or ``gone with the storage``."""
    host_names: HostNames
    logout_ms: float
    kill_ms: float
    """From the kill to the last process reaped."""
    verify_ms: float
    clipboard_ms: float
    prints_ms: float

    @property
    def good(self) -> bool:
        """True when nothing of the citizen is left on this PC."""
        gone = not self.processes_left and not self.storage_left and self.clipboard_empty
        return gone and self.print_jobs != NOT_PROVEN and self.host_names is not HostNames.KEPT


@dataclass(frozen=True, slots=True, kw_only=True)
class Geometry:
    """A rectangle on the screen in pixels."""

    x: int
    y: int
    width: int
    height: int


class CapsuleListener(Protocol):
    """Where a capsule reports; every call names the session it is about and may come from any thread."""

    def warm(self, session: SessionId, window: int, lacks: int) -> None:
        """The start page is painted, but for ``lacks`` parts of it that did not come.

        ``window`` is the id the display server knows the window by.
        """
        ...

    def refused(self, session: SessionId, what: str, host: str) -> None:
        """A navigation, request, download, permission or the like was refused (for the journal)."""
        ...

    def paper(self, session: SessionId, pdf: bytes) -> None:
        """The citizen wants this printed."""
        ...

    def lost(self, session: SessionId, why: str) -> None:
        """The capsule died or broke its protocol; said at most once, never after `Capsule.kill`."""
        ...


class Capsule(Protocol):
    """One citizen's browser in its container."""

    @property
    def session(self) -> SessionId:
        """The id it was born with."""
        ...

    def pids(self) -> tuple[int, ...]:
        """Return the ids of its processes that are alive now."""
        ...

    def begin(self) -> None:
        """A citizen now uses it; from here on it is never reused. Never blocks."""
        ...

    def resize(self, area: Geometry) -> None:
        """Fill this rectangle from now on. Never blocks."""
        ...

    def not_printed(self) -> None:
        """Tell the citizen that the print service did not take a PDF. Never blocks."""
        ...

    def logout(self) -> tuple[Logout, float]:
        """Run the site profile's logout recipe within its deadline; return what became of it and its ms.

        Blocks for at most the deadline; returns early when `kill` is called meanwhile.
        """
        ...

    def kill(self) -> None:
        """End the container now, whatever else is under way; returns at once."""
        ...

    def prove_gone(self, timeout: float) -> tuple[int, bool, float, float]:
        """Kill, wait at most ``timeout`` s, and look for what is left. May be called again after a failure.

        Returns processes left, storage left, ms until the last process was reaped, ms of the look.
        """
        ...


CapsuleFactory = Callable[[SessionId, CapsuleListener], Capsule]
"""Starts a new capsule warming; returns at once; raises MachineError when this PC cannot."""
