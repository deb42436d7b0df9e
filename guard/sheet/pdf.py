"""HTML to PDF, by the browser engine that the guard ships with, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING, Final

from guard.environment import kept
from guard.errors import MachineError
from guard.ground import start_bound

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TIMEOUT: Final = 120.0
"""s; a sheet of 300 sessions takes about two, an old PC under load many more."""
_HOMES: Final = ("APPDATA", "HOME", "LOCALAPPDATA", "TEMP", "TMP", "TMPDIR", "XDG_RUNTIME_DIR")
"""Where the engine may keep something, by Linux's and Windows' names."""
_PRINTER: Final = (sys.executable, "-P", "-m", "guard.sheet.printer")


def to_pdf(
    page: str, environment: Mapping[str, str], command: Sequence[str] = _PRINTER, timeout: float = TIMEOUT
) -> bytes:
    """Return the page as PDF; raises MachineError when the engine does not print it in time (s).

    The process gets the page through a pipe and a home that is thrown away afterwards.
    """
    with tempfile.TemporaryDirectory(prefix="guard-sheet-") as home:
        own = {**dict.fromkeys(_HOMES, home), "QT_QPA_PLATFORM": "offscreen"}
        try:
            printer = start_bound(
                command, kept(environment) | own, stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
        except OSError as error:
            raise MachineError(f"the sheet's printer cannot be started: {error.strerror}.") from error
        with printer:
            try:
                pdf, _ = printer.communicate(page.encode(), timeout)
            except subprocess.TimeoutExpired:
                raise MachineError(
                    f"the sheet was not printed within {timeout:.0f} s; is this PC busy?"
                ) from None
            finally:
                printer.kill()
    if printer.returncode != 0 or not pdf.startswith(b"%PDF-"):
        raise MachineError("the sheet could not be made a PDF on this PC; use --format html and print that.")
    return pdf
