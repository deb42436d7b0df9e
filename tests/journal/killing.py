"""Kills a storm of sessions at a random moment, again and again, and asks the proof each time."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from guard.journal.anchor import Anchor
from guard.journal.verify import verify
from guard.keyring.here import OwnStore
from guard.paths import journal_keyring

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

CHECKOUT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Killed:
    """What one kill left."""

    told: int
    """The last record that was said to be durable."""
    last: int
    """The last record that is there."""
    torn: int
    unanchored: int


@dataclass(frozen=True)
class Ground:
    """One journal and one keyring that outlive every kill."""

    base: Path

    @property
    def environment(self) -> dict[str, str]:
        own = {"HOME": str(self.base), "XDG_RUNTIME_DIR": str(self.base / "run"), "LANG": "C.UTF-8"}
        if sys.platform == "win32":  # where no program starts without Windows' own variables
            own = {**os.environ, "LOCALAPPDATA": str(self.base)}
        return {"PATH": os.environ["PATH"], "PYTHONPATH": str(CHECKOUT), **own}

    def kill_once(self, chance: random.Random) -> Killed:
        """Let a storm begin, kill it, and prove what is left; raises AssertionError when it is not sound."""
        folder = self.base / "journal"
        with subprocess.Popen(
            [sys.executable, "-P", "-m", "tests.journal.storm", str(folder)],
            env=self.environment,
            cwd=CHECKOUT,
            stdout=subprocess.PIPE,
        ) as storm:
            assert storm.stdout
            told = 0
            if chance.random() < 0.9:  # else it dies in its start
                for _ in range(chance.randrange(1, 60)):
                    told = int(storm.stdout.readline() or b"0")
            threading.Event().wait(chance.random() * (0.02 if told else 0.5))
            assert storm.poll() is None, "it ended by itself"
            storm.kill()
            rest = storm.stdout.read().split()
            killed = 1 if sys.platform == "win32" else -9
            assert storm.wait() == killed, "it ended by itself"
        told = int(rest[-1]) if rest else told
        with OwnStore(self.environment, journal_keyring(self.environment)) as store:
            anchor = Anchor(store)
            proof = verify(folder, anchor.standing(), anchor.first_key())
        assert proof.problems == ()
        assert proof.last >= told, "a durable record is lost"
        assert proof.records == proof.last, "a number is missing"
        return Killed(told=told, last=proof.last, torn=proof.torn, unanchored=proof.unanchored)


@contextlib.contextmanager
def ground() -> Iterator[Ground]:
    """Make a place on short paths; gone afterwards."""
    base = Path(tempfile.mkdtemp(prefix="storm"))
    try:
        (base / "run").mkdir(mode=0o700)
        (base / "journal").mkdir(mode=0o700)
        yield Ground(base)
    finally:
        shutil.rmtree(base)
