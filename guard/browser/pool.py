"""All capsules that live: the spares of every portal that are warming or warm, and the one a citizen uses.

Each portal has spares of its own (about 370 MB of memory each), so that whichever is chosen comes up at once;
one that cannot be reached costs the others nothing. One thread makes and discards capsules, so that neither
the core nor the thread that noticed a death ever waits for a browser to start. A spare that dies, or does not
get warm in time, is proven gone like any other, and that portal's next attempt waits longer each time, up to
`BACK_OFF_MOST`.

So is one whose start page lacks more parts than the one before: the network was cut between a page and its
script, and that page would do nothing. What the next one lacks as well is how the portal is. Numbers are
compared, not names, which may be new each time: a lost script is not noticed where the script itself asks,
each time in vain, for as much.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from guard.errors import GuardError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from guard.browser.port import Capsule, CapsuleFactory, Geometry
    from guard.clock import Clock
    from guard.session.events import SessionId

WARM_WITHIN = 30.0
"""s; a cold start takes 1.1-2.0 s (seed facts), much longer on a busy old PC, but not for ever."""
SPARE_LIFE = 30 * 60.0
"""s; half of the hour after which the portal forgets a visitor who does nothing (seed facts, "portal")."""
BACK_OFF_FIRST = 0.5
BACK_OFF_MOST = 10.0
STEADY_AFTER = 60.0
"""s; a spare that stayed warm so long, or that a citizen began to use, ends a row of failures. Getting warm
does not: a start page that always changes by itself would have the pool make one spare after the other."""
APART = 3.0
"""s for which a spare that warms is alone in it: many browsers that start at once slow each other down, and a
citizen's. Past this the next one starts: a portal that hangs must not keep the others waiting."""
AGE_CHECK = 60.0
"""s between two looks for spares that have waited too long."""
GONE_WITHIN = 5.0
"""s; measured kill to all processes reaped: 62-103 ms (seed facts). Past this the wipe has failed for now."""

_log = logging.getLogger(__name__)


class PoolListener(Protocol):
    """Where the pool reports; calls may come from any thread and must return at once."""

    def spare_appeared(self, session: SessionId, site: str, window: int) -> None:
        """A spare of this portal is warm; the display server knows its window by this id."""
        ...

    def spare_lost(self, session: SessionId, site: str) -> None:
        """A spare of this portal died before any citizen used it, or could not be made."""
        ...

    def capsule_lost(self, session: SessionId) -> None:
        """The capsule that a citizen uses died."""
        ...

    def refused(self, session: SessionId, what: str, host: str) -> None:
        """A capsule refused its page something."""
        ...

    def paper(self, session: SessionId, pdf: bytes) -> None:
        """A citizen wants this printed."""
        ...


@dataclass(slots=True)
class _Stock:
    """One portal's spares: what they are made by, and how that has gone lately."""

    site: str
    make: CapsuleFactory
    pause: float = 0.0
    """s that the attempt after the last failure waits, or waited; none while all goes well."""
    not_before: float = 0.0
    lacks: int = 0
    """Parts that the newest spare's start page lacked; none, if it did not come at all."""


@dataclass(slots=True)
class _Member:
    capsule: Capsule
    stock: _Stock
    started_at: float
    born: float
    """In s since boot, which a sleep of the PC counts, as the portal does."""
    may_lack: int
    """Parts of its start page that the one before lacked, too."""
    pause: float = 0.0
    """s between two looks whether it is gone."""
    look_at: float = 0.0
    """When it is to be looked for; others are made meanwhile."""
    window: int | None = None
    warm_at: float | None = None
    used: bool = False
    lost: bool = False

    @property
    def waits(self) -> bool:
        """It is there for the next citizen."""
        return not self.used and not self.lost

    @property
    def warms(self) -> bool:
        """It will be there for the next citizen."""
        return self.waits and self.window is None


class CapsulePool:
    """Keeps ``warm`` spares of every portal ready and fresh; implements `guard.browser.port.CapsuleListener`.

    ``factories`` has one factory a portal, by its key; the first is what a counter opens with.
    """

    def __init__(
        self,
        factories: Mapping[str, CapsuleFactory],
        new_id: Callable[[], SessionId],
        warm: int,
        clock: Clock,
        listener: PoolListener,
    ) -> None:
        self._stocks = [_Stock(site, make) for site, make in factories.items()]
        self._new_id = new_id
        self._wanted = warm
        self._clock = clock
        self._listener = listener
        self._members: dict[SessionId, _Member] = {}
        self._changed = threading.Condition()
        self._asked = False
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="capsules", daemon=True)
        self._thread.start()

    # --- called by the core

    def warm_up(self) -> None:
        """Bring the numbers of spares up to what is wanted.

        One of each portal that is warm already is announced at once.
        """
        with self._changed:
            self._asked = True
            warm = {
                one.stock.site: (one.capsule.session, one.window)
                for one in reversed(self._members.values())
                if one.waits and one.window
            }
            self._changed.notify_all()
        for site, (session, window) in warm.items():
            self._listener.spare_appeared(session, site, window)

    def adopted(self, session: SessionId) -> None:
        """Learn that this spare will be its portal's next; those that waited too long there are discarded."""
        with self._changed:
            adopted = self._members.get(session)
            for member in self._members.values():
                if adopted and member.stock is adopted.stock and member is not adopted:
                    member.lost |= member.waits and self._too_old(member)
            self._changed.notify_all()

    def begin(self, session: SessionId) -> int | None:
        """Hand this spare to a citizen; return its window, or None when it is gone already.

        May be called again for the same session (a held session that is resumed).
        """
        with self._changed:
            member = self._members.get(session)
            if member is None or member.lost:
                return None
            member.used = True
            member.stock.pause = 0.0
            member.capsule.begin()
            return member.window

    def capsule(self, session: SessionId) -> Capsule | None:
        """Return the capsule of this session while anything of it may be left."""
        with self._changed:
            member = self._members.get(session)
            return member.capsule if member else None

    def forget(self, session: SessionId) -> None:
        """Drop a capsule that is proven gone."""
        with self._changed:
            self._members.pop(session, None)

    def resize(self, area: Geometry) -> None:
        """Tell every capsule its new place."""
        with self._changed:
            members = list(self._members.values())
        for member in members:
            member.capsule.resize(area)

    def not_printed(self, session: SessionId) -> None:
        """Have this session's citizen told that a PDF was not printed."""
        if capsule := self.capsule(session):
            capsule.not_printed()

    def pids(self) -> tuple[int, ...]:
        """Return the ids of all processes of all capsules."""
        with self._changed:
            members = list(self._members.values())
        return tuple(pid for member in members for pid in member.capsule.pids())

    def warm(self, session: SessionId, window: int, lacks: int) -> None:
        """See `guard.browser.port.CapsuleListener.warm`."""
        with self._changed:
            member = self._members.get(session)
            if member is None or not member.waits:
                return
            member.stock.lacks = lacks
            whole = lacks <= member.may_lack
            if whole:
                member.window = window
                member.warm_at = self._clock.monotonic()
            else:
                member.lost = True
                self._back_off(member.stock)
            self._changed.notify_all()
        if whole:
            self._listener.spare_appeared(session, member.stock.site, window)
        else:  # nobody else is told: the portal can be reached, and the next one is as good as there
            _log.warning(
                "a capsule of %s is replaced: parts of its start page did not come", member.stock.site
            )

    def refused(self, session: SessionId, what: str, host: str) -> None:
        """See `guard.browser.port.CapsuleListener.refused`."""
        self._listener.refused(session, what, host)

    def paper(self, session: SessionId, pdf: bytes) -> None:
        """See `guard.browser.port.CapsuleListener.paper`."""
        self._listener.paper(session, pdf)

    def lost(self, session: SessionId, why: str) -> None:
        """See `guard.browser.port.CapsuleListener.lost`."""
        with self._changed:
            member = self._members.get(session)
            if member is None or member.lost:
                return
            member.lost = True
            used = member.used
            if not used:
                if member.warm_at is None:
                    member.stock.lacks = 0
                elif self._clock.monotonic() - member.warm_at >= STEADY_AFTER:
                    member.stock.pause = 0.0
                self._back_off(member.stock)
            self._changed.notify_all()
        _log.warning("a capsule of %s was lost: %s", member.stock.site, why)
        if used:
            self._listener.capsule_lost(session)
        else:
            self._listener.spare_lost(session, member.stock.site)

    def close(self) -> None:
        """Kill every capsule and return when all are gone."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join()
        for member in list(self._members.values()):
            member.capsule.kill()
        for session, member in list(self._members.items()):
            member.capsule.prove_gone(GONE_WITHIN)
            self.forget(session)

    # --- the thread

    def _run(self) -> None:
        while True:
            with self._changed:
                if self._closing:
                    return
                overdue = self._overdue()
                now = self._clock.monotonic()
                discard = [one for one in self._unproven() if one.look_at <= now]
                start = None if overdue or discard else self._start_due()
                if not (overdue or discard or start):
                    self._changed.wait(self._sleep())
                    continue
            for member in overdue:
                self.lost(member.capsule.session, "it did not get warm in time")
            for member in discard:
                self._discard(member)
            if start:
                self._start_one(start)

    def _unproven(self) -> list[_Member]:
        return [one for one in self._members.values() if one.lost and not one.used]

    def _overdue(self) -> list[_Member]:
        oldest = self._clock.monotonic() - WARM_WITHIN
        return [one for one in self._members.values() if one.warms and one.started_at < oldest]

    def _missing(self, stock: _Stock) -> bool:
        mine = [one for one in self._members.values() if one.stock is stock and one.waits]
        return self._wanted > len([one for one in mine if not self._too_old(one)])

    def _too_old(self, member: _Member) -> bool:
        return self._clock.boot() - member.born > SPARE_LIFE

    def _start_due(self) -> _Stock | None:
        """Return the portal of which a spare is to be started now."""
        waits = [(self._startable_at(stock), stock) for stock in self._stocks if self._missing(stock)]
        now = self._clock.monotonic()
        return next((stock for at, stock in waits if self._asked and at <= now), None)

    def _startable_at(self, stock: _Stock) -> float:
        alone = [one.started_at + APART for one in self._members.values() if one.warms]
        return max([stock.not_before, *alone])

    def _sleep(self) -> float:
        """Return the s until the next look, if nothing changes before."""
        now = self._clock.monotonic()
        starts = [self._startable_at(stock) - now for stock in self._stocks if self._missing(stock)]
        warms = any(one.warms for one in self._members.values())
        looks = [one.look_at - now for one in self._unproven()]
        return max(0.0, min([1.0 if warms else AGE_CHECK, *looks, *(starts if self._asked else [])]))

    def _start_one(self, stock: _Stock) -> None:
        session = self._new_id()
        try:
            capsule = stock.make(session, self)
        except Exception as error:  # noqa: BLE001 -- what stops one spare must not end the thread of all
            why = error.sentence if isinstance(error, GuardError) else type(error).__name__
            _log.warning("a capsule of %s could not be made: %s", stock.site, why)
            with self._changed:
                self._back_off(stock)
            self._listener.spare_lost(session, stock.site)
            return
        with self._changed:
            self._members[session] = _Member(
                capsule, stock, self._clock.monotonic(), self._clock.boot(), stock.lacks
            )

    def _discard(self, member: _Member) -> None:
        try:
            processes, storage, _, _ = member.capsule.prove_gone(GONE_WITHIN)
            why = "something of it is left" if processes or storage else ""
        except OSError as error:  # such as no file descriptor left
            why = error.strerror or type(error).__name__
        if not why:
            self.forget(member.capsule.session)
            return
        if not member.pause:
            _log.warning("a spare of %s is not proven gone (%s); it is tried again", member.stock.site, why)
        member.pause = _longer(member.pause)
        member.look_at = self._clock.monotonic() + member.pause

    def _back_off(self, stock: _Stock) -> None:
        stock.pause = _longer(stock.pause)
        stock.not_before = self._clock.monotonic() + stock.pause


def _longer(pause: float) -> float:
    """Return the s to wait the next time."""
    return min(max(BACK_OFF_FIRST, 2 * pause), BACK_OFF_MOST)
