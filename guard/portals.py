"""Several portals on one counter: which one the next session opens, and which can be opened at all.

One portal is always marked on the idle screen, and no other one opens. It is the first of the settings,
unless somebody has pressed another button; when their session has begun, or `CHOICE_LASTS` is over, it is
the first again. A portal of which a spare could not be started is unavailable until one is warm: it cannot
be chosen, and the first that can be opened takes its place.

The session's table knows one spare only, that of the marked portal (`Portals.spare`). While that one has
none, or the mark has just moved without anybody's press, the table has none either, and the counter prepares:
the screen needs a moment to show the new mark, and a card that is laid in it must open nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from guard.browser.site import Wording
from guard.inbox import PortalDue
from guard.screens.port import PortalButton, PortalState

if TYPE_CHECKING:
    from guard.browser.site import Site
    from guard.session.events import SessionId
    from guard.timers import Timers

CHOICE_LASTS: Final = 120.0
"""s after the press; somebody who looks for the card in a bag must not find another portal marked."""
SETTLES: Final = 1.0
"""s for which nothing opens after the mark has moved by itself; a scene is painted in 0.1 s."""

_NAME: Final = "portal"


class Portals:
    """The portals of ``sites`` and the mark on one of them; on the core's thread only."""

    def __init__(self, sites: tuple[Site, ...], timers: Timers) -> None:
        self._sites = {site.key: site for site in sites}
        self._labels = {site.key: _label(site) for site in sites}
        self._first = sites[0].key
        self._timers = timers
        self._chosen = self._first
        self._spares: dict[str, SessionId] = {}
        self._failed: set[str] = set()
        self._begun: tuple[SessionId, Site] | None = None
        self._settles = False

    @property
    def chosen(self) -> str:
        """The key of the portal that is marked."""
        return self._chosen

    @property
    def spare(self) -> SessionId | None:
        """The capsule that the next session may open."""
        return None if self._settles else self._spares.get(self._chosen)

    def buttons(self) -> tuple[PortalButton, ...]:
        """Return what there is to choose from; nothing where there is one portal."""
        if len(self._sites) == 1:
            return ()
        return tuple(
            PortalButton(key=key, label=label, state=self._state(key)) for key, label in self._labels.items()
        )

    def site_of(self, session: SessionId | None) -> Site | None:
        """Return the portal of the session that began last; None for every other."""
        return self._begun[1] if self._begun and self._begun[0] == session else None

    # --- what happens to spares

    def appeared(self, key: str, session: SessionId) -> None:
        """A spare of this portal is warm."""
        self._spares[key] = session
        self._failed.discard(key)
        self._leave_the_unavailable()

    def lost(self, key: str, session: SessionId) -> None:
        """A spare of this portal is gone, or did not become warm."""
        if self._spares.get(key) == session:
            del self._spares[key]
        elif key not in self._spares:
            self._failed.add(key)
            self._leave_the_unavailable()

    def began(self, session: SessionId) -> None:
        """Somebody's session has begun in this capsule, or goes on in it."""
        for key in [key for key, spare in self._spares.items() if spare == session]:
            del self._spares[key]
            self._begun = session, self._sites[key]
            self._mark(self._first_available())

    # --- what is chosen

    def choose(self, key: str) -> None:
        """Somebody pressed the button of this portal; one that is unavailable or unknown stays unchosen."""
        if key in self._sites and self._state(key) is not PortalState.UNAVAILABLE:
            self._mark(key)

    def due(self, *, hidden: bool) -> None:
        """A deadline of ours is over; the mark does not move while it is ``hidden`` by the staff's pad."""
        if self._settles or hidden or self._chosen == self._first_available():
            self._mark(self._chosen)
        else:
            self._move()

    def _leave_the_unavailable(self) -> None:
        unavailable = self._state(self._chosen) is PortalState.UNAVAILABLE
        if unavailable and self._chosen != self._first_available():
            self._move()

    def _move(self) -> None:
        """Move the mark although nobody has pressed."""
        self._mark(self._first_available())
        self._settles = True
        self._timers.arm(_NAME, SETTLES, PortalDue())

    def _first_available(self) -> str:
        """Return the first portal that is not unavailable; the very first when all are."""
        open_ones = (key for key in self._sites if self._state(key) is not PortalState.UNAVAILABLE)
        return next(open_ones, self._first)

    def _mark(self, key: str) -> None:
        """Mark this portal from now on, or anew."""
        self._chosen = key
        self._settles = False
        if key == self._first:
            self._timers.disarm(_NAME)
        else:
            self._timers.arm(_NAME, CHOICE_LASTS, PortalDue())

    def _state(self, key: str) -> PortalState:
        if key in self._spares:
            return PortalState.WARM
        return PortalState.UNAVAILABLE if key in self._failed else PortalState.PREPARING


def _label(site: Site) -> Wording:
    """Return what its button says: the profile's own words, or its name where it has none."""
    own = site.button
    return Wording(ja=own.ja or site.name, en=own.en or site.name, easy_ja=own.easy_ja or site.name)
