"""The control socket, whatever is written to it: an answer, or a refusal that is nobody's defect."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import json
import socket
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import given

from guard.clock import SystemClock
from guard.control import ControlServer
from guard.errors import MachineError
from guard.handlers import Handlers
from guard.installed import DiskLook, Running
from guard.session.effects import AlertKind
from guard.session.policy import Policy
from tests.support.core import NO, YES, Lab
from tests.support.fuzz import FUZZED, bent, bent_object, corpus, is_sentence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from guard.secret import Secret
    from guard.settings.model import Settings
    from guard.staff.port import Answer

_REQUEST = {
    "v": 1,
    "cmd": "acknowledge",
    "alert": "reader_lost",
    "reason": "checked",
    "staff": "7",
    "pin": "739182",
}


def _unreadable() -> Settings:
    raise MachineError("the settings cannot be read")


class _Book:
    """Answers at once."""

    def verify(self, number: str, pin: Secret, then: Callable[[Answer], None]) -> None:
        then(YES if (number, pin.reveal()) == ("7", "739182") else NO)


@pytest.fixture
def table() -> Mapping[str, Callable[[Mapping[str, object]], object]]:
    """The guard's own commands, with a session and an alert open; what asks the keyring is left out."""
    lab = Lab(Policy())
    lab.open_session()
    lab.alerts.raise_alert(AlertKind.READER_LOST, None)
    system = SimpleNamespace(lacks=lambda: ())
    parts = SimpleNamespace(
        system=system, reader=lab.reader, shade=lab.shade, alerts=lab.alerts, book=_Book()
    )
    handlers = Handlers(
        core=lab.core,
        parts=cast("Any", parts),
        capsules=cast("Any", SimpleNamespace(pids=lambda: (1,))),
        inbox=lab.inbox,
        anchor=cast("Any", None),
        forwarder=cast("Any", SimpleNamespace(status=lambda: ())),
        settings=cast("Any", SimpleNamespace(session=Policy())),
        disk=DiskLook(Running(version="0", code_hash="0", policy_hash="0"), _unreadable),
    )
    return {name: handler for name, handler in handlers.table().items() if not name.startswith("journal")}


@pytest.fixture
def ask(
    tmp_path: Path, table: Mapping[str, Callable[[Mapping[str, object]], object]]
) -> Iterator[Callable[[bytes], bytes]]:
    path = tmp_path / "control"
    server = ControlServer(path, cast("Any", table), SystemClock())
    server.start()

    def asked(request: bytes) -> bytes:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
            sock.settimeout(10)
            sock.connect(str(path))
            sock.sendall(request)
            if b"\n" not in request:  # or the server waits for the rest of the line
                sock.shutdown(socket.SHUT_WR)
            answer = b""
            while not answer.endswith(b"\n") and (data := sock.recv(65536)):
                answer += data
            return answer

    yield asked
    server.close()


def _check(answer: bytes, request: bytes) -> None:
    if not answer:
        assert b"\n" not in request, "only a line that never ended stays without an answer"
        return
    assert answer.endswith(b"\n")
    said = json.loads(answer)
    assert said["v"] == 1
    if not said["ok"]:
        assert is_sentence(said["error"])
        assert "defect" not in said["error"]


@FUZZED
@given(request=bent("control"))
def test_any_request_is_answered_or_refused_in_a_sentence(
    ask: Callable[[bytes], bytes], request: bytes
) -> None:
    _check(ask(request), request)


@FUZZED
@given(request=bent_object(_REQUEST))
def test_any_field_of_a_request_is_taken_or_refused_in_a_sentence(
    ask: Callable[[bytes], bytes], request: dict[str, object]
) -> None:
    line = json.dumps(request).encode() + b"\n"
    _check(ask(line), line)


def test_whatever_once_went_wrong_is_answered_or_refused_in_a_sentence(ask: Callable[[bytes], bytes]) -> None:
    for request in corpus("control"):
        _check(ask(request), request)
