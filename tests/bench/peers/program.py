"""A peer: one program that watches the reader, and what it covers the screen with."""

from __future__ import annotations

import os
import subprocess
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psutil

from guard.clock import SystemClock
from tests.bench.peers.portal import plain_portal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from tests.bench.peers.contender import Contender, Place

_START_SECONDS = 2.0
"""None of them says when it has begun to watch."""
_POLL_SECONDS = 0.01
_END_SECONDS = 10.0


class Program:
    """Runs beside a plain portal; writes the file ``mark`` whenever it sees a card come."""

    def __init__(self, process: psutil.Popen, mark: Path, uncover: Callable[[], None]) -> None:
        self._process = process
        self._mark = mark
        self._uncover = uncover

    def noticed(self, seconds: float) -> bool:
        """See `Contender.noticed`."""
        clock, pause = SystemClock(), threading.Event()
        end = clock.monotonic() + seconds
        while not self._mark.exists():
            if clock.monotonic() > end:
                return False
            pause.wait(_POLL_SECONDS)
        self._mark.unlink()
        return True

    def reset(self) -> None:
        """See `Contender.reset`."""
        self._uncover()
        self._mark.unlink(missing_ok=True)

    def processes(self) -> list[psutil.Process]:
        """See `Contender.processes`."""
        return [psutil.Process(self._process.pid), *self._process.children(recursive=True)]

    def condition(self) -> str:
        """See `Contender.condition`."""
        code = self._process.poll()
        return "runs on" if code is None else f"had ended, exit code {code}"


@contextmanager
def program(
    place: Place, command: Sequence[str], mark: Path, uncover: Callable[[], None]
) -> Iterator[Contender]:
    """Run it beside a plain portal; begins when it has had time to look at the reader."""
    with plain_portal(place.display), (place.folder / "program.log").open("wb") as log:
        process = psutil.Popen(
            [*command],
            env={**place.environment, "PYTHONPATH": os.getcwd()},  # noqa: PTH109 -- a string is wanted
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        try:
            threading.Event().wait(_START_SECONDS)
            one = Program(process, mark, uncover)
            one.reset()
            yield one
        finally:
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(_END_SECONDS)
                except psutil.TimeoutExpired:
                    process.kill()
                    process.wait()
            uncover()
