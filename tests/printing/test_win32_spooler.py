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

from guard.printing.spooler import Job
from guard.printing.win32_spooler import WindowsSpooler

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
