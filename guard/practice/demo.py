"""``guard demo``: the incident of 2023, without the guard, and with it under both policies."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if sys.platform == "win32":
    raise ImportError("this is Linux's part")

from guard.clock import SystemClock
from guard.ground import state_home
from guard.paths import shipped_config
from guard.practice.clerk import Clerk
from guard.practice.display import display_or_own
from guard.practice.guarded import GuardedCounter
from guard.practice.hands import XTestHands
from guard.practice.incident import Incident
from guard.practice.people import Town
from guard.practice.portal import PracticePortal
from guard.practice.timeline import Camera, Timeline
from guard.practice.unguarded import UnguardedCounter
from guard.settings.site import read_site

if TYPE_CHECKING:
    from pathlib import Path


def main(save: Path | None) -> int:
    """Play all three, print the timeline, save a picture of every screen; return the exit code.

    0: without the guard B's account landed under A, with it under B, under both policies. 1: it landed
    under A in spite of the guard, or the incident did not happen without it, so that nothing was shown.
    """
    pictures = state_home(os.environ) / "demo" if save is None else save
    start = read_site(shipped_config() / "sites" / "practice.toml")[0].start
    town = Town.shipped()
    timeline = Timeline(sys.stdout)
    clock = SystemClock()
    with display_or_own(os.environ.get("DISPLAY")) as display:
        kana = "".join(person.kana for person in town.people)
        with XTestHands(display, beyond_keyboard=kana) as hands:
            incident = Incident(town, hands, Camera(display, pictures), timeline)
            with PracticePortal() as portal:
                portal.start(start)
                with UnguardedCounter(start, display, portal.diary) as unguarded:
                    without = incident.play(unguarded, portal.diary)
            with PracticePortal() as portal:
                portal.start(start)
                with GuardedCounter(display, clock, timeline) as guarded:
                    wiped = incident.play(guarded, portal.diary)
            with PracticePortal() as portal:
                portal.start(start)
                clerk = Clerk(town.clerk, display, hands, clock)
                with GuardedCounter(display, clock, timeline, clerk) as guarded:
                    held = incident.play(guarded, portal.diary)
    timeline.end(pictures)
    return 0 if without.mixed_up and not wiped.mixed_up and not held.mixed_up else 1
