"""The protocol of sd_notify(3), heard by a real socket."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import os
from typing import TYPE_CHECKING

import pytest

from guard.errors import MachineError
from guard.supervision.nobody import Nobody
from guard.supervision.systemd import Systemd, supervisor_of
from tests.support.notified import Manager

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Manager]:
    """A systemd that hears; its socket is a file, or has an abstract name."""
    address = str(tmp_path / "notify") if request.param == "path" else f"@guard-test-{os.getpid()}"
    with Manager(address) as manager:
        yield manager


def test_each_sign_is_a_datagram_of_its_own(manager: Manager) -> None:
    supervisor = Systemd(manager.address, 10_000_000)
    supervisor.ready()
    supervisor.alive()
    supervisor.stopping()
    told = [manager.next() for _ in range(3)]
    assert [one.splitlines()[0] for one in told] == ["READY=1", "WATCHDOG=1", "STOPPING=1"]
    assert told[1] == "WATCHDOG=1"
    assert told[0].splitlines()[1].startswith("STATUS=")
    assert told[2].splitlines()[1].startswith("STATUS=")


def test_a_loop_that_turns_gets_more_time_to_start_and_to_end(manager: Manager) -> None:
    supervisor = Systemd(manager.address, 10_000_000)
    more = "WATCHDOG=1\nEXTEND_TIMEOUT_USEC=10000000"
    supervisor.alive()
    assert manager.next() == more
    supervisor.ready()
    supervisor.stopping()
    supervisor.alive()
    assert [manager.next() for _ in range(3)][-1] == more


def test_half_the_interval_passes_between_two_signs() -> None:
    assert Systemd("/run/nowhere", 10_000_000).every == 5.0
    assert Systemd("/run/nowhere", None).every is None


def test_a_manager_that_reads_nothing_is_not_waited_for_and_learns_what_is_said_once_later(
    manager: Manager,
) -> None:
    supervisor = Systemd(manager.address, 10_000_000)
    filled = 0
    while manager.fill():
        filled += 1
    assert filled
    supervisor.ready()  # would wait for ever on a socket that waits
    supervisor.alive()
    for _ in range(filled):
        manager.next()
    supervisor.alive()
    assert manager.next().splitlines()[::2] == ["READY=1", "WATCHDOG=1"]
    supervisor.alive()
    assert manager.next() == "WATCHDOG=1"


def test_a_manager_that_is_gone_raises_nothing_and_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    supervisor = Systemd("/run/nowhere", 10_000_000)
    supervisor.ready()
    supervisor.alive()
    assert len(caplog.records) == 1


def test_what_systemd_says_to_the_guard_is_kept_from_its_children(manager: Manager) -> None:
    environment = {
        "NOTIFY_SOCKET": manager.address,
        "WATCHDOG_USEC": "10000000",
        "WATCHDOG_PID": str(os.getpid()),
        "HOME": "/var/lib/madoguchi",
    }
    supervisor = supervisor_of(environment)
    assert environment == {"HOME": "/var/lib/madoguchi"}
    assert supervisor.every == 5.0
    supervisor.alive()
    assert manager.next().startswith("WATCHDOG=1")


def test_a_watchdog_that_waits_for_another_process_is_told_nothing(manager: Manager) -> None:
    environment = {
        "NOTIFY_SOCKET": manager.address,
        "WATCHDOG_USEC": "10000000",
        "WATCHDOG_PID": str(os.getppid()),
    }
    assert supervisor_of(environment).every is None
    assert environment == {}


def test_without_a_socket_nobody_supervises() -> None:
    environment = {"WATCHDOG_USEC": "10000000", "PATH": "/usr/bin"}
    assert isinstance(supervisor_of(environment), Nobody)
    assert environment == {"PATH": "/usr/bin"}


@pytest.mark.parametrize("address", ["notify", "/", "@", "vsock:2:1234"])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(MachineError, match="NOTIFY_SOCKET"):
        supervisor_of({"NOTIFY_SOCKET": address})


@pytest.mark.parametrize("interval", ["0", "-1", "1s", "1.5", "²"])
def test_an_interval_that_is_none_is_refused(interval: str) -> None:
    with pytest.raises(MachineError, match="WATCHDOG_USEC"):
        supervisor_of({"NOTIFY_SOCKET": "/run/nowhere", "WATCHDOG_USEC": interval})
