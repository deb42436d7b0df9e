from __future__ import annotations

import json
import resource
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from guard.errors import MachineError
from guard.journal.jsonl import JsonLinesJournal
from guard.session.events import SessionId
from tests.support.clock import TurnedClock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SOON = 20.0


class Ear:
    """Listens to the journal."""

    def __init__(self) -> None:
        self.lost = threading.Event()
        self.back = threading.Event()


@contextmanager
def _journal(folder: Path, ear: Ear | None = None) -> Iterator[JsonLinesJournal]:
    ear = ear or Ear()
    journal = JsonLinesJournal(folder, TurnedClock(), ear.lost.set, ear.back.set)
    try:
        yield journal
    finally:
        journal.close()


def _records(folder: Path) -> list[dict[str, object]]:
    lines = [
        line for path in sorted(folder.iterdir()) for line in path.read_text(encoding="utf-8").splitlines()
    ]
    return [json.loads(line) for line in lines if line.endswith("}")]


def test_a_record_holds_number_time_session_and_kind(tmp_path: Path) -> None:
    with _journal(tmp_path) as journal:
        journal.record("state", SessionId("abc"), before="READY", after="ACTIVE")
    (record,) = _records(tmp_path)
    assert record == {
        "seq": 1,
        "at": "2026-04-01T09:00:00.000Z",
        "boot_ms": 1_000_000.0,
        "session": "abc",
        "kind": "state",
        "before": "READY",
        "after": "ACTIVE",
    }


def test_numbers_go_on_after_a_restart_without_a_hole(tmp_path: Path) -> None:
    for _ in range(3):
        with _journal(tmp_path) as journal:
            journal.record("start")
            journal.record("stop")
    assert [record["seq"] for record in _records(tmp_path)] == [1, 2, 3, 4, 5, 6]


def test_the_state_in_which_the_last_run_ended_is_known_to_the_next(tmp_path: Path) -> None:
    with _journal(tmp_path) as journal:
        assert journal.last_state == ""
        journal.record("state", before="READY", after="ACTIVE")
        journal.record("refused", what="navigation", host="h")
    with _journal(tmp_path) as journal:
        assert journal.last_state == "ACTIVE"


def test_a_line_torn_by_a_crash_damages_no_other(tmp_path: Path) -> None:
    with _journal(tmp_path) as journal:
        journal.record("start")
    (path,) = tmp_path.iterdir()
    with path.open("a", encoding="utf-8") as file:
        file.write('{"seq": 2, "at": "20')
    with _journal(tmp_path) as journal:
        journal.record("start")
    assert [record["seq"] for record in _records(tmp_path)] == [1, 2]


def test_records_from_many_threads_each_get_their_own_number(tmp_path: Path) -> None:
    with _journal(tmp_path) as journal:

        def write() -> None:
            for _ in range(100):
                journal.record("state")

        threads = [threading.Thread(target=write) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [record["seq"] for record in _records(tmp_path)] == list(range(1, 401))


def test_a_disk_that_takes_no_more_is_reported_and_loses_nothing_once_it_does_again(tmp_path: Path) -> None:
    ear = Ear()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with _journal(tmp_path, ear) as journal:
        journal.record("start")
        while not _records(tmp_path):
            threading.Event().wait(0.01)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4, hard))  # EFBIG stands for ENOSPC: writes fail alike
        try:
            journal.record("state", after="ACTIVE")
            assert ear.lost.wait(SOON)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert ear.back.wait(SOON)
    assert [record["seq"] for record in _records(tmp_path)] == [1, 2]


def test_a_folder_that_cannot_be_written_is_refused_with_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(MachineError) as refused:
        JsonLinesJournal(tmp_path / "file" / "journal", TurnedClock(), lambda: None, lambda: None)
    assert "[journal] directory" in refused.value.sentence
    assert "\n" not in refused.value.sentence
