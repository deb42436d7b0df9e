"""Handles of the system, closed in time."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, cast

if sys.platform != "win32":
    raise ImportError("this is Windows' part")

import win32api

if TYPE_CHECKING:
    from collections.abc import Iterator

    import _win32typing


@contextlib.contextmanager
def closing_handle(handle: int | _win32typing.PyHANDLE) -> Iterator[int]:
    """Close this handle (pywin32's, which its type stubs often call a number) at the end of a with block."""
    try:
        yield int(handle)
    finally:
        win32api.CloseHandle(cast("int", handle))  # itself: closed by its number, it would close itself again
