"""A screen of its own for the practice where no display is: Xvfb, which ends with its parent."""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import sys
from typing import TYPE_CHECKING

if sys.platform == "win32":
    raise ImportError("this is Linux's part")

from guard.errors import MachineError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

SIZE = (1280, 800)
"""Pixels; the smallest screen counters have."""
_START_SECONDS = 20
_STOP_SECONDS = 5


class PracticeDisplay:
    """One Xvfb on the first free display; no TCP, no privileges.

    It ends with the thread that started it (the kernel binds the wish to threads), so start it from one that
    lives as long as the practice.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> str:
        """Return its name, such as ``:7``, once clients can connect; raises MachineError."""
        ready, theirs = os.pipe()
        size = "{}x{}x24".format(*SIZE)
        command = ["Xvfb", "-displayfd", str(theirs), "-screen", "0", size, "-nolisten", "tcp", "-noreset"]
        try:
            self._process = subprocess.Popen(
                ["/usr/bin/setpriv", "--pdeathsig", "TERM", "--", *command],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(theirs,),
            )
        except FileNotFoundError as error:
            os.close(ready)
            raise MachineError("setpriv is missing: install the package util-linux") from error
        finally:
            os.close(theirs)
        with os.fdopen(ready, "rb") as answer:
            number = answer.readline() if select.select([answer], [], [], _START_SECONDS)[0] else b""
        if not number.strip().isdigit():
            self.stop()
            raise MachineError(
                "there is no display and Xvfb did not start one: install the package xvfb, and make"
                " /tmp/.X11-unix a folder of mode 1777"
            )
        return f":{number.decode().strip()}"

    def stop(self) -> None:
        """End it; returns when it is gone. May be called again."""
        if self._process is None:
            return
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_STOP_SECONDS)
        self._process.kill()
        self._process.wait()
        self._process = None

    def __enter__(self) -> str:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


@contextlib.contextmanager
def display_or_own(given: str | None) -> Iterator[str]:
    """Yield the display that is given, or one of our own while the block runs."""
    if given:
        yield given
        return
    with PracticeDisplay() as name:
        yield name
