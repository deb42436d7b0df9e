"""The core's hold on the forwarder's process."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import contextlib
import errno
import os
import subprocess
import threading
from typing import TYPE_CHECKING

import psutil
import pytest

from guard.channel import Channel
from guard.clock import SystemClock
from guard.journal.forward.address import Address, SyslogServer
from guard.journal.forward.messages import Health, Setup, Timing
from guard.journal.forward.process import Forwarder
from guard.journal.forward.trouble import TROUBLE_SECONDS
from tests.journal.forward.book import DEADLINE, Book
from tests.journal.forward.journald_lab import JournaldLab
from tests.support.clock import TurnedClock
from tests.support.ports import free_port
from tests.support.waiting import until

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator
    from pathlib import Path

QUICK = Timing(first_pause=0.01, longest_pause=0.02)


class Ear:
    """Implements `ForwardingListener`."""

    def __init__(self) -> None:
        self.behind = list[str]()
        self.told = threading.Event()

    def forwarding_behind(self, target: str) -> None:
        self.behind.append(target)
        self.told.set()


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return Book(tmp_path / "journal")


@pytest.fixture
def nobody() -> SyslogServer:
    """A server that is not there."""
    return SyslogServer(address=Address("127.0.0.1", free_port()))


@pytest.fixture
def running() -> Iterator[contextlib.ExitStack]:
    with contextlib.ExitStack() as stack:
        yield stack


def _setup(book: Book, journald: Path | None = None, syslog: SyslogServer | None = None) -> Setup:
    folder = book.folder.parent / "forward"
    return Setup(journal=book.folder, folder=folder, platform_log=journald, syslog=syslog, timing=QUICK)


def _child(parent: int) -> psutil.Process:
    found: list[psutil.Process] = []

    def look() -> bool:
        with contextlib.suppress(psutil.Error):
            found[:] = [
                child
                for child in psutil.Process(parent).children()
                if "guard.journal.forward" in child.cmdline() and "--pdeathsig=KILL" not in child.cmdline()
            ]
        return len(found) == 1

    until(look)
    return found[0]


def test_each_target_has_its_own_position_and_health(
    book: Book, nobody: SyslogServer, tmp_path: Path, running: contextlib.ExitStack
) -> None:
    journald = JournaldLab(tmp_path / "journald")
    running.callback(journald.kill)
    journald.start()
    forwarder = Forwarder(_setup(book, journald.socket, nobody), os.environ, Ear(), SystemClock())
    running.callback(forwarder.close)
    first, second = forwarder.status()
    assert (first.name, second.name) == ("journald", "syslog")
    assert (first.position, first.behind) == (None, None)
    forwarder.start()
    forwarder.durable(book.write(7))
    until(lambda: forwarder.status()[0].position == 7)
    until(lambda: forwarder.status()[1].health is Health.TROUBLE)
    first, second = forwarder.status()
    assert (first.behind, first.health, first.sentence) == (0, Health.FINE, None)
    assert (second.position, second.behind) == (0, 7)
    assert "Connection refused" in (second.sentence or "")
    assert [entry["GUARD_SEQ"] for entry in journald.entries(7)] == list("1234567")


def test_a_core_that_had_no_descriptor_left_forwards_afterwards(
    book: Book, tmp_path: Path, running: contextlib.ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    journald = JournaldLab(tmp_path / "journald")
    running.callback(journald.kill)
    journald.start()
    pair, refused = Channel.pair, threading.Event()

    def none_left() -> tuple[Channel, socket.socket]:
        if refused.is_set():
            return pair()
        refused.set()
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    monkeypatch.setattr(Channel, "pair", none_left)
    forwarder = Forwarder(_setup(book, journald.socket), os.environ, Ear(), SystemClock())
    running.callback(forwarder.close)
    forwarder.start()
    forwarder.durable(book.write(3))
    until(lambda: forwarder.status()[0].position == 3)
    assert refused.is_set()


def test_trouble_of_15_minutes_is_told_and_a_missing_journald_is_not(
    book: Book, nobody: SyslogServer, tmp_path: Path, running: contextlib.ExitStack
) -> None:
    clock, ear = TurnedClock(), Ear()
    forwarder = Forwarder(_setup(book, tmp_path / "socket", nobody), os.environ, ear, clock)
    running.callback(forwarder.close)
    forwarder.start()
    forwarder.durable(book.write(1))
    until(lambda: [one.health for one in forwarder.status()] == [Health.MISSING, Health.TROUBLE])
    assert ear.behind == []
    clock.turn(TROUBLE_SECONDS)
    assert ear.told.wait(DEADLINE)
    for _ in range(20):
        forwarder.durable(book.write(1))
    assert ear.behind == ["syslog"]


def test_a_process_that_hangs_is_told_as_trouble(
    book: Book, nobody: SyslogServer, running: contextlib.ExitStack
) -> None:
    clock, ear = TurnedClock(), Ear()
    forwarder = Forwarder(_setup(book, syslog=nobody), os.environ, ear, clock)
    running.callback(forwarder.close)
    forwarder.start()
    child = _child(os.getpid())
    child.suspend()
    forwarder.durable(1)
    clock.turn(TROUBLE_SECONDS)
    forwarder.durable(2)
    assert ear.behind == ["syslog"]
    child.kill()


def test_a_process_that_does_not_read_is_replaced_and_nobody_waits_for_it(
    book: Book, nobody: SyslogServer, running: contextlib.ExitStack
) -> None:
    forwarder = Forwarder(_setup(book, syslog=nobody), os.environ, Ear(), SystemClock())
    running.callback(forwarder.close)
    forwarder.start()
    child = _child(os.getpid())
    child.suspend()
    seq = 0
    while forwarder.status()[0].health is Health.FINE:
        forwarder.durable(seq := seq + 1)
    until(lambda: not child.is_running())
    assert _child(os.getpid()).pid != child.pid


def test_without_a_target_no_process_is_started(book: Book) -> None:
    forwarder = Forwarder(_setup(book), os.environ, Ear(), SystemClock())
    forwarder.start()
    forwarder.durable(1)
    assert forwarder.status() == ()
    forwarder.close()


def test_a_closed_forwarder_leaves_no_process_and_may_never_have_been_started(
    book: Book, nobody: SyslogServer
) -> None:
    forwarder = Forwarder(_setup(book, syslog=nobody), os.environ, Ear(), SystemClock())
    forwarder.close()
    forwarder = Forwarder(_setup(book, syslog=nobody), os.environ, Ear(), SystemClock())
    forwarder.start()
    child = _child(os.getpid())
    forwarder.close()
    assert not child.is_running()


CORE = """
import os, pathlib, sys, threading
from guard.clock import SystemClock
from guard.journal.forward.messages import Setup
from guard.journal.forward.process import Forwarder
folder = pathlib.Path(sys.argv[1])
setup = Setup(journal=folder, folder=folder, platform_log=folder / "socket", syslog=None)
Forwarder(setup, os.environ, None, SystemClock()).start()
threading.Event().wait()
"""


def test_the_process_dies_with_a_core_that_is_killed(book: Book) -> None:
    with subprocess.Popen([sys.executable, "-P", "-c", CORE, str(book.folder)]) as core:
        child = _child(core.pid)
        child.suspend()  # so that it does not end by itself
        core.kill()
    until(lambda: not child.is_running())
