"""The loudspeaker through ALSA's own ``aplay``, which finds PulseAudio and PipeWire as well.

The browser engine of the curtain could play sounds too, but its container holds no device, and shall not.
"""

from __future__ import annotations

import logging
import os
import queue
import shutil
import subprocess
import threading
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guard.screens.port import Sound

SOUNDS: Final = Path(str(files("guard.screens"))) / "sounds"
"""Where the files of `Sound` lie."""
HUNG_AFTER: Final = 5.0
"""s after which ``aplay`` is killed; the longest sound lasts 1.2 s."""
_GONE_TIMEOUT: Final = 2.0
"""s in which a killed ``aplay`` must be gone; only a driver that hangs itself can keep it longer."""
_log = logging.getLogger(__name__)


class AplaySpeaker:
    """The `Speaker` of `guard.screens.port`; a thread of its own keeps ``aplay``'s books."""

    def __init__(self, environment: Mapping[str, str], hung_after: float = HUNG_AFTER) -> None:
        self._environment = dict(environment)
        self._hung_after = hung_after
        self._orders: queue.SimpleQueue[Sound | None] = queue.SimpleQueue()
        self._free = threading.Semaphore()
        self._lock = threading.Lock()
        self._closed = False
        self._playing: subprocess.Popen[bytes] | None = None
        self._trouble = ""
        self._worker = threading.Thread(target=self._work, name="speaker", daemon=True)
        self._worker.start()

    def play(self, sound: Sound) -> None:
        """See `Speaker.play`."""
        if self._free.acquire(blocking=False):
            self._orders.put(sound)

    def close(self) -> None:
        """See `Speaker.close`."""
        with self._lock:
            self._closed = True
            if self._playing:
                self._playing.kill()
        self._orders.put(None)
        self._worker.join(_GONE_TIMEOUT)

    def _work(self) -> None:
        while (sound := self._orders.get()) is not None:
            trouble = self._try(SOUNDS / f"{sound}.wav")
            if trouble and trouble != self._trouble:
                _log.debug("no sound: %s", trouble)
            self._trouble = trouble
            self._free.release()

    def _try(self, file: Path) -> str:
        """Play it to its end; return what went wrong, if something did."""
        program = shutil.which("aplay", path=self._environment.get("PATH", os.defpath))
        if program is None:
            return "aplay is not installed"
        try:
            playing = self._start(program, file)
        except OSError as error:
            return f"aplay does not start ({type(error).__name__})"
        if playing is None:
            return ""
        try:
            code = playing.wait(self._hung_after)
        except subprocess.TimeoutExpired:
            playing.kill()
            playing.wait()
            return f"aplay did not end within {self._hung_after} s and was killed"
        return "" if code == 0 or self._closed else f"aplay ended with {code}"

    def _start(self, program: str, file: Path) -> subprocess.Popen[bytes] | None:
        with self._lock:
            if self._closed:
                return None
            self._playing = subprocess.Popen(
                [program, "-q", os.fspath(file)],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            return self._playing


class NoSpeaker:
    """The `Speaker` of a counter that shall be silent (``[screens] sound = false``)."""

    def play(self, sound: Sound) -> None:
        """Play nothing."""

    def close(self) -> None:
        """Nothing plays."""
