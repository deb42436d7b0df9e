"""What the core makes of a capsule that speaks as it must not, without a browser."""

from __future__ import annotations

import queue
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from guard.browser.capsule import SealedCapsule
from guard.browser.messages import (
    MOST_REFUSALS,
    MOST_WANTED,
    Refusal,
    Refused,
    Wanted,
    Warm,
    write_report,
)
from guard.channel import Channel
from guard.clock import SystemClock
from guard.containers.port import Remains
from guard.session.events import SessionId

if TYPE_CHECKING:
    import socket

SESSION = SessionId("a" * 32)
SOON = 20.0


@dataclass
class NoContainer:
    """A container without processes."""

    killed: bool = False

    def pids(self) -> tuple[int, ...]:
        return ()

    def kill(self) -> None:
        self.killed = True

    def wait(self, timeout: float) -> bool:
        assert timeout
        return True

    def remains(self) -> Remains:
        return Remains(processes=0, storage=False)


@dataclass
class Ear:
    """Keeps what it hears, in order."""

    heard: queue.SimpleQueue[str] = field(default_factory=queue.SimpleQueue)
    papers: queue.SimpleQueue[bytes] = field(default_factory=queue.SimpleQueue)

    def warm(self, session: SessionId, window: int, lacks: int) -> None:
        assert (session, window, lacks) == (SESSION, 7, 3)
        self.heard.put("warm")

    def refused(self, session: SessionId, what: str, host: str) -> None:
        assert (session, what) == (SESSION, "request")
        self.heard.put(host)

    def paper(self, session: SessionId, pdf: bytes) -> None:
        assert session == SESSION
        self.papers.put(pdf)

    def lost(self, session: SessionId, why: str) -> None:
        assert session == SESSION
        self.heard.put(f"lost: {why}")


@pytest.mark.parametrize("over", [False, True], ids=["as many as it may", "one more"])
def test_more_refusals_than_a_capsule_may_report_are_a_loss(*, over: bool) -> None:
    """Its own count is not trusted: what is on the other side may be no window of ours any more."""
    ours, theirs = Channel.pair()
    with theirs:
        container, ear = NoContainer(), Ear()
        capsule = SealedCapsule(SESSION, container, ours, listener=ear, recipe=None, clock=SystemClock())
        say(
            theirs,
            [Refused(session=SESSION, what=Refusal.REQUEST, host=f"h{n}") for n in range(MOST_REFUSALS)],
        )
        for number in range(MOST_REFUSALS):
            assert ear.heard.get(timeout=SOON) == f"h{number}"
        if over:
            say(theirs, [Refused(session=SESSION, what=Refusal.REQUEST, host="h")])
            assert ear.heard.get(timeout=SOON) == "lost: the capsule reported more refusals than it may"
            assert container.killed
        else:
            say(theirs, [Warm(session=SESSION, window=7, lacks=3)])
            assert ear.heard.get(timeout=SOON) == "warm"
            assert not container.killed
        capsule.kill()


@pytest.mark.parametrize("surveyed", [False, True])
def test_hosts_that_nobody_asked_for_or_too_many_are_a_loss(*, surveyed: bool) -> None:
    ours, theirs = Channel.pair()
    with theirs:
        container, ear, heard = NoContainer(), Ear(), list[str]()
        SealedCapsule(
            SESSION,
            container,
            ours,
            listener=ear,
            recipe=None,
            clock=SystemClock(),
            survey=(lambda wanted: heard.append(wanted.host)) if surveyed else None,
        )
        said = MOST_WANTED + 1 if surveyed else 1
        say(theirs, [Wanted(session=SESSION, host=f"h{number}", page=False) for number in range(said)])
        assert ear.heard.get(timeout=SOON) == "lost: the capsule told of more hosts than it may"
        assert container.killed
        assert heard == [f"h{number}" for number in range(said - 1)]


def say(theirs: socket.socket, reports: list[Refused] | list[Warm] | list[Wanted]) -> None:
    """Send these as a capsule does."""
    speaker = Channel(theirs)
    for report in reports:
        speaker.send(write_report(report))
