"""A profile that permits downloads: the file stays inside the container and dies with it."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import contextlib
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from guard.browser.site import Permit
from guard.clock import SystemClock
from tests.browser.fixtures import site_of
from tests.browser.puppet import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.browser.fixtures import Born, Citizen
    from tests.browser.puppet import Puppet

pytestmark = pytest.mark.chain

CONTENT = b"file"


def _downloads(citizen: Citizen) -> Iterator[Path]:
    """Yield the files with what was downloaded, seen through the root folder of the capsule's processes."""
    for pid in citizen.capsule.pids():
        # A process that has just ended, one of the sandbox that hides its root, a file that is being renamed.
        with contextlib.suppress(OSError):
            for place in ("home", "tmp"):
                for path in Path(f"/proc/{pid}/root", place).rglob("*"):
                    if (
                        path.is_file()
                        and path.stat().st_size == len(CONTENT)
                        and path.read_bytes() == CONTENT
                    ):
                        yield path


def test_a_permitted_download_stays_inside_and_dies_with_the_session(born: Born, portal: Puppet) -> None:
    site = replace(site_of(portal), permit=Permit(downloads=True))
    clock = SystemClock()
    with born(site) as citizen:
        citizen.begin()
        portal.do("const a = document.createElement('a'); a.href = '/download'; a.click()")
        end = clock.monotonic() + PATIENCE
        while not list(_downloads(citizen)):
            assert clock.monotonic() < end, "nothing was downloaded"
            threading.Event().wait(0.05)
        assert ("download", "127.0.0.1") not in citizen.ear.refusals
    assert list(_downloads(citizen)) == []
