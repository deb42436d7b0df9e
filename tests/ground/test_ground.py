"""The ground that the guard stands on: the same promises on every system, kept by its own calls."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from guard.channel import Channel
from guard.clock import SystemClock
from guard.environment import kept
from guard.errors import ConfigError
from guard.ground import (
    FileLock,
    account_name,
    flush_folder,
    open_flags,
    open_shared,
    readable,
    runtime_folder,
    start_bound,
    state_home,
)
from guard.paths import SingleInstance
from tests.support.processes import lives
from tests.support.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

OWN = kept(os.environ)
HOLDS = """
import sys
from pathlib import Path
from guard.ground import FileLock
lock = FileLock.take(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""
PARENT = """
import os, subprocess, sys
from guard.ground import start_bound
child = start_bound([sys.executable, "-c", "import time; time.sleep(600)"], os.environ)
print(child.pid, flush=True)
sys.stdin.read()
"""
ECHOES = """
import sys
from guard.channel import Channel
channel = Channel.inherited(int(sys.argv[1]))
for message in channel.messages():
    channel.send({"heard": message})
"""


def here(home: Path) -> dict[str, str]:
    """Return an environment whose account keeps everything there."""
    return {"XDG_RUNTIME_DIR": str(home), "XDG_STATE_HOME": str(home), "LOCALAPPDATA": str(home)}


def test_a_lock_is_held_against_another_process_and_let_go_when_that_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    command = [sys.executable, "-c", HOLDS, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout
        assert holder.stdout.readline().strip() == b"held"
        with pytest.raises(BlockingIOError):
            FileLock.take(path)
        holder.kill()
    FileLock.take(path, patience=60.0).close()


def test_a_lock_of_ours_is_held_against_ourselves_and_can_be_taken_again(tmp_path: Path) -> None:
    first = FileLock.take(tmp_path / "lock")
    with pytest.raises(BlockingIOError):
        FileLock.take(tmp_path / "lock")
    first.close()
    FileLock.take(tmp_path / "lock").close()


def test_a_folder_can_be_held_and_is_not_changed_by_it(tmp_path: Path) -> None:
    held = FileLock.take_folder(tmp_path)
    with pytest.raises(BlockingIOError):
        FileLock.take_folder(tmp_path)
    held.close()
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(OSError, match="nowhere"):
        FileLock.take_folder(tmp_path / "nowhere")


def test_one_guard_at_a_time(tmp_path: Path) -> None:
    with SingleInstance(tmp_path), pytest.raises(ConfigError, match="already running"):
        SingleInstance(tmp_path)


def test_a_folder_is_flushed_and_one_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    flush_folder(tmp_path)
    with pytest.raises(OSError, match="nowhere"):
        flush_folder(tmp_path / "nowhere")


def test_bytes_are_written_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "bytes"
    descriptor = os.open(path, open_flags(os.O_WRONLY | os.O_CREAT), 0o600)
    os.write(descriptor, b"a\nb\r\n")
    os.close(descriptor)
    assert path.read_bytes() == b"a\nb\r\n"


def test_the_account_has_a_name_and_two_places(tmp_path: Path) -> None:
    assert account_name()
    assert tmp_path in runtime_folder(here(tmp_path)).parents
    assert runtime_folder(here(tmp_path)).is_dir()
    assert tmp_path in state_home(here(tmp_path)).parents


def test_neither_clock_goes_back_and_boot_counts_at_least_what_is_awake() -> None:
    clock = SystemClock()
    monotonic, boot = clock.monotonic(), clock.boot()
    until(lambda: clock.monotonic() > monotonic and clock.boot() > boot)
    assert clock.boot() >= clock.monotonic() - 1.0


def test_a_bound_child_dies_with_a_parent_that_is_killed() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout
        child = int(parent.stdout.readline())
        assert lives(child)
        parent.kill()
    until(lambda: not lives(child))


@pytest.mark.skipif(sys.platform == "win32", reason="a Job Object binds before the child runs")
def test_a_child_whose_parent_died_before_they_were_bound_never_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "getpid", lambda: 1)  # as if it had another parent now
    told = tmp_path / "told"
    with start_bound([sys.executable, "-c", f"open({os.fspath(told)!r}, 'w')"], OWN) as child:
        assert child.wait(60.0)
    assert not told.exists()


def test_a_bound_child_answers_through_its_pipes() -> None:
    program = "import sys; sys.stdout.write(sys.stdin.read().upper())"
    child = start_bound([sys.executable, "-c", program], OWN, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with child:
        assert child.communicate(b"abc", timeout=60.0)[0] == b"ABC"
    assert child.returncode == 0


def test_a_bound_child_has_the_channel_it_is_given_and_can_be_killed() -> None:
    channel, theirs = Channel.pair()
    with closing(channel):
        with theirs:
            child = start_bound(
                [sys.executable, "-c", ECHOES, str(theirs.fileno())], OWN, handed=(theirs.fileno(),)
            )
        with child:
            channel.send({"word": "猫"})
            assert next(channel.messages()) == {"heard": {"word": "猫"}}
            child.kill()
            assert list(channel.messages()) == []


def test_what_can_be_read_is_told_and_what_cannot_is_waited_for() -> None:
    channel, theirs = Channel.pair()
    with closing(channel), theirs:
        assert not readable(theirs, 0.0)
        channel.send({})
        assert readable(theirs)


def test_memory_and_libraries_are_restricted_without_harm() -> None:
    program = (
        "from guard.ground import forbid_core_dumps, restrict_libraries, share_one_heap as one\n"
        "restrict_libraries(); forbid_core_dumps(); one()\n"
        "import ssl, sqlite3, ctypes, psutil; print('loaded')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout.strip() == b"loaded"


def test_a_file_that_is_being_read_can_be_removed(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    path.write_bytes(b"one\ntwo\n")
    with open_shared(path) as file:
        assert file.readline() == b"one\n"
        path.unlink()  # or, before Windows 10 1809, when it is closed
        assert file.read() == b"two\n"
    assert not path.exists()
    with pytest.raises(FileNotFoundError):
        open_shared(path)
