"""Work on a thread of its own, for whoever must not wait for it."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

_T = TypeVar("_T")


def aside(work: Callable[[], _T]) -> Future[_T]:
    """Begin it; the thread keeps no program from ending."""
    future: Future[_T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except Exception as error:  # noqa: BLE001 -- whoever waits for the future gets to know
            future.set_exception(error)

    threading.Thread(target=run, name="aside", daemon=True).start()
    return future
