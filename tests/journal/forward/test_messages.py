"""What one process says the other understands, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from guard.errors import BrokenPromiseError
from guard.journal.forward.address import Address, SyslogServer
from guard.journal.forward.messages import (
    Health,
    Report,
    Setup,
    Timing,
    read_poke,
    read_report,
    read_setup,
    write_poke,
    write_report,
    write_setup,
)

if TYPE_CHECKING:
    from guard.channel import Message

BARE = Setup(journal=Path("/j"), folder=Path("/f"), platform_log=Path("/run/log"), syslog=None)
FULL = Setup(
    journal=Path("/j"),
    folder=Path("/f"),
    platform_log=None,
    syslog=SyslogServer(
        address=Address("::1", 1), ca=Path("/ca"), certificate=Path("/certificate"), key=Path("/key")
    ),
    timing=Timing(first_pause=0.5, longest_pause=2.0, patience=3.0),
)
FINE = Report(target="syslog", position=None, health=Health.FINE, sentence=None)
BAD = Report(target="journald", position=7, health=Health.TROUBLE, sentence="it is.")


def _sent(message: Message) -> dict[str, object]:
    sent = json.loads(json.dumps(message))
    assert isinstance(sent, dict)
    return sent


@pytest.mark.parametrize("setup", [BARE, FULL])
def test_a_setup_arrives_as_it_was(setup: Setup) -> None:
    assert read_setup(_sent(write_setup(setup))) == setup


@pytest.mark.parametrize("report", [FINE, BAD])
def test_a_report_arrives_as_it_was(report: Report) -> None:
    assert read_report(_sent(write_report(report))) == report


def test_a_poke_arrives_as_it_was() -> None:
    assert read_poke(_sent(write_poke(12))) == 12


@pytest.mark.parametrize("broken", [{}, {"journal": 1}, {"patience": True}, {"syslog": []}, {"syslog": {}}])
def test_a_setup_that_is_none_is_refused(broken: dict[str, object]) -> None:
    message = {**write_setup(FULL), **broken} if broken else {}
    with pytest.raises(BrokenPromiseError):
        read_setup(message)


@pytest.mark.parametrize(
    "broken", [{"position": "7"}, {"position": True}, {"health": "well"}, {"sentence": 1}]
)
def test_a_report_that_is_none_is_refused(broken: dict[str, object]) -> None:
    with pytest.raises(BrokenPromiseError):
        read_report({**write_report(BAD), **broken})


@pytest.mark.parametrize("broken", [{}, {"through": None}, {"through": 1.5}])
def test_a_poke_that_is_none_is_refused(broken: dict[str, object]) -> None:
    with pytest.raises(BrokenPromiseError):
        read_poke(broken)
