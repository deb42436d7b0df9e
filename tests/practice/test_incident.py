"""The incident's replay with real windows, a real browser engine and real typing."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import io
from contextlib import ExitStack
from typing import TYPE_CHECKING

import psutil
import pytest

from guard.practice.incident import Deed, Happened, Incident, Moment
from guard.practice.timeline import Camera, Timeline
from guard.practice.unguarded import UnguardedCounter
from tests.support.processes import living

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from guard.practice.hands import XTestHands
    from guard.practice.people import Town
    from guard.practice.portal import PracticePortal

pytestmark = pytest.mark.chain


class FreshBrowserCounter:
    """A counter that gives every card a browser of its own."""

    key = "guarded"
    waits_for_staff = False

    def __init__(self, start_url: str, display: str, portal: PracticePortal) -> None:
        self._where = (start_url, display, portal.diary)
        self._open = ExitStack()
        self._at = 0.0

    def card_in(self) -> float:
        counter = self._open.enter_context(UnguardedCounter(*self._where))
        self._at = counter.card_in()
        return self._at

    def card_out(self) -> float:
        self._open.close()
        return self._at

    def staff(self, deed: Deed, look: Callable[[str], None]) -> Happened:
        raise AssertionError((deed, look))

    def wait_for(self, moment: Moment) -> Happened | None:
        return Happened(at=self._at, note=str(moment))


@pytest.fixture
def told() -> io.StringIO:
    """Where the timeline is printed."""
    return io.StringIO()


@pytest.fixture
def incident(display: str, hands: XTestHands, town: Town, told: io.StringIO, tmp_path: Path) -> Incident:
    """The replay on a screen of its own."""
    return Incident(town, hands, Camera(display, tmp_path), Timeline(told))


def test_without_the_guard_bs_account_lands_under_a(
    incident: Incident, told: io.StringIO, start_url: str, portal: PracticePortal, display: str
) -> None:
    """The incident really happens again, and the timeline says so."""
    with UnguardedCounter(start_url, display, portal.diary) as counter:
        outcome = incident.play(counter, portal.diary)
    assert outcome.mixed_up
    assert (outcome.landed_under, outcome.belongs_to) == ("A", "B")
    assert "ようこそ 見本 花子（A）さん" in told.getvalue()
    assert "✗" in told.getvalue()
    assert len(outcome.pictures) >= 10
    assert all(picture.stat().st_size > 1000 for picture in outcome.pictures)


def test_with_a_browser_for_each_card_bs_account_lands_under_b(
    incident: Incident, told: io.StringIO, start_url: str, portal: PracticePortal, display: str
) -> None:
    """The scenario follows the screen: it does not bring the mix-up about by itself."""
    counter = FreshBrowserCounter(start_url, display, portal)
    outcome = incident.play(counter, portal.diary)
    assert not outcome.mixed_up
    assert outcome.landed_under == "B"
    assert "✓" in told.getvalue()


def test_the_kiosk_leaves_no_process_behind(start_url: str, portal: PracticePortal, display: str) -> None:
    """After the replay nothing of its browser runs on."""
    with UnguardedCounter(start_url, display, portal.diary):
        portal.diary.seen("top")
        kiosk = [
            child
            for child in psutil.Process().children(recursive=True)
            if child.pid != portal.pid and "Xvfb" not in child.name()
        ]
        assert kiosk
    assert not living(kiosk)
