"""What holds an installed browser's windows, on a window that comes as a browser's does."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import subprocess
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from Xlib import X, Xutil
from Xlib.display import Display

from tests.support.waiting import until
from tests.support.xvfb import Xvfb

if TYPE_CHECKING:
    from collections.abc import Iterator

    from Xlib.xobject.drawable import Window

CLASS = "guard-test"
FRAME = """
import sys
from guard.browser.managed.frame import Frame
ignore = lambda: None
Frame(sys.argv[1], int(sys.argv[2]), sys.argv[3], print_pressed=ignore, page_gone=ignore).start()
print("begun", flush=True)
sys.stdin.read()
"""


@contextmanager
def held(client: Display, screen: str) -> Iterator[int]:
    """Show the window that the core knows, with a frame that watches."""
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


def test_a_window_that_a_window_manager_was_asked_to_show_and_did_not_is_shown(screen: str) -> None:
    """One that finds it gone to the host passes over what it was asked."""
    with (
        closing(Display(screen)) as client,
        held(client, screen) as host,
        closing(Display(screen)) as manager,
    ):
        manager.screen().root.change_attributes(event_mask=X.SubstructureRedirectMask)
        manager.sync()
        window = client.screen().root.create_window(0, 0, 200, 100, 0, X.CopyFromParent)
        window.set_wm_class("page", CLASS)
        window.map()
        client.sync()
        until(lambda: window.query_tree().parent.id == host)
        until(lambda: window.get_attributes().map_state == X.IsViewable)


def test_a_window_that_a_window_manager_had_begun_to_manage_is_shown() -> None:
    """As it lets go of it, it hides it (openbox's ``frame_hide``)."""
    with (
        Xvfb(window_manager="openbox") as server,
        closing(Display(server.display)) as client,
        held(client, server.display) as host,
    ):
        window = client.screen().root.create_window(0, 0, 200, 100, 0, X.CopyFromParent)
        window.map()
        client.sync()
        until(lambda: _managed(client, window))
        window.set_wm_class("page", CLASS)
        client.sync()
        until(lambda: not _managed(client, window))
        until(lambda: window.query_tree().parent.id == host)
        until(lambda: window.get_attributes().map_state == X.IsViewable)


def _managed(client: Display, window: Window) -> bool:
    """Tell whether a window manager says of it that it is normal or iconic (ICCCM 4.1.3.1)."""
    state = client.get_atom("WM_STATE")
    found = window.get_full_property(state, state)
    return found is not None and found.value[0] != Xutil.WithdrawnState
