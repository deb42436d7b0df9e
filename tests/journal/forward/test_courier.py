"""What a target has not confirmed is sent again; what it has confirmed is not."""

from __future__ import annotations

import logging
import queue
import threading
from typing import TYPE_CHECKING

from guard.journal.forward.courier import Courier
from guard.journal.forward.cursor import Cursor
from guard.journal.forward.messages import Health, Report, Timing
from guard.journal.forward.port import Pace, TargetError, TargetMissingError
from guard.journal.forward.spool import Spool
from tests.journal.forward.book import DEADLINE, Book

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pytest

    from guard.journal.record import Record

QUICK = Timing(first_pause=0.001, longest_pause=0.01)


class Target:
    """Does with each batch what the test says next: how many it takes, or what it raises."""

    name = place = "target"
    pace = Pace(records=10)
    wants_history = True

    def __init__(self, *answers: int | Exception) -> None:
        self.batches = queue.SimpleQueue[list[int]]()
        self._answers = list(answers)

    def send(self, records: Sequence[Record]) -> int:
        self.batches.put([record.seq for record in records])
        answer = self._answers.pop(0) if self._answers else len(records)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def next(self) -> tuple[int, int]:
        """Return the first and the last number of the next batch."""
        batch = self.batches.get(timeout=DEADLINE)
        return batch[0], batch[-1]


class Desk:
    """A courier with all it needs; its thread sleeps for good when the test is over."""

    def __init__(self, folder: Path, target: Target) -> None:
        self.book = Book(folder / "journal")
        self.target = target
        self.cursors = folder / "forward"
        self.reports = queue.SimpleQueue[Report]()
        self.courier = self.another(target)

    def another(self, target: Target) -> Courier:
        cursor = Cursor(self.cursors, target.place)
        courier = Courier(target, Spool(self.book.folder), cursor, self.reports.put, QUICK)
        threading.Thread(target=courier.run, daemon=True).start()
        return courier

    def told(self) -> Report:
        return self.reports.get(timeout=DEADLINE)


def test_records_are_sent_in_batches_and_each_batch_is_reported(tmp_path: Path) -> None:
    desk = Desk(tmp_path, Target())
    desk.courier.durable(desk.book.write(25))
    assert [desk.target.next() for _ in range(3)] == [(1, 10), (11, 20), (21, 25)]
    assert [desk.told().position for _ in range(3)] == [10, 20, 25]


def test_after_a_failure_the_same_record_is_tried_alone(tmp_path: Path) -> None:
    desk = Desk(tmp_path, Target(10, TargetError("no."), TargetError("no.")))
    desk.courier.durable(desk.book.write(25))
    assert [desk.target.next() for _ in range(5)] == [(1, 10), (11, 20), (11, 11), (11, 11), (12, 21)]
    told = [desk.told() for _ in range(5)]
    assert [(one.position, one.health) for one in told] == [
        (10, Health.FINE),
        (10, Health.TROUBLE),
        (10, Health.TROUBLE),
        (11, Health.FINE),
        (21, Health.FINE),
    ]
    assert told[1].sentence == "no."


def test_a_part_that_was_taken_is_not_sent_again(tmp_path: Path) -> None:
    desk = Desk(tmp_path, Target(4))
    desk.courier.durable(desk.book.write(12))
    assert [desk.target.next() for _ in range(2)] == [(1, 10), (5, 12)]


def test_after_a_restart_it_goes_on_after_the_last_confirmed_record(tmp_path: Path) -> None:
    desk = Desk(tmp_path, Target())
    desk.courier.durable(desk.book.write(5))
    assert desk.told().position == 5
    second = Target()
    courier = desk.another(second)
    courier.durable(5)
    assert desk.told().position == 5
    assert second.batches.empty()
    courier.durable(desk.book.write(2))
    assert second.next() == (6, 7)


def test_a_target_without_history_gets_the_newest_segment(tmp_path: Path) -> None:
    target = Target()
    target.wants_history = False
    desk = Desk(tmp_path, target)
    desk.book.write(5)
    desk.book.new_segment()
    desk.courier.durable(desk.book.write(3))
    assert target.next() == (6, 8)


def test_a_position_that_cannot_be_kept_is_told_and_records_are_sent_on(tmp_path: Path) -> None:
    desk = Desk(tmp_path, Target())
    (desk.cursors / "target.new").mkdir(parents=True)  # where the file is to be written
    desk.courier.durable(desk.book.write(15))
    for position in (10, 15):
        told = desk.told()
        assert (told.position, told.health) == (position, Health.TROUBLE)
        assert told.sentence
        assert "target.cursor cannot be written" in told.sentence
    assert [desk.target.next() for _ in range(2)] == [(1, 10), (11, 15)]


def test_a_target_that_is_missing_is_told_as_missing(tmp_path: Path) -> None:
    desk = Desk(tmp_path, Target(TargetMissingError("none here.")))
    desk.courier.durable(desk.book.write(1))
    assert (desk.told().health, desk.told().health) == (Health.MISSING, Health.FINE)


def test_a_defect_is_logged_and_tried_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk(tmp_path, Target(RuntimeError("secret of a page")))
    with caplog.at_level(logging.ERROR):
        desk.courier.durable(desk.book.write(1))
        told = desk.told()
        assert desk.told().position == 1
    assert told.sentence == "forwarding failed (RuntimeError); please report it"
    assert "forwarding to target failed" in caplog.text


def test_durable_records_that_are_not_in_the_folder_are_trouble_until_they_are(tmp_path: Path) -> None:
    desk = Desk(tmp_path, Target())
    desk.courier.durable(desk.book.write(3) + 1)
    assert desk.told().position == 3
    assert desk.told().sentence == "records 4 to 4 are not in the journal's folder"
    desk.book.write(1)
    while (told := desk.told()).health is not Health.FINE:
        pass
    assert told.position == 4


def test_settling_waits_for_the_last_record_but_not_for_trouble(tmp_path: Path) -> None:
    desk = Desk(tmp_path, Target())
    desk.courier.durable(desk.book.write(25))
    desk.courier.settle(DEADLINE)
    assert [desk.told().position for _ in range(3)] == [10, 20, 25]
    bad = Target(*[TargetError("no.")] * 1000)
    bad.place = "other"
    courier = desk.another(bad)
    courier.durable(25)
    courier.settle(DEADLINE)
    assert desk.told().health is Health.TROUBLE
