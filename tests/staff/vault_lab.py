"""A staff book of its own for a test: the real vault, the real keyring."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from guard.ground import state_home
from guard.secret import Secret
from guard.staff.vault_client import Vault

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PIN = "482913"
VAULT = [sys.executable, "-P", "-m", "guard.staff.vault"]


@dataclass(frozen=True)
class VaultLab:
    """Where one staff book lives."""

    environment: Mapping[str, str]

    @property
    def folder(self) -> Path:
        """Where the key and the keyring lie."""
        return state_home(self.environment) / "staff"

    @property
    def keyring(self) -> Path:
        return self.folder / "keyrings" / "login.keyring"

    @property
    def runtime(self) -> Path:
        return Path(self.environment["XDG_RUNTIME_DIR"])

    @property
    def vault(self) -> Vault:
        return Vault(self.environment)

    def enrol(self, number: str = "7", pin: str = PIN) -> None:
        self.vault.ask("add", Secret(pin), number=number, name="山田花子", expires=None)

    def verify(self, pin: str, number: str = "7") -> object:
        return self.vault.ask("verify", Secret(pin), number=number)["verdict"]

    def failures(self) -> list[object]:
        staff = self.vault.ask("list")["staff"]
        assert isinstance(staff, list)
        return [person["failures"] for person in staff]

    def begin(self, request: Mapping[str, object]) -> subprocess.Popen[bytes]:
        """Start a vault and hand it the request."""
        return self.begin_raw(json.dumps(request).encode() + b"\n")

    def begin_raw(self, line: bytes) -> subprocess.Popen[bytes]:
        """Start a vault and hand it these bytes and no more."""
        process = subprocess.Popen(VAULT, env=self.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert process.stdin
        process.stdin.write(line)
        process.stdin.close()
        process.stdin = None
        return process

    def guard(self, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command with this on stdin."""
        return subprocess.run(
            [sys.executable, "-P", "-m", "guard", *arguments],
            env=self.environment,
            input=typed,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
            timeout=60,
        )

    def leftovers(self) -> list[str]:
        """The living processes and the files that vaults of this lab left."""
        found = [str(path) for path in (self.runtime / "madoguchi-guard").glob("*")]
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.status() != psutil.STATUS_ZOMBIE and str(self.runtime) in " ".join(
                    process.cmdline()
                ):
                    found.append(" ".join(process.cmdline()))
        return found


@contextlib.contextmanager
def vault_lab() -> Iterator[VaultLab]:
    """A place for a staff book, on short paths; gone afterwards."""
    base = Path(tempfile.mkdtemp(prefix="vault"))
    try:
        (base / "run").mkdir(mode=0o700)
        own = {"HOME": str(base), "XDG_RUNTIME_DIR": str(base / "run"), "LANG": "C.UTF-8"}
        yield VaultLab({"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", **own})
    finally:
        shutil.rmtree(base)
