"""What a real counter tells the systemd that started it."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import os
import signal
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import psutil
import pytest
from Xlib import X
from Xlib.display import Display

from tests.support.counter import PATIENCE, Counter, running
from tests.support.notified import Manager
from tests.support.site import web_site
from tests.support.xvfb import Xvfb

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.pcsc import VirtualReader

pytestmark = pytest.mark.chain
pytest_plugins = ("tests.support.pcsc",)

INTERVAL = 2.0
"""s within which this systemd wants a sign of life; short, because a test waits for several."""
PAGE = 0xBEEF01
"""What somebody left on the screen before the guard came."""


@contextmanager
def supervised(
    tmp_path: Path, reader: VirtualReader, display: str, site: Path
) -> Iterator[tuple[Counter, Manager]]:
    """Run a counter as a service of a systemd that hears it."""
    with Manager(f"@guard-test-{os.getpid()}") as manager:
        one = Counter(tmp_path, reader, display, site)
        one.environment |= {
            "NOTIFY_SOCKET": manager.address,
            "WATCHDOG_USEC": str(round(INTERVAL * 1_000_000)),
        }
        with running(one):
            yield one, manager


@pytest.fixture
def both(tmp_path: Path, practice_reader: VirtualReader) -> Iterator[tuple[Counter, Manager]]:
    with (
        Xvfb() as server,
        web_site() as site,
        supervised(tmp_path, practice_reader, server.display, site.profile(tmp_path)) as both,
    ):
        yield both


def _told(manager: Manager, what: str) -> str:
    """Wait until this is told; return what was told."""
    while what not in (told := manager.next()).splitlines():
        pass
    return told


def test_ready_is_told_when_the_screen_is_covered_and_not_before(
    tmp_path: Path, practice_reader: VirtualReader
) -> None:
    with (
        Xvfb() as server,
        web_site() as site,
        _left_behind(server.display),
        supervised(tmp_path, practice_reader, server.display, site.profile(tmp_path)) as (one, manager),
    ):
        _told(manager, "READY=1")
        assert not one.shows(PAGE)
        assert one.status()["covered"]
        one.wait_state("READY")


@contextmanager
def _left_behind(display: str) -> Iterator[None]:
    """Fill the screen with what somebody left there."""
    with closing(Display(display)) as client:
        screen = client.screen()
        window = screen.root.create_window(
            0,
            0,
            screen.width_in_pixels,
            screen.height_in_pixels,
            0,
            screen.root_depth,
            X.InputOutput,
            X.CopyFromParent,
            background_pixel=PAGE,
            override_redirect=True,
        )
        window.map()
        client.sync()
        assert window.get_attributes().map_state == X.IsViewable
        yield


def test_life_is_told_while_the_loop_turns_and_no_more_when_it_stands(
    both: tuple[Counter, Manager],
) -> None:
    one, manager = both
    _told(manager, "READY=1")
    one.wait_state("READY")  # what starts keeps the PC busy
    manager.heard()
    for _ in range(3):
        assert manager.next(INTERVAL) == "WATCHDOG=1"
    assert one.core
    one.core.send_signal(signal.SIGSTOP)
    try:
        one.until(lambda: _stands(one.core), "the core standing still")
        manager.heard()
        with pytest.raises(TimeoutError):
            manager.next(2 * INTERVAL)
    finally:
        one.core.send_signal(signal.SIGCONT)
    _told(manager, "WATCHDOG=1")


def _stands(core: psutil.Process | None) -> bool:
    """Tell whether every one of its threads was stopped."""
    assert core
    return core.status() == psutil.STATUS_STOPPED


def test_stopping_is_told_before_an_open_session_is_ended_and_proven_gone(
    both: tuple[Counter, Manager],
) -> None:
    one, manager = both
    one.open_session()
    assert one.core
    one.core.send_signal(signal.SIGTERM)
    _told(manager, "STOPPING=1")
    assert one.core.wait(PATIENCE) == 0
    assert [record["good"] for record in one.journal() if record["kind"] == "receipt"] == [True]
    assert "READY=1" not in "\n".join(manager.heard())


def test_no_child_can_speak_for_the_core(both: tuple[Counter, Manager]) -> None:
    one, manager = both
    one.wait_state("READY")
    _told(manager, "READY=1")
    assert one.core
    speakers = list[int]()
    others = 0
    for process in one.guard_processes():
        with_socket = any(name in process.environ() for name in ("NOTIFY_SOCKET", "WATCHDOG_USEC"))
        others += process.pid != one.core.pid
        if with_socket:
            speakers.append(process.pid)
    assert others > 3
    assert speakers == [one.core.pid]
