"""On what it was measured."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from guard.clock import SystemClock
from tests.bench.peers.packages import PEERS

_PACKAGES = (*PEERS, "pcscd", "vsmartcard-vpcd", "xvfb")


@dataclass(frozen=True, slots=True)
class Machine:
    """Told beside every figure."""

    date: str
    system: str
    processor: str
    cores: int
    python: str
    versions: dict[str, str]
    """Of the Debian packages, and of pyscard."""


def this_machine() -> Machine:
    """Return this one, today."""
    answer = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Package} ${Version}\n", *_PACKAGES],
        capture_output=True,
        text=True,
        check=False,
    )
    versions = dict(line.split(" ", 1) for line in answer.stdout.splitlines())
    cpu = re.search(r"(?m)^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    return Machine(
        date=SystemClock().utc().date().isoformat(),
        system=f"{platform.system()} {platform.release()}",
        processor=cpu[1] if cpu else platform.machine(),
        cores=os.cpu_count() or 0,
        python=platform.python_version(),
        versions={**versions, "pyscard": version("pyscard")},
    )
