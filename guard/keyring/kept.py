"""A store in another process, for a process that has threads: asks the keeper, and starts it again once."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Final, Self

from guard.environment import kept
from guard.errors import MachineError
from guard.ground import start_bound
from guard.wire import read_object, read_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

PATIENCE: Final = 15.0
"""s for one answer, with the keeper's own wait for another process."""
_KEEPER: Final = (sys.executable, "-P", "-m", "guard.keyring.keeper")
_ANSWER_MOST: Final = 16 * 1024
"""Bytes."""


class KeptStore:
    """Implements `Store`; from any thread, one question at a time.

    The keeper is started at the first question and dies with this process. One that died or does not answer
    is replaced once a question; what it was asked is asked again, which changes nothing twice.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        folder: Path,
        command: Sequence[str] = _KEEPER,
        patience: float = PATIENCE,
    ) -> None:
        self._environment = kept(environment)
        self._command = (*command, os.fspath(folder))
        self._patience = patience
        self._lock = threading.Lock()
        self._keeper: subprocess.Popen[bytes] | None = None
        self._closed = False

    def read(self, name: str) -> str | None:
        """See `Store.read`."""
        text = self._ask({"do": "read", "name": name})
        return None if text is None else read_text(text)

    def write(self, name: str, text: str) -> None:
        """See `Store.write`."""
        self._ask({"do": "write", "name": name, "text": text})

    def delete(self, name: str) -> None:
        """See `Store.delete`."""
        self._ask({"do": "delete", "name": name})

    def close(self) -> None:
        """End the keeper; returns when it is gone with its keyring, and nothing can be asked any more."""
        with self._lock:
            self._closed = True
            self._end()

    def __enter__(self) -> Self:
        """Use it for a with block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def _ask(self, request: Mapping[str, str]) -> object:
        line = json.dumps(request).encode() + b"\n"
        with self._lock:
            try:
                return self._asked(line)
            except MachineError:
                self._end()
                return self._asked(line)

    def _asked(self, line: bytes) -> object:
        if self._closed:
            raise MachineError("the guard is being stopped.")
        keeper = self._keeper = self._keeper or self._start()
        try:
            reply = read_object(json.loads(self._exchange(keeper, line)))
        except (OSError, ValueError, TypeError, RecursionError) as error:
            raise MachineError("the journal's keyring does not answer; see guard doctor.") from error
        if "text" not in reply:
            raise MachineError(str(reply.get("refused")))
        return reply["text"]

    def _exchange(self, keeper: subprocess.Popen[bytes], line: bytes) -> bytes:
        if keeper.stdin is None or keeper.stdout is None:
            raise OSError("no pipes")
        keeper.stdin.write(line)
        keeper.stdin.flush()
        received, deadline = b"", time.monotonic() + self._patience
        while not received.endswith(b"\n"):
            ready, _, _ = select.select([keeper.stdout], [], [], max(0.0, deadline - time.monotonic()))
            data = os.read(keeper.stdout.fileno(), _ANSWER_MOST) if ready else b""
            if not data or len(received) > _ANSWER_MOST:
                raise OSError("no answer")
            received += data
        return received

    def _start(self) -> subprocess.Popen[bytes]:
        try:
            return start_bound(
                self._command, self._environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
        except OSError as error:
            raise MachineError(f"the keeper cannot be started: {error.strerror}.") from error

    def _end(self) -> None:
        """Let it end by itself, which takes its keyring down in order; kill it when it does not."""
        keeper, self._keeper = self._keeper, None
        if keeper is None:
            return
        try:
            keeper.communicate(timeout=2.0)
        except (OSError, subprocess.TimeoutExpired):
            keeper.kill()
        finally:
            keeper.wait()
            for pipe in (keeper.stdin, keeper.stdout):
                if pipe:
                    pipe.close()
