"""What the spooler of this PC says; Wine shows no job in a queue: see docs/windows-checklist.md."""

from __future__ import annotations

import sys

assert sys.platform == "win32"

import contextlib
from typing import TYPE_CHECKING, Any

import pytest
import pywintypes
import win32print
import win32service
import winerror

from guard.doctor import Doctor, State, finding
from guard.printing.spooler import Job
from guard.printing.win32_spooler import WindowsSpooler
from guard.readers.scard import PyscardScard

if TYPE_CHECKING:
    from collections.abc import Iterator


FETCH_TAG = False


@contextlib.contextmanager
def started(how: int) -> Iterator[None]:
    """Have the service Spooler start in this way, as services.msc would."""
    keep = win32service.SERVICE_NO_CHANGE
    with contextlib.ExitStack() as opened:
        manager = win32service.OpenSCManager(None, None, win32service.SC_MANAGER_ALL_ACCESS)
        opened.callback(win32service.CloseServiceHandle, manager)
        service: Any = win32service.OpenService(manager, "Spooler", win32service.SERVICE_ALL_ACCESS)
        opened.callback(win32service.CloseServiceHandle, service)

        def start(how: int) -> None:
            win32service.ChangeServiceConfig(
                service, keep, how, keep, None, None, FETCH_TAG, None, None, None, None
            )

        opened.callback(start, win32service.QueryServiceConfig(service)[1])
        start(how)
        yield


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """The spooler does not answer."""

    def unavailable(*_: object) -> object:
        raise pywintypes.error(
            winerror.RPC_S_SERVER_UNAVAILABLE, "EnumPrinters", "The RPC server is unavailable."
        )

    monkeypatch.setattr(win32print, "EnumPrinters", unavailable)


def test_a_pc_without_printers_has_no_job() -> None:
    assert WindowsSpooler().jobs() == []


@pytest.mark.usefixtures("silent")
def test_a_spooler_that_is_turned_off_for_good_has_no_job() -> None:
    with started(win32service.SERVICE_DISABLED):
        assert WindowsSpooler().jobs() == []


@pytest.mark.usefixtures("silent")
def test_of_one_that_may_start_again_nothing_is_known() -> None:
    with started(win32service.SERVICE_DEMAND_START), pytest.raises(OSError, match="unavailable"):
        WindowsSpooler().jobs()


def test_a_job_in_a_queue_that_is_gone_is_no_error() -> None:
    WindowsSpooler().delete(Job("nobody's", 1))


def test_jobs_of_others_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    me = WindowsSpooler()
    mine = {"JobId": 7, "pUserName": me.account.upper()}
    monkeypatch.setattr(WindowsSpooler, "_queues", staticmethod(lambda: ["Counter"]))
    monkeypatch.setattr(
        WindowsSpooler, "_in", staticmethod(lambda _: [mine, {"JobId": 8, "pUserName": "somebody"}])
    )
    assert me.jobs() == [Job("Counter", 7)]


def test_a_pc_without_printers_has_no_queue_elsewhere() -> None:
    assert finding("print queues", Doctor({}, PyscardScard).print_queues).state is State.OK


def test_queues_on_other_pcs_are_named_for_they_may_be_away(monkeypatch: pytest.MonkeyPatch) -> None:
    def queues(which: int, *_: object) -> list[tuple[int, str, str, str]]:
        here = [(0, "", "Counter", "")] if which & win32print.PRINTER_ENUM_LOCAL else []
        there = [(0, "", r"\\prints\hall", "")] if which & win32print.PRINTER_ENUM_CONNECTIONS else []
        return here + there

    monkeypatch.setattr(win32print, "EnumPrinters", queues)
    found = finding("print queues", Doctor({}, PyscardScard).print_queues)
    assert found.state is State.WARN
    assert r"\\prints\hall" in found.found
    assert "Counter" not in found.found


@pytest.mark.usefixtures("silent")
def test_where_the_spooler_is_turned_off_for_good_there_is_no_queue_elsewhere() -> None:
    with started(win32service.SERVICE_DISABLED):
        assert WindowsSpooler.elsewhere() == []
