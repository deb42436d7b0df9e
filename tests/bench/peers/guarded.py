"""Ours: ``guard run`` at a counter, with a real browser engine on a page of the portal's colour."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from guard.clock import SystemClock
from tests.support.counter import Counter, counter
from tests.support.site import web_site

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psutil

    from tests.bench.peers.contender import Contender, Place

_POLL_SECONDS = 0.02


class Guarded:
    """A counter whose guard runs."""

    def __init__(self, one: Counter) -> None:
        self._one = one

    def noticed(self, seconds: float) -> bool:
        """See `Contender.noticed`; with a citizen's portal on the screen and the next spare warm."""
        clock, pause = SystemClock(), threading.Event()
        end = clock.monotonic() + seconds
        while self._state()[0] != "ACTIVE":
            if clock.monotonic() > end:
                return False
            pause.wait(_POLL_SECONDS)
        self._one.until(self._warm, "the next spare, warmed in the session")
        return True

    def reset(self) -> None:
        """See `Contender.reset`."""
        self._one.until(lambda: self._state()[0] == "READY", "READY")
        self._one.until(self._warm, "a warm spare")

    def processes(self) -> list[psutil.Process]:
        """See `Contender.processes`."""
        return self._one.guard_processes()

    def condition(self) -> str:
        """See `Contender.condition`."""
        assert self._one.core
        if not self._one.core.is_running():
            return "has ended"
        state, cause = self._state()
        return f"runs on, {state} ({cause})"

    def _state(self) -> tuple[str, str]:
        """Return the newest state, and what led to it."""
        states = [record for record in self._one.journal() if record["kind"] == "state"]
        return (str(states[-1]["after"]), str(states[-1]["cause"])) if states else ("", "")

    def _warm(self) -> bool:
        capsule = self._one.status().get("capsule")
        return isinstance(capsule, dict) and bool(capsule["warm"])


@contextmanager
def guard_run(place: Place, watch: str) -> Iterator[Contender]:
    """Run the guard with this ``[reader] watch``; begins when it is READY."""
    with (
        web_site() as site,
        counter(
            place.folder,
            place.reader,
            place.display,
            site.profile(place.folder),
            f'watch = "{watch}"\n[browser]\nkind = "embedded"\n',  # goes on with the section [reader]
        ) as one,
    ):
        guarded = Guarded(one)
        guarded.reset()
        yield guarded
