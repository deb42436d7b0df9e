"""What holds an installed browser's windows, on a window that comes as a browser's does."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import subprocess
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from Xlib import X
from Xlib.display import Display

from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

CLASS = "guard-test"
FRAME = """
import sys
from guard.browser.managed.frame import Frame
ignore = lambda: None
Frame(sys.argv[1], int(sys.argv[2]), sys.argv[3], print_pressed=ignore, page_gone=ignore).start()
print("begun", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def client(screen: str) -> Iterator[Display]:
    with closing(Display(screen)) as client:
        yield client


@pytest.fixture
def host(client: Display, screen: str) -> Iterator[int]:
    """The window that the core knows, with a frame that watches."""
    window = client.screen().root.create_window(0, 0, 400, 300, 0, X.CopyFromParent, override_redirect=1)
    window.map()
    client.sync()
    with subprocess.Popen(
        [sys.executable, "-c", FRAME, screen, str(window.id), CLASS],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == b"begun\n"
            yield window.id
        finally:
            process.kill()
            window.destroy()
            client.sync()


def test_a_window_that_a_window_manager_was_asked_to_show_and_did_not_is_shown(
    client: Display, screen: str, host: int
) -> None:
    """One that finds it gone to the host passes over what it was asked."""
    with closing(Display(screen)) as manager:
        manager.screen().root.change_attributes(event_mask=X.SubstructureRedirectMask)
        manager.sync()
        window = client.screen().root.create_window(0, 0, 200, 100, 0, X.CopyFromParent)
        window.set_wm_class("page", CLASS)
        window.map()
        client.sync()
        until(lambda: window.query_tree().parent.id == host)
        until(lambda: window.get_attributes().map_state == X.IsViewable)


def test_a_window_that_a_window_manager_hides_as_it_lets_go_of_it_is_shown_again(
    client: Display, screen: str, host: int
) -> None:
    """One that had begun to manage it unmaps it when it finds it gone (openbox, ``frame_hide``)."""
    window = client.screen().root.create_window(0, 0, 200, 100, 0, X.CopyFromParent)
    window.set_wm_class("page", CLASS)
    window.map()
    client.sync()
    until(lambda: window.get_attributes().map_state == X.IsViewable and window.query_tree().parent.id == host)
    with closing(Display(screen)) as manager:
        theirs = manager.create_resource_object("window", window.id)
        theirs.change_attributes(event_mask=X.StructureNotifyMask)
        theirs.unmap()
        manager.sync()
        until(lambda: X.MapNotify in _events(manager))


def _events(client: Display) -> list[int]:
    return [client.next_event().type for _ in range(client.pending_events())]
