"""The control pipe answers its own account, nobody can hang or crash it, and nobody can take its name."""

from __future__ import annotations

import sys

assert sys.platform == "win32"

import json
import subprocess
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from typing import TYPE_CHECKING

import psutil
import pytest
import pywintypes
import win32con
import win32file
import win32pipe
import win32security
import winerror

from guard.clock import SystemClock
from guard.control import MAX_ANSWER, MAX_REQUEST, ControlClient, ControlServer, control_address, named_pipe
from guard.control.pipe_rights import ASK, SERVE, is_served_by_us, pipe_attributes
from guard.control.protocol import CLIENTS
from guard.errors import ConfigError, MachineError
from guard.ground.windows.handles import closing_handle
from guard.ground.windows.rights import own_sid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import _win32typing


def fine(_: Mapping[str, object]) -> Mapping[str, object]:
    return {"state": "READY", "pids": (1, 2)}


def refusing(_: Mapping[str, object]) -> Mapping[str, object]:
    raise ConfigError("there is nothing to end.")


def long_winded(_: Mapping[str, object]) -> Mapping[str, object]:
    return {"text": "x" * MAX_ANSWER}


def just_fits(_: Mapping[str, object]) -> Mapping[str, object]:
    return {"text": "x" * (MAX_ANSWER - 100)}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return control_address(tmp_path)


@pytest.fixture
def server(path: Path) -> Iterator[ControlServer]:
    handlers = {"status": fine, "end": refusing, "long": long_winded, "fits": just_fits}
    server = ControlServer(path, handlers, SystemClock())
    server.start()
    yield server
    server.close()


def connect(path: Path) -> int:
    """Open the pipe as soon as one of its instances is free."""
    while True:
        win32pipe.WaitNamedPipe(str(path), 10_000)
        try:
            return int(
                win32file.CreateFile(str(path), ASK, 0, None, win32con.OPEN_EXISTING, 0, None).Detach()
            )
        except pywintypes.error as error:
            if error.winerror != winerror.ERROR_PIPE_BUSY:
                raise


def read_line(pipe: int) -> bytes:
    received = b""
    while not received.endswith(b"\n"):
        received += win32file.ReadFile(pipe, 65536)[1]
    return received


def exchange(path: Path, request: bytes) -> dict[str, object]:
    with closing_handle(connect(path)) as pipe:
        win32file.WriteFile(pipe, request)
        answer = json.loads(read_line(pipe))
    assert isinstance(answer, dict)
    return answer


@pytest.mark.usefixtures("server")
def test_a_command_gets_its_handlers_answer_again_and_again(path: Path) -> None:
    for _ in range(3 * CLIENTS):
        assert ControlClient(path).ask("status") == {"state": "READY", "pids": [1, 2]}


@pytest.mark.usefixtures("server")
def test_no_client_leaves_a_handle_behind(path: Path) -> None:
    def ask_in_every_way() -> int:
        for _ in range(CLIENTS):
            ControlClient(path).ask("status")
            with closing_handle(connect(path)) as pipe:
                win32file.WriteFile(pipe, b"{")
        return int(psutil.Process().num_handles())

    settled = ask_in_every_way()
    assert ask_in_every_way() <= settled


@pytest.mark.usefixtures("server")
def test_another_process_of_the_account_may_ask(path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from guard.control import ControlClient;"
        "print(ControlClient(Path(sys.argv[1])).ask('status')['state'])"
    )
    asked = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, check=False, text=True, timeout=60
    )
    assert asked.stdout.strip() == "READY", asked.stderr


@pytest.mark.usefixtures("server")
def test_a_refusal_reaches_the_person_as_its_sentence(path: Path) -> None:
    with pytest.raises(ConfigError, match=r"^there is nothing to end\.$"):
        ControlClient(path).ask("end")


@pytest.mark.usefixtures("server")
def test_the_longest_answer_arrives_whole(path: Path) -> None:
    assert len(str(ControlClient(path).ask("fits")["text"])) == MAX_ANSWER - 100


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize(
    ("request_line", "sentence"),
    [
        (b"\xff\n", "one line with a JSON object"),
        (b'{"v": 2, "cmd": "status"}\n', "version 1"),
        (b'{"v": 1, "cmd": "open"}\n', "allowed are end, fits, long, status"),
        (b"x" * (MAX_REQUEST + 1), "at most 4096 bytes"),
        (b'{"v": 1, "cmd": "long"}\n', "too long"),
    ],
)
def test_what_is_no_request_gets_a_clear_answer(path: Path, request_line: bytes, sentence: str) -> None:
    answer = exchange(path, request_line)
    assert answer["ok"] is False
    assert sentence in str(answer["error"])


@pytest.mark.usefixtures("server")
def test_a_request_in_pieces_is_understood(path: Path) -> None:
    with closing_handle(connect(path)) as pipe:
        for piece in (b'{"v": 1,', b'"cmd": "status"', b"}\n"):
            win32file.WriteFile(pipe, piece)
        assert json.loads(read_line(pipe))["ok"] is True


@pytest.mark.usefixtures("server")
def test_clients_that_say_nothing_delay_nobody_and_are_sent_away(path: Path) -> None:
    """As many as the server takes at once: it must let go of them to answer at all."""
    silent = [connect(path) for _ in range(CLIENTS)]
    assert ControlClient(path).ask("status")["state"] == "READY"
    for pipe in silent:
        with pytest.raises(pywintypes.error) as gone, closing_handle(pipe):
            win32file.ReadFile(pipe, 1)
        assert gone.value.winerror in {winerror.ERROR_BROKEN_PIPE, winerror.ERROR_PIPE_NOT_CONNECTED}


@pytest.mark.usefixtures("server")
def test_a_client_that_does_not_take_its_answer_is_sent_away(path: Path) -> None:
    with closing_handle(connect(path)) as pipe:
        win32file.WriteFile(pipe, b'{"v": 1, "cmd": "fits"}\n')
        slow = [connect(path) for _ in range(CLIENTS - 1)]
        assert ControlClient(path).ask("status")["state"] == "READY"
        for one in slow:
            win32file.CloseHandle(one)


@pytest.mark.usefixtures("server")
def test_clients_that_leave_at_once_or_halfway_do_no_harm(path: Path) -> None:
    for request in (b"", b"{", b'{"v": 1, "cmd": "fits"}\n') * CLIENTS:
        with closing_handle(connect(path)) as pipe:
            if request:
                win32file.WriteFile(pipe, request)
    assert ControlClient(path).ask("status")["state"] == "READY"


def test_an_answer_that_takes_longer_reaches_who_waits_and_nobody_else_waits_for_it(path: Path) -> None:
    slow, refused = Future[Mapping[str, object]](), Future[Mapping[str, object]]()
    refused.set_exception(ConfigError("number or PIN is wrong."))
    handlers: dict[str, Callable[[Mapping[str, object]], Future[Mapping[str, object]]]] = {
        "slow": lambda _: slow,
        "refused": lambda _: refused,
    }
    server = ControlServer(path, {**handlers, "status": fine}, SystemClock())
    server.start()
    try:
        with closing_handle(connect(path)) as gone:
            win32file.WriteFile(gone, b'{"v": 1, "cmd": "slow"}\n')
        with closing_handle(connect(path)) as waiting:
            win32file.WriteFile(waiting, b'{"v": 1, "cmd": "slow"}\n')
            assert exchange(path, b'{"v": 1, "cmd": "status"}\n')["ok"] is True
            slow.set_result({"state": "HELD"})
            assert json.loads(read_line(waiting)) == {"v": 1, "ok": True, "answer": {"state": "HELD"}}
        with pytest.raises(ConfigError, match=r"^number or PIN is wrong\.$"):
            ControlClient(path).ask("refused")
    finally:
        server.close()


@pytest.mark.usefixtures("server")
def test_the_account_owns_the_pipe_and_nobody_but_it_administrators_and_the_system_may_open_it(
    path: Path,
) -> None:
    with closing_handle(connect(path)) as pipe:
        found = win32security.GetSecurityInfo(
            pipe,
            win32security.SE_KERNEL_OBJECT,
            win32security.OWNER_SECURITY_INFORMATION | win32security.DACL_SECURITY_INFORMATION,
        )
        rights = found.GetSecurityDescriptorDacl()
        entries = {}
        for number in range(rights.GetAceCount()):
            (kind, _), mask, sid = rights.GetAce(number)
            assert kind == win32security.ACCESS_ALLOWED_ACE_TYPE
            entries[win32security.ConvertSidToStringSid(sid)] = mask
        assert found.GetSecurityDescriptorOwner() == own_sid()
        assert is_served_by_us(pipe)
    ours = win32security.ConvertSidToStringSid(own_sid())
    assert entries == {"S-1-5-32-544": ASK, "S-1-5-18": ASK} | {ours: SERVE}


@pytest.mark.usefixtures("server")
def test_a_second_server_of_the_same_name_is_refused(path: Path) -> None:
    with pytest.raises(MachineError, match="holds the name of the control pipe"):
        ControlServer(path, {"status": refusing}, SystemClock()).start()
    assert ControlClient(path).ask("status")["state"] == "READY"


def test_a_server_asks_nothing_that_windows_refuses_at_its_end(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state_of = win32pipe.GetNamedPipeHandleState

    def as_windows(pipe: int, *of_a_client_only: int) -> tuple[object, ...]:
        """Wine answers more than Windows, which knows neither count nor user at a server's end."""
        if any(of_a_client_only):
            raise pywintypes.error(winerror.ERROR_INVALID_PARAMETER, "GetNamedPipeHandleState", "")
        return state_of(pipe)

    monkeypatch.setattr(win32pipe, "GetNamedPipeHandleState", as_windows)
    server = ControlServer(path, {"status": fine}, SystemClock())
    server.start()
    server.close()


def squatted(path: Path, instances: int, rights: _win32typing.PySECURITY_ATTRIBUTES | None = None) -> int:
    return win32pipe.CreateNamedPipe(
        str(path),
        win32pipe.PIPE_ACCESS_DUPLEX,
        win32pipe.PIPE_TYPE_BYTE,
        instances,
        0,
        0,
        0,
        rights,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("instances", [1, win32pipe.PIPE_UNLIMITED_INSTANCES])
def test_a_name_that_somebody_has_taken_refuses_the_start(path: Path, instances: int) -> None:
    with (
        closing_handle(squatted(path, instances)),
        pytest.raises(MachineError, match="holds the name of the control pipe"),
    ):
        ControlServer(path, {"status": fine}, SystemClock()).start()
    server = ControlServer(path, {"status": fine}, SystemClock())
    server.start()
    server.close()


def test_nothing_is_said_to_a_server_of_another_account(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is one account here, so the client is told that the server's is another."""
    monkeypatch.setattr(named_pipe, "is_served_by_us", lambda _: False)
    heard = list[bytes]()

    def hear(pipe: int) -> None:
        try:
            win32pipe.ConnectNamedPipe(pipe, None)
            heard.append(win32file.ReadFile(pipe, 1)[1])
        except pywintypes.error as error:
            assert error.winerror in {winerror.ERROR_BROKEN_PIPE, winerror.ERROR_NO_DATA}  # noqa: PT017 -- in a thread

    with closing_handle(squatted(path, 1)) as pipe:
        listener = threading.Thread(target=hear, args=(pipe,))
        listener.start()
        with pytest.raises(MachineError, match="another account's, so nothing was sent"):
            ControlClient(path).ask("status", pin="739182")
        listener.join()
    assert heard == []


def test_without_a_guard_the_client_says_so(path: Path) -> None:
    with pytest.raises(ConfigError, match="no guard is running"):
        ControlClient(path).ask("status")


def test_a_guard_that_hangs_does_not_hang_the_client(path: Path) -> None:
    with (
        closing_handle(squatted(path, 2, pipe_attributes())),
        closing_handle(squatted(path, 2, pipe_attributes())),
    ):
        with pytest.raises(MachineError, match="did not answer"):
            ControlClient(path, timeout=0.05).ask("status")
        with closing_handle(connect(path)), pytest.raises(MachineError, match="did not answer"):
            ControlClient(path, timeout=0.05).ask("status")


def test_after_the_end_nobody_listens_and_no_thread_is_left(path: Path) -> None:
    before = threading.active_count()
    server = ControlServer(path, {"status": fine}, SystemClock())
    server.start()
    silent = connect(path)
    server.close()
    assert threading.active_count() == before
    win32file.CloseHandle(silent)
    with pytest.raises(ConfigError, match="no guard is running"):
        ControlClient(path).ask("status")


def test_each_runtime_folder_has_a_pipe_of_its_own(tmp_path: Path) -> None:
    assert control_address(tmp_path) == control_address(tmp_path)
    assert control_address(tmp_path) != control_address(tmp_path / "demo")
    assert str(control_address(tmp_path)).startswith("\\\\.\\pipe\\madoguchi-guard-")
