"""HTML to PDF, by the browser engine that the guard ships with, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING, Final

from guard.children import bound
from guard.errors import MachineError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TIMEOUT: Final = 120.0
"""s; a sheet of 300 sessions takes about two, an old PC under load many more."""
_KEPT: Final = ("LANG", "PATH", "TZ")
_PRINTER: Final = (sys.executable, "-P", "-m", "guard.sheet.printer")


def to_pdf(
    page: str, environment: Mapping[str, str], command: Sequence[str] = _PRINTER, timeout: float = TIMEOUT
) -> bytes:
    """Return the page as PDF; raises MachineError when the engine does not print it in time (s).

    The process gets the page through a pipe and a home that is thrown away afterwards.
    """
    printer = bound(command, environment)
    try:
        with tempfile.TemporaryDirectory(prefix="guard-sheet-") as home:
            own = {"HOME": home, "XDG_RUNTIME_DIR": home, "TMPDIR": home, "QT_QPA_PLATFORM": "offscreen"}
            done = subprocess.run(
                printer,
                env={name: environment[name] for name in _KEPT if name in environment} | own,
                cwd="/",
                input=page.encode(),
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=timeout,
                check=False,
            )
    except subprocess.TimeoutExpired:
        raise MachineError(f"the sheet was not printed within {timeout:.0f} s; is this PC busy?") from None
    except OSError as error:
        raise MachineError(f"the sheet's printer cannot be started: {error.strerror}.") from error
    if done.returncode != 0 or not done.stdout.startswith(b"%PDF-"):
        raise MachineError("the sheet could not be made a PDF on this PC; use --format html and print that.")
    return done.stdout
