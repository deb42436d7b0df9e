"""The control channel answers its own account, and nobody can hang or crash it."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import json
import socket
import stat
from collections.abc import Mapping
from concurrent.futures import Future
from typing import TYPE_CHECKING

import pytest

from guard.clock import SystemClock
from guard.control import MAX_ANSWER, MAX_REQUEST, ControlClient, ControlServer, protocol, unix
from guard.errors import BrokenPromiseError, ConfigError, MachineError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GENEROUS = 10.0


def fine(_: Mapping[str, object]) -> Mapping[str, object]:
    return {"state": "READY", "pids": (1, 2)}


def refusing(_: Mapping[str, object]) -> Mapping[str, object]:
    raise ConfigError("there is nothing to end.")


def defective(_: Mapping[str, object]) -> Mapping[str, object]:
    raise KeyError("a citizen's name")


def long_winded(_: Mapping[str, object]) -> Mapping[str, object]:
    return {"text": "x" * MAX_ANSWER}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "control.sock"


@pytest.fixture
def server(path: Path) -> Iterator[ControlServer]:
    handlers = {"status": fine, "end": refusing, "cover": defective, "long": long_winded}
    server = ControlServer(path, handlers, SystemClock())
    server.start()
    yield server
    server.close()


def connect(path: Path) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(GENEROUS)
    sock.connect(str(path))
    return sock


def exchange(path: Path, request: bytes) -> dict[str, object]:
    with connect(path) as sock, sock.makefile("rb") as answers:
        if request:
            sock.sendall(request)
        answer = json.loads(answers.readline())
        assert answers.read() == b""
    assert isinstance(answer, dict)
    return answer


@pytest.mark.usefixtures("server")
def test_a_command_gets_its_handlers_answer(path: Path) -> None:
    assert ControlClient(path).ask("status") == {"state": "READY", "pids": [1, 2]}


@pytest.mark.usefixtures("server")
def test_a_refusal_reaches_the_person_as_its_sentence(path: Path) -> None:
    with pytest.raises(ConfigError, match=r"^there is nothing to end\.$"):
        ControlClient(path).ask("end")


@pytest.mark.usefixtures("server")
def test_a_defect_in_a_handler_tells_nothing_and_ends_nothing(path: Path) -> None:
    with pytest.raises(ConfigError, match="this is a defect") as refusal:
        ControlClient(path).ask("cover")
    assert "citizen" not in refusal.value.sentence
    assert ControlClient(path).ask("status")["state"] == "READY"


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize(
    ("request_line", "sentence"),
    [
        (b"\xff\n", "one line with a JSON object"),
        (b"[" * 4000 + b"\n", "one line with a JSON object"),
        (b"[]\n", "one line with a JSON object"),
        (b'{"cmd": "status"}\n', "version 1"),
        (b'{"v": 2, "cmd": "status"}\n', "version 1"),
        (b'{"v": 1, "cmd": "open"}\n', "allowed are cover, end, long, status"),
        (b'{"v": 1, "cmd": ["status"]}\n', "allowed are"),
        (b"x" * (MAX_REQUEST + 1), "at most 4096 bytes"),
        (b'{"v": 1, "cmd": "long"}\n', "too long"),
    ],
)
def test_what_is_no_request_gets_a_clear_answer(path: Path, request_line: bytes, sentence: str) -> None:
    answer = exchange(path, request_line)
    assert answer["ok"] is False
    assert sentence in str(answer["error"])


@pytest.mark.usefixtures("server")
def test_clients_that_say_nothing_delay_nobody_and_are_sent_away(path: Path) -> None:
    """More of them than the server takes at once: it must let go of them to answer at all."""
    silent = [connect(path) for _ in range(40)]
    assert ControlClient(path).ask("status")["state"] == "READY"
    for sock in silent:
        assert sock.recv(1) == b""
        sock.close()


@pytest.mark.usefixtures("server")
def test_clients_that_leave_at_once_or_halfway_do_no_harm(path: Path) -> None:
    for request in (b"", b"{", b'{"v": 1, "cmd": "long"}\n'):
        with connect(path) as sock:
            sock.sendall(request)
    assert ControlClient(path).ask("status")["state"] == "READY"


@pytest.mark.usefixtures("server")
def test_a_request_in_pieces_is_understood(path: Path) -> None:
    with connect(path) as sock, sock.makefile("rb") as answers:
        for piece in (b'{"v": 1,', b'"cmd": "status"', b"}\n"):
            sock.sendall(piece)
        assert json.loads(answers.readline())["ok"] is True


@pytest.mark.usefixtures("server")
def test_only_the_account_itself_can_open_the_socket(path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_another_account_is_refused(
    server: ControlServer, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One cannot become another account here, so the server is told that this one is."""
    monkeypatch.setattr(unix, "_peer_uid", lambda _: 4_000_000)
    assert exchange(path, b"")["error"] == "only the guard's own account and root may ask"
    del server


def test_a_socket_left_by_a_guard_that_died_is_replaced(path: Path) -> None:
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(path))
    left.close()
    server = ControlServer(path, {"status": fine}, SystemClock())
    server.start()
    try:
        assert ControlClient(path).ask("status")["state"] == "READY"
    finally:
        server.close()
    assert not path.exists()


def test_without_a_guard_the_client_says_so(path: Path) -> None:
    with pytest.raises(ConfigError, match="no guard is running"):
        ControlClient(path).ask("status")


def test_a_guard_that_hangs_does_not_hang_the_client(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as hanging:
        hanging.bind(str(path))
        hanging.listen()
        with pytest.raises(MachineError, match="did not answer"):
            ControlClient(path, timeout=0.05).ask("status")


@pytest.mark.parametrize("line", [b"", b"{\n", b"[]\n", b'{"v": 9}\n', b'{"v": 1, "ok": true}\n'])
def test_an_answer_of_another_version_is_not_misread(line: bytes) -> None:
    with pytest.raises(BrokenPromiseError, match="not understood"):
        protocol.opened(line)


def test_a_path_too_long_for_a_socket_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MachineError, match="control socket"):
        ControlServer(tmp_path / ("x" * 120), {}, SystemClock()).start()


def test_an_answer_that_takes_longer_reaches_who_waits_and_nobody_else_waits_for_it(path: Path) -> None:
    slow = Future[Mapping[str, object]]()
    server = ControlServer(path, {"slow": lambda _: slow, "status": fine}, SystemClock())
    server.start()
    try:
        with connect(path) as waiting, waiting.makefile("rb") as answers:
            waiting.sendall(b'{"v": 1, "cmd": "slow"}\n')
            assert exchange(path, b'{"v": 1, "cmd": "status"}\n')["ok"] is True
            slow.set_result({"state": "HELD"})
            assert json.loads(answers.readline()) == {"v": 1, "ok": True, "answer": {"state": "HELD"}}
    finally:
        server.close()


def test_a_refusal_that_takes_longer_reaches_the_person_as_its_sentence(path: Path) -> None:
    slow = Future[Mapping[str, object]]()
    slow.set_exception(ConfigError("number or PIN is wrong."))
    server = ControlServer(path, {"slow": lambda _: slow}, SystemClock())
    server.start()
    try:
        with pytest.raises(ConfigError, match=r"^number or PIN is wrong\.$"):
            ControlClient(path).ask("slow")
    finally:
        server.close()


def test_a_client_that_hangs_up_while_it_waits_harms_nobody(path: Path) -> None:
    slow = Future[Mapping[str, object]]()
    server = ControlServer(path, {"slow": lambda _: slow, "status": fine}, SystemClock())
    server.start()
    try:
        with connect(path) as waiting:
            waiting.sendall(b'{"v": 1, "cmd": "slow"}\n')
            assert exchange(path, b'{"v": 1, "cmd": "status"}\n')["ok"] is True
        assert exchange(path, b'{"v": 1, "cmd": "status"}\n')["ok"] is True
        slow.set_result({})
        assert exchange(path, b'{"v": 1, "cmd": "status"}\n')["ok"] is True
    finally:
        server.close()
