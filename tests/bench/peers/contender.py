"""What is compared: a way to cover the screen when the card goes, as a port."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    import psutil

    from tests.support.pcsc import VirtualReader


@dataclass(frozen=True, slots=True)
class Place:
    """Where a contender runs: a folder and a screen of its own, and the reader that all of them share."""

    folder: Path
    reader: VirtualReader
    display: str

    @property
    def environment(self) -> dict[str, str]:
        """Return all that a program needs to find this screen and this reader."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": os.fspath(self.folder),
            "LANG": "C.UTF-8",
            "DISPLAY": self.display,
            "PCSCLITE_CSOCK_NAME": os.fspath(self.reader.socket_path),
        }


class Contender(Protocol):
    """Runs, and waits for a card."""

    def noticed(self, seconds: float) -> bool:
        """Wait at most so long until it knows of the card laid last; tell whether it does."""
        ...

    def reset(self) -> None:
        """Return when it waits for the next card; called with the reader empty, covered or not."""
        ...

    def processes(self) -> list[psutil.Process]:
        """Return all its processes that are alive."""
        ...

    def condition(self) -> str:
        """Say in few words whether it still runs."""
        ...


@dataclass(frozen=True, slots=True)
class Kind:
    """A contender to start: ``key`` for the command line, ``name`` for people."""

    key: str
    name: str
    start: Callable[[Place], AbstractContextManager[Contender]]
