"""The journal on Linux: modes, and a disk that takes no more, as Linux can limit one process."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

assert sys.platform == "linux"

import resource

import pytest

from tests.journal.ear import PATIENCE
from tests.journal.sealed_lab import Lab

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path / "journal")


@contextmanager
def full(size: int) -> Iterator[None]:
    """No file grows beyond this many bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_disk_that_takes_no_more_is_told_and_loses_nothing_once_it_does_again(lab: Lab) -> None:
    with lab.journal() as journal:
        lab.ear.wait_durable(journal.record("start"))
        size = lab.last_file().stat().st_size
        with full(size + 100):  # EFBIG, after 100 bytes of the record
            journal.record("state", after="ACTIVE")
            assert lab.ear.lost.wait(PATIENCE)
            assert lab.last_file().stat().st_size == size, "a part of a record stayed"
        assert lab.ear.back.wait(PATIENCE)
    assert lab.kinds() == ["start", "state"]
    lab.check()


def test_what_waits_is_known_until_it_is_on_the_disk(lab: Lab) -> None:
    with lab.journal() as journal:
        lab.ear.wait_durable(journal.record("start"))
        assert journal.waits_since() is None
        with full(lab.last_file().stat().st_size):
            journal.record("state")
            assert lab.ear.lost.wait(PATIENCE)
            assert journal.waits_since() == lab.clock.monotonic()
        assert lab.ear.back.wait(PATIENCE)
        assert journal.waits_since() is None


def test_more_records_than_one_batch_that_waited_for_the_disk_are_all_written_at_the_end(lab: Lab) -> None:
    with lab.journal() as journal:
        lab.ear.wait_durable(journal.record("start"))
        with full(lab.last_file().stat().st_size):
            for _ in range(2500):
                journal.record("state")
            assert lab.ear.lost.wait(PATIENCE)
        assert lab.ear.back.wait(PATIENCE)
    assert len(lab.records()) == 2501
    lab.check()


def test_only_its_account_can_read_it(lab: Lab) -> None:
    lab.write("start")
    assert lab.folder.stat().st_mode & 0o777 == 0o700
    assert lab.last_file().stat().st_mode & 0o777 == 0o600
