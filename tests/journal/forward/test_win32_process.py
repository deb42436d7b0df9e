"""The forwarder's process on Windows: records go from the journal to the real Event Log."""

from __future__ import annotations

import sys

assert sys.platform == "win32"

import contextlib
import os
from typing import TYPE_CHECKING

import psutil
import pytest

from guard.clock import SystemClock
from guard.journal.forward.messages import Health, Setup, Timing
from guard.journal.forward.platform_log import NAME, PLACE
from guard.journal.forward.process import Forwarder
from tests.journal.forward.book import Book
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Ear:
    """Implements `ForwardingListener`."""

    def forwarding_behind(self, target: str) -> None:
        raise AssertionError(target)


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return Book(tmp_path / "journal")


@pytest.fixture
def forwarder(book: Book) -> Iterator[Forwarder]:
    setup = Setup(
        journal=book.folder,
        folder=book.folder.parent / "forward",
        platform_log=PLACE,
        syslog=None,
        timing=Timing(first_pause=0.01, longest_pause=0.02),
    )
    forwarder = Forwarder(setup, os.environ, Ear(), SystemClock())
    forwarder.start()
    yield forwarder
    forwarder.close()
    assert children() == []


def children() -> list[psutil.Process]:
    found = []
    for child in psutil.Process().children():
        with contextlib.suppress(psutil.Error):
            if "guard.journal.forward" in child.cmdline():
                found.append(child)
    return found


def test_every_record_reaches_the_event_log(book: Book, forwarder: Forwarder) -> None:
    forwarder.durable(book.write(7))
    until(lambda: forwarder.status()[0].position == 7)
    (status,) = forwarder.status()
    assert (status.name, status.behind, status.health, status.sentence) == (NAME, 0, Health.FINE, None)


def test_a_process_that_was_killed_is_replaced_and_goes_on_where_it_was(
    book: Book, forwarder: Forwarder
) -> None:
    forwarder.durable(book.write(3))
    until(lambda: forwarder.status()[0].position == 3)
    (child,) = children()
    child.kill()
    forwarder.durable(book.write(2))
    until(lambda: forwarder.status()[0].position == 5)
    assert [one.pid for one in children()] != [child.pid]
