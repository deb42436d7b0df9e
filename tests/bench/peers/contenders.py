"""All that are compared, in the order of the table."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import subprocess
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.peers import i3lock
from tests.bench.peers.contender import Kind
from tests.bench.peers.event_managers import card_eventmgr, pkcs11_eventmgr
from tests.bench.peers.guarded import guard_run
from tests.bench.peers.portal import unmap
from tests.bench.peers.program import program

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.bench.peers.contender import Contender, Place


@contextmanager
def _floor(place: Place) -> Iterator[Contender]:
    binary, mark = place.folder / "floor", place.folder / "noticed"
    source = Path(__file__).with_name("floor.c")
    subprocess.run(
        ["gcc", "-O2", "-I/usr/include/PCSC", "-o", binary, source, "-lpcsclite", "-lX11"], check=True
    )

    def uncover() -> None:
        words = (place.folder / "program.log").read_text(encoding="utf-8").split()
        if len(words) == 2:
            unmap(place.display, int(words[1]))

    with program(place, [str(binary), place.reader.reader_name, str(mark)], mark, uncover) as one:
        yield one


@contextmanager
def _card_monitor(place: Place) -> Iterator[Contender]:
    mark = place.folder / "noticed"
    command = [sys.executable, "-m", "tests.bench.peers.card_monitor", str(mark), *i3lock.COMMAND]
    with program(place, command, mark, partial(i3lock.unlock, place.display)) as one:
        yield one


FLOOR = "floor"
OURS = ("guard", "guard-handle")
KINDS = (
    Kind(FLOOR, "floor: bare C client maps a bare window", _floor),
    Kind("guard", "guard run", partial(guard_run, watch="presence")),
    Kind("guard-handle", 'guard run, watch = "handle"', partial(guard_run, watch="handle")),
    Kind("card-eventmgr", "card_eventmgr → i3lock", card_eventmgr),
    Kind("card-monitor", "pyscard CardMonitor → i3lock", _card_monitor),
    Kind(
        "pkcs11-default",
        "pkcs11_eventmgr, 1 s (default) → i3lock",
        partial(pkcs11_eventmgr, polling_seconds=1),
    ),
    Kind(
        "pkcs11-fastest",
        "pkcs11_eventmgr, 0 s (fastest) → i3lock",
        partial(pkcs11_eventmgr, polling_seconds=0),
    ),
)
