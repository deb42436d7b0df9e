"""What the system itself adds to the environment of every process."""

from __future__ import annotations

import os
import subprocess
import sys


def variables() -> set[str]:
    """Return the names that a process has that was given nothing but what it cannot start without."""
    given = {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}
    told = subprocess.run(
        [sys.executable, "-c", "import os; print(*os.environ)"],
        env=given,
        capture_output=True,
        check=True,
        text=True,
    )
    return set(told.stdout.split())
