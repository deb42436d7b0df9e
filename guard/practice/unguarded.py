"""A `Counter` without the guard: the kiosk window alone. Cards come and go and nobody notices."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from typing import TYPE_CHECKING, Self

if sys.platform == "win32":
    raise ImportError("this is Linux's part")

import psutil

from guard.channel import Channel
from guard.errors import BrokenPromiseError, MachineError
from guard.practice.incident import Happened, Moment

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from guard.practice.diary import Diary
    from guard.practice.incident import Deed

_STOP_SECONDS = 10


class UnguardedCounter:
    """A plain full-screen pywebview window on a display, as counters had it; a context manager."""

    key = "unguarded"
    waits_for_staff = False

    def __init__(self, start_url: str, display: str, diary: Diary) -> None:
        self._start_url = start_url
        self._display = display
        self._diary = diary
        self._resources = contextlib.ExitStack()
        self._waited = False

    def __enter__(self) -> Self:
        if os.geteuid() == 0:
            raise MachineError("the kiosk's browser never runs as root: use an unprivileged account")
        home = self._resources.enter_context(
            tempfile.TemporaryDirectory(prefix="kiosk-", ignore_cleanup_errors=True)
        )
        channel, theirs = Channel.pair()
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-m", "guard.practice.kiosk", str(theirs.fileno()), self._start_url],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                env=self._environment(home),
            )
        self._resources.callback(_end, process, channel)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._resources.close()

    def card_in(self) -> float:
        """See `Counter.card_in`: no reader is asked."""
        return time.monotonic()

    def card_out(self) -> float:
        """See `Counter.card_out`: no reader is asked."""
        return time.monotonic()

    def wait_for(self, moment: Moment) -> Happened | None:
        """See `Counter.wait_for`: this counter only ever waits for its window, once."""
        if moment is not Moment.READY or self._waited:
            return None
        self._waited = True
        return Happened(at=self._diary.seen("top").at)

    def staff(self, deed: Deed, look: Callable[[str], None]) -> Happened:
        """See `Counter.staff`: no staff are asked here."""
        raise BrokenPromiseError(f"an unguarded counter cannot {deed}: nobody is asked to {look!r}")

    def _environment(self, home: str) -> dict[str, str]:
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "LANG": "C.UTF-8",
            "HOME": home,
            "TMPDIR": home,
            "XDG_RUNTIME_DIR": home,
            "DISPLAY": self._display,
            **({"XAUTHORITY": os.environ["XAUTHORITY"]} if "XAUTHORITY" in os.environ else {}),
            "PYWEBVIEW_GUI": "qt",
            "QT_API": "pyside6",
            "QT_QPA_PLATFORM": "xcb",
            # Nothing listens there: keeps Qt from starting a bus daemon that would outlive the window.
            "DBUS_SESSION_BUS_ADDRESS": f"unix:path={home}/no-bus",
        }


def _end(process: subprocess.Popen[bytes], channel: Channel) -> None:
    family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    channel.close()
    _, alive = psutil.wait_procs(family, timeout=_STOP_SECONDS)
    for member in alive:
        with contextlib.suppress(psutil.NoSuchProcess):
            member.kill()
    process.wait()
