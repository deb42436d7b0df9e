"""An X server of a test's own, with or without a window manager."""

from __future__ import annotations

import contextlib
import os
import select
import shlex
import subprocess
import threading
from typing import TYPE_CHECKING, Self

import psutil
from Xlib import X, display
from Xlib.error import ConnectionClosedError

from tests.support.waiting import until

if TYPE_CHECKING:
    from types import TracebackType

_SECONDS = 20.0
_TRIES = 100


class Xvfb:
    """Xvfb on the first free display; ``display`` is its name while the block runs.

    ``size`` is in pixels; ``window_manager`` is a command such as ``openbox`` that has taken the screen
    over by the time the block begins.
    """

    def __init__(self, size: tuple[int, int] = (1280, 800), window_manager: str | None = None) -> None:
        self.display = ""
        self._size = size
        self._window_manager = window_manager
        self._processes: list[subprocess.Popen[bytes]] = []
        self._clients = contextlib.ExitStack()

    def __enter__(self) -> Self:
        ready, theirs = os.pipe()
        width, height = self._size
        try:
            self._run(
                [
                    "Xvfb",
                    "-displayfd",
                    str(theirs),
                    "-screen",
                    "0",
                    f"{width}x{height}x24",
                    "-nolisten",
                    "tcp",
                    "-noreset",
                ],
                theirs,
            )
        finally:
            os.close(theirs)
        with os.fdopen(ready, "rb") as answer:
            number = answer.readline() if select.select([answer], [], [], _SECONDS)[0] else b""
        if not number.strip():
            self._stop()
            raise RuntimeError("Xvfb did not start")
        self.display = f":{number.decode().strip()}"
        if self._window_manager:
            self._manage(self._window_manager)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    @property
    def server(self) -> psutil.Process:
        """The server's process while the block runs."""
        return psutil.Process(self._processes[0].pid)

    def _run(self, command: list[str], *descriptors: int) -> None:
        self._processes.append(
            subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=descriptors,
                env={**os.environ, "DISPLAY": self.display},
            )
        )

    def _manage(self, program: str) -> None:
        """Start it and wait until it really manages windows: openbox drops those that come too early.

        Whoever asked stays: the next client would get the same window ids, and what the manager still does
        to a window that is gone would befall theirs.
        """
        self._run(shlex.split(program))
        client = self._clients.enter_context(contextlib.closing(display.Display(self.display)))
        root = client.screen().root
        for _ in range(_TRIES):
            probe = root.create_window(0, 0, 9, 9, 0, X.CopyFromParent)
            probe.map()
            client.sync()
            threading.Event().wait(_SECONDS / _TRIES)
            managed = probe.query_tree().parent != root
            probe.destroy()
            client.sync()
            if managed:
                self._wait_focus(client, probe.id)
                return
        self._stop()
        raise RuntimeError(f"{program} did not start")

    @staticmethod
    def _wait_focus(client: display.Display, gone: int) -> None:
        """Wait until the manager has given away the focus of the window that is gone: it takes its time."""

        def given_away() -> bool:
            focus = client.get_input_focus().focus
            return not isinstance(focus, int) and focus.id != gone

        until(given_away, "the window manager kept the focus of a window that is gone")

    def _stop(self) -> None:
        with contextlib.suppress(ConnectionClosedError):  # a test may have killed the server
            self._clients.close()
        for process in reversed(self._processes):
            process.terminate()
            try:
                process.wait(_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._processes.clear()
