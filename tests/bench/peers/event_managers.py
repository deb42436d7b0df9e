"""pam_pkcs11's event managers: their settings, written as in their package's own examples."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from tests.bench.peers import i3lock
from tests.bench.peers.packages import pkcs11_module
from tests.bench.peers.program import program

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.bench.peers.contender import Contender, Place

CARD_TIMEOUT_MS = 1000
"""card_eventmgr's default: it is told of changes at once, and looks for new readers so often."""
_LOOK_SECONDS = 2.5
"""More than its slowest look and pcscd's together."""


@contextmanager
def card_eventmgr(place: Place) -> Iterator[Contender]:
    """Run card_eventmgr, which speaks PC/SC."""
    with _event_manager(place, "card_eventmgr", f"timeout = {CARD_TIMEOUT_MS};") as one:
        yield one


@contextmanager
def pkcs11_eventmgr(place: Place, polling_seconds: int) -> Iterator[Contender]:
    """Run pkcs11_eventmgr, which asks OpenSC's module for tokens every so many s; 0: without a pause."""
    own = f'polling_time = {polling_seconds};\n  pkcs11_module = "{pkcs11_module()}";'
    with _event_manager(place, "pkcs11_eventmgr", own) as one:
        _pass_over_first(place, one)
        yield one


def _pass_over_first(place: Place, one: Contender) -> None:
    """Lay a card and take it: pkcs11_eventmgr does nothing about the first change it sees."""
    pause = threading.Event()
    place.reader.insert()
    pause.wait(_LOOK_SECONDS)
    place.reader.remove()
    pause.wait(_LOOK_SECONDS)
    one.reset()


@contextmanager
def _event_manager(place: Place, command: str, own: str) -> Iterator[Contender]:
    mark, settings = place.folder / "noticed", place.folder / f"{command}.conf"
    settings.write_text(
        f"{command} {{\n"
        f"  daemon = false;\n  debug = false;\n  {own}\n"
        f'  event card_insert {{\n    on_error = ignore;\n    action = "touch {mark}";\n  }}\n'
        f'  event card_remove {{\n    on_error = ignore;\n    action = "{" ".join(i3lock.COMMAND)}";\n  }}\n'
        "}\n",
        encoding="utf-8",
    )
    with program(
        place,
        [command, "nodaemon", f"config_file={settings}"],
        mark,
        partial(i3lock.unlock, place.display),
    ) as one:
        yield one
