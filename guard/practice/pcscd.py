"""A private PC/SC service with one virtual reader: for the demo, staff training and tests.

It needs no root and opens nothing to anybody: service and card live in a bubblewrap container with a network
of their own (vpcd listens on 0.0.0.0; here nobody is there to reach it) and with a private folder for
/run/pcscd. Programs find the service through ``PCSCLITE_CSOCK_NAME``, which libpcsclite reads only once, when
a process first uses it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

if sys.platform == "win32":
    raise ImportError("this is Linux's part")

import psutil

from guard.channel import Channel, ChannelClosedError
from guard.errors import MachineError
from guard.practice.reader_room import CONFIGURATION, LOG, PCSCD, PORT, ROOM, Do

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

VPCD = Path("/usr/lib/pcsc/drivers/serial/libifdvpcd.so")
"""Where Debian's vsmartcard-vpcd puts its driver."""

_FRIENDLY_NAME = "Practice Reader"
_LONGEST_PATH = 107
"""sizeof(sun_path) - 1 (unix(7)); libpcsclite cuts a longer path silently."""
_END_DEADLINE = 5.0


class PracticeReader:
    """A reader that a card can be laid on and taken off by method calls; ends with its context or `close`.

    ``folder`` is made if missing and is private to this reader. It also ends with this process and with the
    thread that made it, whichever is first. Methods may be called from every thread; those that move the card
    return the monotonic time (s) just before it moved. All raise MachineError when this PC lacks something,
    when the practice reader died, or when it cannot do what is asked.
    """

    reader_name = f"{_FRIENDLY_NAME} 00 00"
    """The full PC/SC name. vpcd adds an ever empty ``… 00 01``, so ``[reader] name`` must be given."""

    room: ClassVar[Sequence[str]] = ("-m", "guard.practice.reader_room")
    """What Python runs in the container."""

    def __init__(self, folder: Path, driver: Path = VPCD) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        container = _command(folder, driver)
        _furnish(folder, driver)
        self._channel, theirs = Channel.pair()
        with theirs, (folder / LOG).open("wb") as log:
            descriptor = str(theirs.fileno())
            self._process = subprocess.Popen(
                [*container, *self.room, descriptor, self.reader_name],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(theirs.fileno(),),
                env={"PATH": os.defpath, "LANG": "C.UTF-8"},
            )
        self._answers = self._channel.messages()
        try:
            self._answer()
        except MachineError:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def socket_path(self) -> Path:
        """What ``PCSCLITE_CSOCK_NAME`` must be for programs that are to see this reader."""
        return self._folder / "pcscd.comm"

    @property
    def pcscd_pid(self) -> int:
        """The service's process id as seen from outside the container."""
        with contextlib.suppress(psutil.NoSuchProcess):
            for process in psutil.Process(self._process.pid).children(recursive=True):
                if process.name() == PCSCD.name:
                    return process.pid
        raise MachineError("the practice reader's pcscd does not run")

    def insert(self) -> float:
        """Lay the card on the reader."""
        return self._do(Do.INSERT)

    def remove(self) -> float:
        """Take the card off the reader."""
        return self._do(Do.REMOVE)

    def swap(self, gap_s: float = 0.0) -> float:
        """Take the card off and lay another one, which answers alike, on the reader ``gap_s`` later."""
        return self._do(Do.SWAP, gap_s)

    def kill_service(self) -> float:
        """End the service with SIGKILL."""
        return self._do(Do.KILL_SERVICE)

    def start_service(self) -> float:
        """Start the service again and wait until it knows the reader; a card that lies there still does."""
        return self._do(Do.START_SERVICE)

    def restart_service(self) -> float:
        """End the service with SIGKILL and start it again."""
        at = self.kill_service()
        self.start_service()
        return at

    def pause_service(self) -> float:
        """Stop the service with SIGSTOP."""
        return self._do(Do.PAUSE_SERVICE)

    def resume_service(self) -> float:
        """Let a stopped service go on."""
        return self._do(Do.RESUME_SERVICE)

    def close(self) -> None:
        """End the service and the card; may be called again."""
        self._channel.close()
        try:
            self._process.wait(_END_DEADLINE)
        except subprocess.TimeoutExpired:
            self._process.kill()  # --die-with-parent takes everything inside along
            self._process.wait()

    def _do(self, command: Do, gap_s: float = 0.0) -> float:
        with self._lock:
            try:
                self._channel.send({"do": command, "gap_s": gap_s})
            except ChannelClosedError as error:
                raise MachineError("the practice reader has ended") from error
            return self._answer()

    def _answer(self) -> float:
        answer = next(self._answers, {})
        at = answer.get("at")
        if isinstance(at, float):
            return at
        failed = answer.get("failed") or self._last_words()
        raise MachineError(f"the practice reader failed: {failed}")

    def _last_words(self) -> str:
        lines = (self._folder / LOG).read_text(errors="replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "it ended without a word")


def _command(folder: Path, driver: Path) -> list[str]:
    """Return the container's command line, up to what Python runs; MachineError names what is missing."""
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        raise MachineError("the practice reader needs bubblewrap (bwrap): install the package bubblewrap")
    if not PCSCD.exists():
        raise MachineError(f"the practice reader needs {PCSCD}: install the package pcscd")
    if not driver.exists():
        raise MachineError(
            f"the practice reader needs the driver {driver}: install the package vsmartcard-vpcd"
        )
    socket_path = folder / "pcscd.comm"
    if len(os.fsencode(socket_path)) > _LONGEST_PATH:
        raise MachineError(
            f"the practice reader's folder {folder} has too long a name: a socket's path has at most "
            f"{_LONGEST_PATH} bytes"
        )
    return [
        bwrap,
        *("--unshare-net", "--unshare-pid", "--unshare-ipc", "--die-with-parent", "--new-session"),
        *("--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/run"),
        *("--bind", str(folder.absolute()), str(ROOM)),
        *(sys.executable, "-I"),
    ]


def _furnish(folder: Path, driver: Path) -> None:
    configuration = folder / CONFIGURATION
    configuration.mkdir(parents=True, exist_ok=True)
    (configuration / "practice").write_text(
        f'FRIENDLYNAME "{_FRIENDLY_NAME}"\n'
        f"DEVICENAME /dev/null:{PORT}\n"
        f"LIBPATH {driver.absolute()}\n"
        f"CHANNELID {PORT}\n"
    )
