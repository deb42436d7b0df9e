"""Which browser a capsule runs: chosen once, by the name in ``[browser] kind``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.browser.embedded.launch import embedded
from guard.browser.managed.here import managed_here
from guard.browser.site import BrowserKind

if TYPE_CHECKING:
    from guard.browser.capsule import Launch


def launch_of(kind: BrowserKind) -> Launch:
    """Return how it is started; raises MachineError with one sentence when this PC has no such browser."""
    return embedded() if kind is BrowserKind.EMBEDDED else managed_here(kind)
