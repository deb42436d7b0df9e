"""A real systemd-journald of our own: in a user namespace where /run is a folder of the test."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

from tests.support.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = "/lib/systemd/systemd-journald"
_IN_ITS_OWN_RUN = 'mount --bind "$1" /run && exec "$2"'


class JournaldLab:
    """Started by `start`; killed by `kill`, and what it wrote stays."""

    def __init__(self, folder: Path) -> None:
        self._run = folder / "run"
        (self._run / "systemd").mkdir(parents=True)
        self.socket = self._run / "systemd" / "journal" / "socket"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Return when its socket is there."""
        shell = ["sh", "-euc", _IN_ITS_OWN_RUN, "sh", str(self._run), PROGRAM]
        self._process = subprocess.Popen(
            ["unshare", "--user", "--map-root-user", "--mount", *shell],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until(self.socket.exists, "journald does not come up; the tests need the package systemd")

    def kill(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None

    def entries(self, count: int) -> list[dict[str, str]]:
        """Wait for so many entries of the guard, in order; return them all."""
        until(lambda: len(self._read()) >= count)
        return self._read()

    def _read(self) -> list[dict[str, str]]:
        made = subprocess.run(
            [
                "journalctl",
                f"--directory={self._run / 'log' / 'journal'}",
                "--output=json",
                "--identifier=madoguchi-guard",
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=False,  # it has not written anything yet
        )
        return [json.loads(line) for line in made.stdout.splitlines()]
