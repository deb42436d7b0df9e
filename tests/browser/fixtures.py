"""A real screen, a real portal, real capsules: shared where a test does not wear them out."""

from __future__ import annotations

import queue
import secrets
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import pytest

from guard.browser.capsule import SealedCapsules
from guard.browser.kinds import launch_of
from guard.browser.network import Network
from guard.browser.port import Geometry
from guard.browser.site import BrowserKind, LogoutRecipe, Site
from guard.clock import SystemClock
from guard.containers.bubblewrap import Bubblewrap
from guard.screens.x11_stage import x11_stage
from guard.session.events import SessionId
from guard.settings.model import Language
from tests.browser.puppet import PATIENCE, Puppet, puppet
from tests.support.waiting import until
from tests.support.xvfb import Xvfb

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from guard.browser.capsule import SealedCapsule

AREA = Geometry(x=0, y=64, width=1280, height=736)
DIRECTLY = Network()


@dataclass(slots=True)
class Ear:
    """Listens to a capsule; anything heard about another session is an error."""

    session: SessionId
    windows: queue.SimpleQueue[int] = field(default_factory=queue.SimpleQueue)
    lacks: int = 0
    """Parts of the start page that did not come; known once there is a window."""
    refusals: set[tuple[str, str]] = field(default_factory=set)
    papers: queue.SimpleQueue[bytes] = field(default_factory=queue.SimpleQueue)
    losses: queue.SimpleQueue[str] = field(default_factory=queue.SimpleQueue)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def warm(self, session: SessionId, window: int, lacks: int) -> None:
        assert session == self.session
        self.lacks = lacks
        self.windows.put(window)

    def refused(self, session: SessionId, what: str, host: str) -> None:
        assert session == self.session
        with self.changed:
            self.refusals.add((what, host))
            self.changed.notify_all()

    def paper(self, session: SessionId, pdf: bytes) -> None:
        assert session == self.session
        self.papers.put(pdf)

    def lost(self, session: SessionId, why: str) -> None:
        assert session == self.session
        self.losses.put(why)

    def wait_refused(self, what: str, host: str) -> None:
        """Wait until this has been refused (each refusal is told once a session)."""
        with self.changed:
            assert self.changed.wait_for(lambda: (what, host) in self.refusals, PATIENCE), "not refused"


@dataclass(frozen=True, slots=True)
class Citizen:
    """One capsule and what it says."""

    capsule: SealedCapsule
    ear: Ear
    window: int

    def begin(self) -> None:
        """Come; returns when the window knows: before, what a page does is nobody's wish, and loses it."""
        self.capsule.begin()
        begins = self.capsule._begin_deadline
        assert begins
        until(begins.finished.is_set, within=PATIENCE)


class Born(Protocol):
    """Makes capsules."""

    def __call__(
        self, site: Site, *, network: Network = DIRECTLY, warm: bool = True, begun_within: float = PATIENCE
    ) -> AbstractContextManager[Citizen]:
        """Start one for this site; it is gone after the block."""
        ...


@pytest.fixture(scope="session")
def screen() -> Iterator[str]:
    with Xvfb() as server:
        yield server.display


@pytest.fixture(scope="session")
def sealer() -> Iterator[Bubblewrap]:
    sealer = Bubblewrap(f"test-{secrets.token_hex(6)}")
    yield sealer
    sealer.close()


@pytest.fixture(scope="session", params=[BrowserKind.EMBEDDED, BrowserKind.CHROMIUM])
def kind(request: pytest.FixtureRequest) -> BrowserKind:
    """The one suite, for every kind of browser that this machine can have."""
    return BrowserKind(request.param)


@pytest.fixture(scope="session")
def born(screen: str, sealer: Bubblewrap, kind: BrowserKind) -> Born:
    @contextmanager
    def make(
        site: Site, *, network: Network = DIRECTLY, warm: bool = True, begun_within: float = PATIENCE
    ) -> Iterator[Citizen]:
        factory = SealedCapsules(
            sealer,
            SystemClock(),
            launch_of(kind),
            site=site,
            network=network,
            area=lambda: AREA,
            language=Language.JA,
            stage=x11_stage({"DISPLAY": screen}),
            begun_within=begun_within,
        )
        session = SessionId(secrets.token_hex(16))
        ear = Ear(session)
        capsule = factory(session, ear)
        try:
            yield Citizen(capsule, ear, ear.windows.get(timeout=PATIENCE) if warm else 0)
        finally:
            assert capsule.prove_gone(PATIENCE)[:2] == (0, False)

    return make


@pytest.fixture(scope="module")
def portal() -> Iterator[Puppet]:
    with puppet() as one:
        yield one


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Puppet]:
    """A site that no profile allows."""
    with puppet() as one:
        yield one


@pytest.fixture
def site(portal: Puppet) -> Site:
    portal.forget()
    return site_of(portal)


def site_of(portal: Puppet) -> Site:
    """Return the profile of a puppet portal."""
    return Site(
        key="test",
        name="test",
        start=portal.url,
        allow=(portal.host, "localhost"),
        logout=LogoutRecipe(url=f"{portal.url}logout", done="#logged-out", deadline_ms=5000),
    )
