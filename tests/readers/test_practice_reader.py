"""The practice reader itself: sealed off, tidy, and clear about what it lacks."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

from pathlib import Path

import pytest

from guard.errors import MachineError
from guard.practice.pcscd import PracticeReader
from tests.support.processes import lives
from tests.support.waiting import until

pytestmark = pytest.mark.chain


def test_it_is_sealed_off_and_ends_whole(tmp_path: Path) -> None:
    """Its network is not ours, two do not disturb each other, and nothing of them is left."""
    with PracticeReader(tmp_path / "a") as one, PracticeReader(tmp_path / "b") as two:
        pids = {one.pcscd_pid, two.pcscd_pid}
        networks = {Path(f"/proc/{pid}/ns/net").readlink() for pid in pids}
        assert len(networks) == 2
        assert Path("/proc/self/ns/net").readlink() not in networks
    until(lambda: not any(lives(pid) for pid in pids))
    one.close()


def test_a_service_started_again_is_another_process(tmp_path: Path) -> None:
    """And the card that lay there still does."""
    with PracticeReader(tmp_path) as reader:
        reader.insert()
        before = reader.pcscd_pid
        reader.restart_service()
        assert reader.pcscd_pid != before
        reader.remove()


@pytest.mark.parametrize("move", ["insert", "remove"])
def test_a_card_cannot_move_twice(tmp_path: Path, move: str) -> None:
    """Laying on a second card or taking off none is refused, and it goes on."""
    with PracticeReader(tmp_path) as reader:
        if move == "insert":
            reader.insert()
        with pytest.raises(MachineError, match="practice card"):
            getattr(reader, move)()
        if move == "remove":
            reader.insert()
        reader.remove()


def test_one_that_has_ended_says_so(tmp_path: Path) -> None:
    """No command hangs on a reader that is gone."""
    reader = PracticeReader(tmp_path)
    reader.close()
    with pytest.raises(MachineError, match="has ended"):
        reader.insert()
    with pytest.raises(MachineError, match="does not run"):
        _ = reader.pcscd_pid


def test_a_missing_driver_is_named(tmp_path: Path) -> None:
    """With the package that brings it."""
    with pytest.raises(MachineError, match="vsmartcard-vpcd"):
        PracticeReader(tmp_path, tmp_path / "none.so")


def test_a_missing_bubblewrap_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is started or written."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MachineError, match="bubblewrap"):
        PracticeReader(tmp_path / "room")
    assert not (tmp_path / "room").exists()


def test_too_long_a_folder_is_refused(tmp_path: Path) -> None:
    """Libpcsclite would cut the socket's path silently and find nobody."""
    with pytest.raises(MachineError, match="107"):
        PracticeReader(tmp_path / ("long" * 30))


def test_a_container_that_cannot_be_made_is_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What bubblewrap said last is in the sentence."""
    fake = tmp_path / "bwrap"
    fake.write_text("#!/bin/sh\necho 'No permissions to create new namespace' >&2\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(MachineError, match="No permissions to create new namespace"):
        PracticeReader(tmp_path / "room")
