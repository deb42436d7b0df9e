"""What the curtain's tests stand on: a listener that can be waited for, and a container without walls."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import contextlib
import os
import queue
import signal
import subprocess
import threading
from typing import TYPE_CHECKING

import psutil
from Xlib import X, display
from Xlib.ext import xtest
from Xlib.protocol import event

from guard.browser.port import Geometry
from guard.containers.port import Remains, Sealing
from tests.support.in_sight import in_sight
from tests.support.processes import living

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from Xlib.xobject.drawable import Window

    from guard.screens.messages import Areas
    from guard.screens.port import Key

PATIENCE = 60.0
"""Seconds until a test gives up; nothing is asserted about how long it took."""

AREAS: Areas = (
    Geometry(x=0, y=72, width=1280, height=728),
    Geometry(x=0, y=0, width=1280, height=72),
    Geometry(x=0, y=0, width=1280, height=800),
)


class Ear:
    """Listens to the curtain."""

    def __init__(self) -> None:
        self.up: queue.SimpleQueue[tuple[int, int]] = queue.SimpleQueue()
        self.lost: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.end: queue.SimpleQueue[None] = queue.SimpleQueue()
        self.staff: queue.SimpleQueue[None] = queue.SimpleQueue()
        self.keys: queue.SimpleQueue[Key] = queue.SimpleQueue()
        self.portals: queue.SimpleQueue[str] = queue.SimpleQueue()

    def curtain_up(self, curtain: int, strip: int) -> None:
        self.up.put((curtain, strip))

    def curtain_lost(self, why: str) -> None:
        self.lost.put(why)

    def end_pressed(self) -> None:
        self.end.put(None)

    def staff_pressed(self) -> None:
        self.staff.put(None)

    def key_pressed(self, key: Key) -> None:
        self.keys.put(key)

    def portal_pressed(self, key: str) -> None:
        self.portals.put(key)


class OpenContainer:
    """A process with its children; no walls."""

    def __init__(self, sealing: Sealing) -> None:
        self.process = subprocess.Popen(
            sealing.command, env=sealing.environment, pass_fds=(sealing.channel_fd,), start_new_session=True
        )
        self._lock = threading.Lock()
        self._seen: set[psutil.Process] = set()

    def pids(self) -> tuple[int, ...]:
        return tuple(process.pid for process in self._alive())

    def kill(self) -> None:
        self.signal(signal.SIGKILL)

    def wait(self, timeout: float) -> bool:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout)
        return not psutil.wait_procs(self._alive(), timeout)[1]

    def remains(self) -> Remains:
        return Remains(processes=len(self._alive()), storage=False)

    def signal(self, number: signal.Signals) -> None:
        for process in self._alive():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(number)

    def _alive(self) -> list[psutil.Process]:
        with self._lock:
            with contextlib.suppress(psutil.NoSuchProcess):
                main = psutil.Process(self.process.pid)
                self._seen |= {main, *main.children(recursive=True)}
            return living(self._seen)


class OpenSealer:
    """Starts without sealing, and keeps the book."""

    def __init__(self) -> None:
        self.sealed: list[tuple[Sealing, OpenContainer]] = []

    def seal(self, sealing: Sealing) -> OpenContainer:
        container = OpenContainer(sealing)
        self.sealed.append((sealing, container))
        return container

    def sweep(self) -> int:
        return 0

    def why_not(self) -> str | None:
        return None

    def close(self) -> None:
        for _, container in self.sealed:
            container.kill()
            container.wait(PATIENCE)


class Stranger:
    """Another X client: stacks, looks and clicks, and knows nothing of the guard."""

    def __init__(self, name: str) -> None:
        self.display = display.Display(name)
        self.root = self.display.screen().root

    def close(self) -> None:
        self.display.close()

    def find(self, window: int) -> Window:
        return self.display.create_resource_object("window", window)

    def stack(self) -> list[int]:
        """Return all windows in sight from bottom to top."""
        return [window for window, _ in in_sight(self.display)]

    def lift(self, window: int) -> None:
        self.find(window).configure(stack_mode=X.Above)
        self.display.sync()

    def hostile(self) -> int:
        """Map a window that lies over everything, and return its id."""
        window = self.root.create_window(
            0, 0, 1280, 800, 0, X.CopyFromParent, background_pixel=0xCC2211, override_redirect=1
        )
        window.map()
        self.display.sync()
        return int(window.id)

    def drag_over(self, window: int) -> list[str]:
        """Drag words over a window, as Xdnd 5 says; return what it asks of us until it has answered."""
        ours = self.root.create_window(0, 0, 1, 1, 0, X.CopyFromParent)
        selection, words = self.display.get_atom("XdndSelection"), self.display.get_atom("text/plain")
        ours.set_selection_owner(selection, X.CurrentTime)
        middle = 640 << 16 | 36
        copy = self.display.get_atom("XdndActionCopy")
        for kind, data in (
            ("XdndEnter", (ours.id, 5 << 24, words, 0, 0)),
            ("XdndPosition", (ours.id, 0, middle, X.CurrentTime, copy)),
        ):
            message = event.ClientMessage(
                window=self.find(window), client_type=self.display.get_atom(kind), data=(32, data)
            )
            self.find(window).send_event(message)
        self.display.sync()
        asked: list[str] = []
        while True:
            came = self.display.next_event()
            if came.type == X.ClientMessage:
                return asked
            if came.type == X.SelectionRequest:
                asked.append(self.display.get_atom_name(came.target))

    def colour(self, x: int, y: int) -> str:
        data = self.root.get_image(x, y, 1, 1, X.ZPixmap, 0xFFFFFFFF).data
        return bytes(reversed(data[:3])).hex()

    def click(self, x: int, y: int) -> None:
        xtest.fake_input(self.display, X.MotionNotify, x=x, y=y)
        xtest.fake_input(self.display, X.ButtonPress, 1)
        xtest.fake_input(self.display, X.ButtonRelease, 1)
        self.display.sync()


def environment(home: Path) -> Mapping[str, str]:
    """Return what the curtain's process needs outside a container."""
    return {"PATH": os.environ["PATH"], "HOME": str(home), "XDG_RUNTIME_DIR": str(home)}
