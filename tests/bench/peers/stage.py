"""One contender on a screen of its own, and the two witnesses that know nothing of it."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import os
import tempfile
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.main_job import Witness, witnesses
from tests.bench.peers.contender import Contender, Kind, Place
from tests.support.xvfb import Xvfb

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.pcsc import VirtualReader


@dataclass(frozen=True, slots=True)
class Stage:
    """Ready for a card."""

    kind: Kind
    reader: VirtualReader
    contender: Contender
    observer: Witness
    bare: Witness


@contextmanager
def stage(kind: Kind, reader: VirtualReader) -> Iterator[Stage]:
    """Set it up around a reader on which no card lies, and leave nothing of it behind."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="guard-peers-")))
        screen = stack.enter_context(Xvfb())
        place = Place(folder, reader, screen.display)
        contender = stack.enter_context(kind.start(place))
        environment = {**os.environ, **place.environment}
        observer, bare = stack.enter_context(witnesses(folder, environment, reader.reader_name))
        yield Stage(kind, reader, contender, observer, bare)
