"""One exchange over the control channel, whatever carries it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import Future
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from guard.control.protocol import MAX_ANSWER, Exchange, request_line
from guard.errors import ConfigError
from tests.support.fuzz import FUZZED, bent

if TYPE_CHECKING:
    from guard.control.protocol import Answer


def test_a_request_is_heard_however_it_is_cut() -> None:
    line = request_line("status", {"staff": "7"})
    heard = list[Mapping[str, object]]()

    def status(request: Mapping[str, object]) -> Answer:
        heard.append(request)
        return {"state": "READY"}

    exchange = Exchange({"status": status})
    for number in range(len(line) - 1):
        exchange.take(line[number : number + 1])
        assert exchange.answer == b""
    exchange.take(line[-1:])
    assert json.loads(exchange.answer) == {"v": 1, "ok": True, "answer": {"state": "READY"}}
    assert heard == [{"v": 1, "cmd": "status", "staff": "7"}]


def test_what_takes_longer_has_no_answer_before_it_is_settled() -> None:
    slow = Future[Mapping[str, object]]()
    exchange = Exchange({"slow": lambda _: slow})
    exchange.take(request_line("slow", {}))
    assert (exchange.waits_for, exchange.answer, exchange.settle()) == (slow, b"", False)
    slow.set_exception(ConfigError("number or PIN is wrong."))
    assert exchange.settle()
    assert exchange.waits_for is None
    assert json.loads(exchange.answer)["error"] == "number or PIN is wrong."


def test_an_answer_always_ends_with_its_line() -> None:
    exchange = Exchange({"long": lambda _: {"text": "x" * MAX_ANSWER}})
    exchange.take(request_line("long", {}))
    assert exchange.answer.endswith(b"\n")
    assert "too long" in json.loads(exchange.answer)["error"]


@FUZZED
@given(request=bent("control"), cut=st.integers(0, 64))
def test_whatever_comes_in_is_answered_in_one_line_or_waited_for(request: bytes, cut: int) -> None:
    exchange = Exchange({"status": lambda _: {"state": "READY"}, "end": _refusing})
    for piece in (request[:cut], request[cut:]):
        if not exchange.answer:
            exchange.take(piece)
    if exchange.answer:
        assert exchange.answer.count(b"\n") == 1
        assert json.loads(exchange.answer)["v"] == 1
        assert b"defect" not in exchange.answer
    else:
        assert b"\n" not in request


def _refusing(_: Mapping[str, object]) -> Answer:
    raise ConfigError("there is nothing to end.")
