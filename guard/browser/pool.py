"""All capsules that live: the spares that are warming or warm, and the one a citizen uses.

One thread makes and discards capsules, so that neither the core nor the thread that noticed a death ever
waits for a browser to start. A spare that dies, or does not get warm in time, is proven gone like any other,
and the next attempt waits longer each time, up to `BACK_OFF_MOST`.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from guard.errors import GuardError

if TYPE_CHECKING:
    from collections.abc import Callable

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
AGE_CHECK = 60.0
"""s between two looks for spares that have waited too long."""
GONE_WITHIN = 5.0
"""s; measured kill to all processes reaped: 62-103 ms (seed facts). Past this the wipe has failed for now."""

_log = logging.getLogger(__name__)


class PoolListener(Protocol):
    """Where the pool reports; calls may come from any thread and must return at once."""

    def spare_appeared(self, session: SessionId, window: int) -> None:
        """A spare is warm; the display server knows its window by this id."""
        ...

    def spare_lost(self, session: SessionId) -> None:
        """A spare died before any citizen used it."""
        ...

    def capsule_lost(self, session: SessionId) -> None:
        """The capsule that a citizen uses died."""
        ...

    def refused(self, session: SessionId, what: str, host: str) -> None:
        """A capsule refused its page something."""
        ...


@dataclass(slots=True)
class _Member:
    capsule: Capsule
    started_at: float
    window: int | None = None
    warm_at: float | None = None
    used: bool = False
    lost: bool = False

    @property
    def waits(self) -> bool:
        """It is there for the next citizen."""
        return not self.used and not self.lost


class CapsulePool:
    """Keeps ``warm`` spares ready and fresh; implements `guard.browser.port.CapsuleListener`."""

    def __init__(
        self,
        factory: CapsuleFactory,
        new_id: Callable[[], SessionId],
        warm: int,
        clock: Clock,
        listener: PoolListener,
    ) -> None:
        self._factory = factory
        self._new_id = new_id
        self._wanted = warm
        self._clock = clock
        self._listener = listener
        self._members: dict[SessionId, _Member] = {}
        self._changed = threading.Condition()
        self._asked = False
        self._failures = 0
        self._not_before = 0.0
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="capsules", daemon=True)
        self._thread.start()

    # --- called by the core

    def warm_up(self) -> None:
        """Bring the number of spares up to what is wanted; one that is warm already is announced at once."""
        with self._changed:
            self._asked = True
            ready = next((one for one in self._members.values() if one.waits and one.window), None)
            self._changed.notify_all()
        if ready and ready.window:
            self._listener.spare_appeared(ready.capsule.session, ready.window)

    def adopted(self, session: SessionId) -> None:
        """Learn that this spare will be the next citizen's; those that waited too long are discarded."""
        with self._changed:
            for member in self._members.values():
                if member.waits and member.capsule.session != session and self._too_old(member):
                    member.lost = True
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
            self._failures = 0
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

    def pids(self) -> tuple[int, ...]:
        """Return the ids of all processes of all capsules."""
        with self._changed:
            members = list(self._members.values())
        return tuple(pid for member in members for pid in member.capsule.pids())

    def warm(self, session: SessionId, window: int) -> None:
        """See `guard.browser.port.CapsuleListener.warm`."""
        with self._changed:
            member = self._members.get(session)
            if member is None or not member.waits:
                return
            member.window = window
            member.warm_at = self._clock.monotonic()
        self._listener.spare_appeared(session, window)

    def refused(self, session: SessionId, what: str, host: str) -> None:
        """See `guard.browser.port.CapsuleListener.refused`."""
        self._listener.refused(session, what, host)

    def lost(self, session: SessionId, why: str) -> None:
        """See `guard.browser.port.CapsuleListener.lost`."""
        with self._changed:
            member = self._members.get(session)
            if member is None or member.lost:
                return
            member.lost = True
            used = member.used
            if not used:
                if member.warm_at is not None and self._clock.monotonic() - member.warm_at >= STEADY_AFTER:
                    self._failures = 0
                self._back_off()
            self._changed.notify_all()
        _log.warning("a capsule was lost: %s", why)
        if used:
            self._listener.capsule_lost(session)
        else:
            self._listener.spare_lost(session)

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
                discard = [one for one in self._members.values() if one.lost and not one.used]
                start = not overdue and not discard and self._start_due()
                if not (overdue or discard or start):
                    self._changed.wait(self._sleep())
                    continue
            for member in overdue:
                self.lost(member.capsule.session, "it did not get warm in time")
            for member in discard:
                self._discard(member)
            if start:
                self._start_one()

    def _overdue(self) -> list[_Member]:
        oldest = self._clock.monotonic() - WARM_WITHIN
        return [
            one
            for one in self._members.values()
            if one.waits and one.window is None and one.started_at < oldest
        ]

    def _missing(self) -> int:
        fresh = [one for one in self._members.values() if one.waits and not self._too_old(one)]
        return self._wanted - len(fresh)

    def _too_old(self, member: _Member) -> bool:
        return self._clock.monotonic() - member.started_at > SPARE_LIFE

    def _start_due(self) -> bool:
        return self._asked and self._missing() > 0 and self._clock.monotonic() >= self._not_before

    def _sleep(self) -> float:
        if self._asked and self._missing() > 0:
            return max(0.0, self._not_before - self._clock.monotonic())
        warming = any(one.waits and one.window is None for one in self._members.values())
        return 1.0 if warming else AGE_CHECK

    def _start_one(self) -> None:
        session = self._new_id()
        try:
            capsule = self._factory(session, self)
        except Exception as error:  # noqa: BLE001 -- what stops one spare must not end the thread of all
            _log.warning("%s", error.sentence if isinstance(error, GuardError) else type(error).__name__)
            with self._changed:
                self._back_off()
            self._listener.spare_lost(session)
            return
        with self._changed:
            self._members[session] = _Member(capsule, self._clock.monotonic())

    def _discard(self, member: _Member) -> None:
        try:
            processes, storage, _, _ = member.capsule.prove_gone(GONE_WITHIN)
        except OSError as error:  # such as no file descriptor left: not proven, so it is tried again
            _log.warning("a spare could not be proven gone: %s", error.strerror)
            processes, storage = 1, True
        if not processes and not storage:
            self.forget(member.capsule.session)
            return
        with self._changed:
            self._changed.wait(0.0 if self._closing else BACK_OFF_FIRST)

    def _back_off(self) -> None:
        delay = min(BACK_OFF_FIRST * 2**self._failures, BACK_OFF_MOST)
        self._failures += 1
        self._not_before = self._clock.monotonic() + delay
