"""What happens at a counter, played once each."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import contextlib
import threading
from typing import TYPE_CHECKING

import psutil

from guard.clock import SystemClock
from guard.containers.processes import taken
from tests.bench.peers.results import Removal, Rest, Restart
from tests.support.site import PORTAL_COLOUR

if TYPE_CHECKING:
    import random

    from tests.bench.peers.stage import Stage
    from tests.support.pcsc import VirtualReader

SWAP_GAP_SECONDS = 0.05
"""Far below the 400 ms between two looks of pcscd, and not beyond a nimble hand."""
_LONGEST_HOLD = 1.0
"""s; a card is held for a random part of the slowest poll, so that it goes at any moment of it."""
_NOTICE_SECONDS = 10.0
_COVER_MS = 5_000
"""Several times the slowest poll; whoever has not covered by then does not."""
_SETTLE_SECONDS = 2.5
"""Until the slowest contender has done what it does about an empty reader."""
_TERMINATION_SECONDS = 5.0
_SPARE_SECONDS = 15.0
"""Until a browser's start is over."""
_COLOUR = f"{PORTAL_COLOUR:06x}"


class SpoiltError(Exception):
    """The scene could not be played to its end: no figure comes of it, and the reader is empty again."""


def removal(on: Stage, chance: random.Random) -> Removal:
    """Lay a card, take it, and see when the screen is covered."""
    _lay(on)
    _pause(chance.uniform(0, _LONGEST_HOLD))
    on.observer.ask(f"gone {_COLOUR} {_COVER_MS}")
    gone = on.reader.remove() * 1000
    covered = on.observer.outcome()
    while (reported := on.bare.report("absent")) < gone:
        pass  # of the start, or of a scene that was spoilt
    if covered is None:
        _pause(_SETTLE_SECONDS)
    on.contender.reset()
    if covered is not None and covered < gone:
        raise SpoiltError("it covered before the card was taken")
    return Removal(reported - gone, None if covered is None else covered - gone)


def swap(on: Stage, chance: random.Random) -> bool:
    """Lay a card and change it for the next one at once; tell whether the screen was covered."""
    _lay(on)
    _pause(chance.uniform(0, _LONGEST_HOLD))
    on.observer.ask(f"gone {_COLOUR} {_COVER_MS}")
    on.reader.swap(SWAP_GAP_SECONDS)
    covered = on.observer.outcome() is not None
    on.reader.remove()
    _pause(_SETTLE_SECONDS)
    on.contender.reset()
    return covered


def restart(on: Stage) -> Restart:
    """Restart the PC/SC service under a session, and see whether the next card taken still covers."""
    _lay(on)
    on.observer.ask(f"gone {_COLOUR} {_COVER_MS}")
    _restart_service(on.reader)
    at_once = on.observer.outcome() is not None
    if at_once:
        on.reader.remove()
        _pause(_SETTLE_SECONDS)
        on.contender.reset()
        on.observer.ask(f"seen {_COLOUR} {_NOTICE_SECONDS * 1000}")
        on.reader.insert()
        on.contender.noticed(_NOTICE_SECONDS)
        if (
            on.observer.outcome() is None
        ):  # nothing to cover: without this, a closed counter would count as fast
            on.reader.remove()
            return Restart(at_once, next_removal=False, condition=on.contender.condition())
    on.observer.ask(f"gone {_COLOUR} {_COVER_MS}")
    on.reader.remove()
    next_removal = on.observer.outcome() is not None
    _pause(_SETTLE_SECONDS)
    return Restart(at_once, next_removal, on.contender.condition())


def rest(on: Stage, seconds: float) -> Rest:
    """Let it wait for a card, and count what that costs."""
    _pause(_SPARE_SECONDS)
    parts, service = on.contender.processes(), psutil.Process(on.reader.pcscd_pid)
    before, service_before = _used(parts), _used([service])
    _pause(seconds)
    spent, service_spent = _used(parts) - before, _used([service]) - service_before
    resident = sum(one.memory_info().rss for one in parts) / 2**20
    own = sum(taken(one.pid) for one in parts) / 2**20
    return Rest(spent / seconds * 100, service_spent / seconds * 100, resident, own, len(parts))


def _lay(on: Stage) -> None:
    """Lay a card; return when the contender knows of it and the portal is on the screen."""
    on.observer.ask(f"seen {_COLOUR} {_NOTICE_SECONDS * 1000}")
    on.reader.insert()
    noticed = on.contender.noticed(_NOTICE_SECONDS)
    shown = on.observer.outcome() is not None
    if not noticed or not shown:
        condition = on.contender.condition()
        on.reader.remove()
        _pause(_SETTLE_SECONDS)
        on.contender.reset()
        raise SpoiltError(f"a card was laid and no portal came: {condition}")


def _restart_service(reader: VirtualReader) -> None:
    """Restart it as ``systemctl restart pcscd`` does: SIGTERM, and SIGKILL only when that does not help."""
    service, clock = psutil.Process(reader.pcscd_pid), SystemClock()
    end = clock.monotonic() + _TERMINATION_SECONDS
    service.terminate()
    with contextlib.suppress(psutil.NoSuchProcess):
        while service.status() != psutil.STATUS_ZOMBIE and clock.monotonic() < end:
            _pause(0.01)
    reader.restart_service()


def _used(parts: list[psutil.Process]) -> float:
    """Return the s of processor time they have used."""
    return sum(sum(one.cpu_times()[:2]) for one in parts)


def _pause(seconds: float) -> None:
    threading.Event().wait(seconds)
