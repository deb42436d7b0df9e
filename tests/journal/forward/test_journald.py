"""Records come out of a real systemd-journald, and a PC without one is told as that."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import socket
from typing import TYPE_CHECKING

import pytest

from guard.journal.forward.journald import Journald
from guard.journal.forward.port import TargetError, TargetMissingError
from tests.journal.forward.book import record
from tests.journal.forward.journald_lab import JournaldLab

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def journald(tmp_path: Path) -> Iterator[JournaldLab]:
    lab = JournaldLab(tmp_path / "journald")
    yield lab
    lab.kill()


def test_records_are_found_in_the_platforms_log_by_what_they_say(journald: JournaldLab) -> None:
    journald.start()
    hostile = record(2, "refused", what="page", host="a\nPRIORITY=0\nMESSAGE=forged 偽物")
    alert = record(3, "alert", None, alert="wipe_failed", count=1)
    assert Journald(journald.socket).send([record(1), hostile, alert]) == 3
    first, second, third = journald.entries(3)
    assert first["MESSAGE"] == "from READY to ACTIVE because of card_present"
    assert (first["PRIORITY"], first["GUARD_SEQ"], first["GUARD_KIND"]) == ("6", "1", "state")
    assert (first["GUARD_SESSION"], first["GUARD_AT"]) == ("s1", "2026-11-25T09:00:01.001Z")
    assert second["GUARD_HOST"] == "a<U+000A>PRIORITY=0<U+000A>MESSAGE=forged 偽物"
    assert (second["PRIORITY"], third["PRIORITY"]) == ("5", "1")
    assert "GUARD_SESSION" not in third


def test_a_pc_without_journald_is_told_as_that(tmp_path: Path) -> None:
    with pytest.raises(TargetMissingError, match="no journald listens"):
        Journald(tmp_path / "socket").send([record(1)])


def test_a_journald_that_is_gone_leaves_a_socket_and_is_missing(journald: JournaldLab) -> None:
    journald.start()
    journald.kill()
    with pytest.raises(TargetMissingError, match="no journald listens"):
        Journald(journald.socket).send([record(1)])


def test_what_fits_into_a_full_queue_counts_and_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("guard.journal.forward.journald._PATIENCE", 0.05)
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as stuck:
        stuck.bind(str(path))
        records = [record(seq) for seq in range(1, 2000)]
        taken = Journald(path).send(records)
        assert 0 < taken < len(records)
        # What fills first is the sender's buffer or the receiver's queue, as this kernel is set.
        with pytest.raises(TargetError, match="takes nothing"):  # noqa: PT012 -- whichever call finds it full
            while taken < len(records):
                taken += Journald(path).send(records[taken:])
        queued = [stuck.recv(4096) for _ in range(taken)]
        assert [f"GUARD_SEQ={seq}\n".encode() in one for seq, one in enumerate(queued, 1)] == [True] * taken
