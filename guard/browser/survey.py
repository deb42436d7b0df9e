"""One walk through a portal that nobody uses: its start page, its logout, and every host its pages want."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from guard.browser.messages import MOST_REFUSALS, MOST_WANTED, Refusal
from guard.browser.pool import GONE_WITHIN, WARM_WITHIN
from guard.browser.port import Logout
from guard.session.events import SessionId

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.browser.messages import Wanted
    from guard.browser.port import CapsuleFactory
    from guard.clock import Clock

QUIET: Final = 3.0
"""s without a word from the capsule after which its page counts as loaded."""
SETTLED_WITHIN: Final = 20.0
"""s after which a page that still wants something new is not waited for."""
TOO_SLOW: Final = "it did not get warm in time"
"""Why a capsule was lost that said nothing at all; all else is said by the capsule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A page wanted this of a host, and got it or not."""

    host: str
    """A kind of scheme with a colon, such as ``mailto:``, or nothing where there is no host."""
    allowed: bool
    what: Refusal
    """Also of what it got; those are pages (navigations) and requests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What came of the walk."""

    shown_ms: float | None
    """Until the start page was painted; None when it never was."""
    lost: str
    """Why the capsule was of no use before its end; empty when it was."""
    wishes: frozenset[Wish]
    complete: bool
    """There were not more wishes than a capsule tells."""
    logout: Logout
    logout_ms: float
    erased: bool
    """Neither a process nor storage of the capsule is left."""

    @property
    def good(self) -> bool:
        """True when the portal opens and lets itself be left; what was refused is for people to judge."""
        left = self.logout in {Logout.CONFIRMED, Logout.NO_RECIPE}
        return self.shown_ms is not None and not self.lost and left and self.erased


class Survey:
    """The `CapsuleListener` of one capsule; `wanted` is what its `SealedCapsules` need as ``survey``."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._news = 0
        self._shown_at: float | None = None
        self._lost = ""
        self._allowed: set[tuple[str, bool]] = set()
        self._refused: set[tuple[str, str]] = set()

    def walk(self, make: CapsuleFactory) -> Findings:
        """Open the start page, come as a citizen, log out, end; takes 90 s at the most.

        The page is left alone first: as a spare it must not go on by itself. Raises MachineError when this
        PC cannot make the capsule.
        """
        began = self._clock.monotonic()
        capsule = make(SessionId(secrets.token_hex(16)), self)
        logout, logout_ms = Logout.NOT_TRIED, 0.0
        try:
            if self._shown():
                self._settle()
                capsule.begin()
                self._settle()
                logout, logout_ms = capsule.logout()
        finally:
            processes, storage, _, _ = capsule.prove_gone(GONE_WITHIN)
        with self._changed:
            return Findings(
                shown_ms=None if self._shown_at is None else (self._shown_at - began) * 1000,
                lost=self._lost,
                wishes=frozenset(self._wishes()),
                complete=len(self._allowed) < MOST_WANTED and len(self._refused) < MOST_REFUSALS,
                logout=logout,
                logout_ms=logout_ms,
                erased=not processes and not storage,
            )

    # --- what the capsule says

    def warm(self, session: SessionId, window: int, lacks: int) -> None:
        """See `guard.browser.port.CapsuleListener.warm`."""
        del session, window, lacks
        with self._changed:
            self._shown_at = self._clock.monotonic()
            self._changed.notify_all()

    def wanted(self, wanted: Wanted) -> None:
        """Note what a page got."""
        with self._changed:
            self._allowed.add((wanted.host, wanted.page))
            self._say_so()

    def refused(self, session: SessionId, what: str, host: str) -> None:
        """See `guard.browser.port.CapsuleListener.refused`."""
        del session
        with self._changed:
            self._refused.add((host, what))
            self._say_so()

    def paper(self, session: SessionId, pdf: bytes) -> None:
        """See `guard.browser.port.CapsuleListener.paper`; nobody is there to want one."""

    def lost(self, session: SessionId, why: str) -> None:
        """See `guard.browser.port.CapsuleListener.lost`."""
        del session
        with self._changed:
            self._lost = why
            self._changed.notify_all()

    # --- how it is waited for

    def _say_so(self) -> None:
        self._news += 1
        self._changed.notify_all()

    def _shown(self) -> bool:
        """Wait for the start page; tell whether it came."""
        with self._changed:
            if not self._come(lambda: self._shown_at is not None, WARM_WITHIN) and not self._lost:
                self._lost = TOO_SLOW
            return not self._lost

    def _settle(self) -> None:
        """Return when all is quiet, or the capsule is lost."""
        with self._changed:
            end = self._clock.monotonic() + SETTLED_WITHIN
            seen = -1
            while seen != self._news and self._clock.monotonic() < end:
                seen = self._news
                self._come(lambda: self._news != seen, QUIET)  # noqa: B023 -- called within this turn only

    def _come(self, it: Callable[[], bool], within: float) -> bool:
        """Wait so long (s) for this, or for the loss of the capsule; tell whether it is so."""
        self._changed.wait_for(lambda: bool(self._lost) or it(), within)
        return it()

    def _wishes(self) -> list[Wish]:
        got = [
            Wish(host=host, allowed=True, what=Refusal.NAVIGATION if page else Refusal.REQUEST)
            for host, page in self._allowed
            if host and not host.endswith(":")  # what the page made itself: data:, blob:, about:
        ]
        return got + [Wish(host=host, allowed=False, what=Refusal(what)) for host, what in self._refused]
