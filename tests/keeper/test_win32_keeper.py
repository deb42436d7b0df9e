"""The real service, started by the real service control manager, and a stand-in for the guard."""

# mypy: no-warn-unused-ignores
# An ignore is one on Windows only, where pywin32's stubs are wrong.

from __future__ import annotations

import sys

assert sys.platform == "win32"

import contextlib
import json
import socket
import subprocess
import winreg
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest
import win32api
import win32service
import win32ts

from guard.errors import MachineError
from guard.keeper import registration
from guard.keeper.names import ACCOUNT, KEY, LINE, SECONDS, SERVICE
from guard.keeper.standing import keeper_standing
from guard.keeper.this_pc import account_to_serve
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE = 90.0
"""s; nothing is asserted about how long it took."""


class Kept:
    """The test's end of one stand-in."""

    def __init__(self, listening: socket.socket) -> None:
        self._socket, _ = listening.accept()
        self._socket.settimeout(PATIENCE)
        self._lines = self._socket.makefile("rb")
        self.first = self.told()
        self.process = psutil.Process(self.first["pid"])

    def close(self) -> None:
        self._lines.close()
        self._socket.close()

    def told(self) -> dict[str, Any]:
        line = self._lines.readline()
        assert line, "the stand-in has ended"
        told = json.loads(line)
        assert isinstance(told, dict)
        return told

    def do(self, order: str) -> None:
        self._socket.sendall(order.encode() + b"\n")

    def do_it(self, order: str) -> dict[str, Any]:
        self.do(order)
        return self.told()

    def ends(self) -> None:
        """Return when the stand-in's socket is gone, as it is with its process."""
        with contextlib.suppress(ConnectionResetError):
            assert self._lines.readline() == b""
        self.process.wait(PATIENCE)


class Pc:
    """A PC with the service on it."""

    def __init__(self) -> None:
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.listening.settimeout(PATIENCE)
        self.kept: list[Kept] = []

    def install(self) -> None:
        script = Path(__file__).with_name("kept_service.py")
        port = self.listening.getsockname()[1]
        registration.install(f'"{sys.executable}" -I "{script}" {port}')

    def guard(self) -> Kept:
        """Return the next guard, when it is there and ready."""
        kept = Kept(self.listening)
        self.kept.append(kept)
        assert kept.do_it("ready") == {"done": "ready"}
        return kept

    def service_pid(self) -> int:
        manager = win32service.OpenSCManager(None, None, win32service.SC_MANAGER_CONNECT)
        service = win32service.OpenService(manager, SERVICE, win32service.SERVICE_ALL_ACCESS)
        pid = win32service.QueryServiceStatusEx(service)["ProcessId"]  # type: ignore[index]
        win32service.CloseServiceHandle(service)
        win32service.CloseServiceHandle(manager)
        return int(pid)


@pytest.fixture
def pc() -> Iterator[Pc]:
    registration.remove()
    with winreg.CreateKey(winreg.HKEY_LOCAL_MACHINE, KEY) as key:
        winreg.SetValueEx(key, ACCOUNT, 0, winreg.REG_SZ, win32api.GetUserName())
    pc = Pc()
    with contextlib.closing(pc.listening), contextlib.ExitStack() as stack:
        stack.callback(registration.remove)
        pc.install()
        yield pc
        for kept in pc.kept:
            kept.close()


def test_the_guard_runs_as_the_user_in_their_session_and_its_line_is_no_childs_business(pc: Pc) -> None:
    first = pc.guard().first
    assert first["session"] == win32ts.WTSGetActiveConsoleSessionId()  # type: ignore[no-untyped-call]
    assert str(first["user"]).casefold() == win32api.GetUserName().casefold()
    assert first["variables"] == sorted((LINE, SECONDS))
    assert first["left"] == []


def test_a_guard_that_is_killed_is_started_again_each_time(pc: Pc) -> None:
    pids = set()
    for _ in range(3):
        kept = pc.guard()
        pids.add(kept.first["pid"])
        kept.process.kill()
    pids.add(pc.guard().first["pid"])
    assert len(pids) == 4


def test_a_guard_that_ends_by_itself_is_started_again(pc: Pc) -> None:
    kept = pc.guard()
    kept.do("end")
    kept.ends()
    pc.guard()


@pytest.mark.parametrize("fault", ["hang", "garble"])
def test_a_guard_that_hangs_or_says_what_no_guard_says_is_killed_and_started_again(
    pc: Pc, fault: str
) -> None:
    kept = pc.guard()
    kept.do(fault)
    if fault == "hang":
        assert kept.told() == {"done": "hang"}
    kept.ends()
    assert pc.guard().first["pid"] != kept.first["pid"]


def test_what_the_guard_started_outlives_it_as_the_curtain_must(pc: Pc) -> None:
    kept = pc.guard()
    curtain = psutil.Process(kept.do_it("child")["child"])
    kept.process.kill()
    pc.guard()
    assert curtain.is_running()
    curtain.kill()


def test_a_guard_never_outlives_the_keeper_and_what_it_started_does(pc: Pc) -> None:
    kept = pc.guard()
    curtain = psutil.Process(kept.do_it("child")["child"])
    psutil.Process(pc.service_pid()).kill()
    kept.ends()
    assert curtain.is_running()
    curtain.kill()


@pytest.mark.parametrize("what", ["stop", "remove"])
def test_the_stop_of_the_service_asks_the_guard_to_end_and_waits_for_it(pc: Pc, what: str) -> None:
    kept = pc.guard()
    service = psutil.Process(pc.service_pid())
    stopping = subprocess.Popen([sys.executable, "-I", "-c", _CALL, str(Path(__file__).parents[2]), what])
    assert kept.told() == {"asked": True}
    assert service.is_running()
    assert stopping.poll() is None
    kept.do("end")
    kept.ends()
    assert stopping.wait(PATIENCE) == 0
    assert not service.is_running()


_CALL = """
import sys
sys.path.insert(0, sys.argv[1])
from guard.keeper.__main__ import main
sys.exit(main(sys.argv[2:]))
"""


def test_the_doctor_says_whom_the_service_serves(pc: Pc) -> None:
    pc.guard()
    assert keeper_standing() == f"the service {SERVICE} serves {win32api.GetUserName()}"


def test_without_a_value_nobody_in_particular_is_served_and_a_number_is_no_account() -> None:
    key = rf"{KEY}\Test"
    assert account_to_serve(key) == ""
    with winreg.CreateKey(winreg.HKEY_LOCAL_MACHINE, key) as opened:
        winreg.SetValueEx(opened, ACCOUNT, 0, winreg.REG_DWORD, 7)
    try:
        with pytest.raises(MachineError, match="must be a text"):
            account_to_serve(key)
    finally:
        winreg.DeleteKey(winreg.HKEY_LOCAL_MACHINE, key)


def test_the_services_command_is_quoted() -> None:
    assert registration.command() == f'"{sys.executable}" -I -B -m guard.keeper service'


def test_where_there_is_no_service_the_doctor_says_so() -> None:
    registration.remove()

    def gone() -> bool:
        with pytest.raises(MachineError) as error:
            keeper_standing()
        return "is not installed" in error.value.sentence

    until(gone)
