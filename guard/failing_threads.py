"""A thread that fails ends the guard: a part that silently does nothing any more is worse than a new start.

What follows is what follows a killed core: the curtain covers by itself, no citizen's browser lives on, and
the next start sweeps what is left.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import traceback
from typing import TYPE_CHECKING, Final, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator

FAILED: Final = 70
"""The exit code, EX_SOFTWARE of sysexits.h."""

_log = logging.getLogger(__name__)


@contextlib.contextmanager
def failing_threads_end_the_guard() -> Iterator[None]:
    """Let no thread of this process fail unnoticed while the block runs.

    What failed is told by the error's kind and place alone: its words could hold what nobody may read.
    """
    before, threading.excepthook = threading.excepthook, _end
    try:
        yield
    finally:
        threading.excepthook = before


def _end(failure: threading.ExceptHookArgs) -> NoReturn:
    try:
        place = traceback.extract_tb(failure.exc_traceback)[-1]
        name = failure.thread.name if failure.thread else "?"
        kind = failure.exc_type.__name__
        _log.critical(
            "the thread %s failed: %s at %s:%s; the guard ends", name, kind, place.name, place.lineno
        )
    finally:
        os._exit(FAILED)
