"""The journal's keyring in a process of its own, with the real bus and the real gnome-keyring."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from guard.errors import MachineError
from guard.keyring.kept import KeptStore
from tests.support.processes import lives

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PATIENCE = 20.0
MARK = "5ec4e7-of-the-journal"


@dataclass(frozen=True)
class Lab:
    environment: Mapping[str, str]
    folder: Path

    def store(self, patience: float = 15.0) -> KeptStore:
        return KeptStore(self.environment, self.folder, patience=patience)

    def processes(self) -> list[psutil.Process]:
        """Every living process that belongs to this lab."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                mine = str(self.folder.parent) in " ".join(process.cmdline())
                if mine and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
        return found

    def wait_empty(self) -> None:
        _, alive = psutil.wait_procs(self.processes(), PATIENCE)
        assert alive == []


def keeper_of(store: KeptStore) -> int | None:
    return store._keeper.pid if store._keeper else None


def wait_dead(process: psutil.Process) -> None:
    """Wait until it is gone, or waits for its parent to look at it."""
    deadline = time.monotonic() + PATIENCE
    with contextlib.suppress(psutil.NoSuchProcess):
        while process.status() != psutil.STATUS_ZOMBIE:
            assert time.monotonic() < deadline
            threading.Event().wait(0.01)


@pytest.fixture
def lab() -> Iterator[Lab]:
    base = Path(tempfile.mkdtemp(prefix="kept"))  # short, for sockets lie below it
    try:
        (base / "run").mkdir(mode=0o700)
        own = {"HOME": str(base), "XDG_RUNTIME_DIR": str(base / "run"), "LANG": "C.UTF-8"}
        yield Lab({"PATH": os.environ["PATH"], **own}, base / "journal-keyring")
    finally:
        shutil.rmtree(base)


def test_what_is_written_is_there_for_the_next_keeper(lab: Lab) -> None:
    with lab.store() as store:
        assert store.read("mark") is None
        store.write("mark", MARK)
        store.write("other", "x")
        store.delete("other")
    with lab.store() as store:
        assert store.read("mark") == MARK
        assert store.read("other") is None
    lab.wait_empty()


def test_it_is_on_no_command_line_in_no_environment_and_in_no_file_as_it_is(lab: Lab) -> None:
    with lab.store() as store:
        store.write("mark", MARK)
        assert len(lab.processes()) >= 2
        for process in lab.processes():
            assert MARK not in " ".join(process.cmdline())
            assert MARK not in str(process.environ())
        files = [path for path in lab.folder.parent.rglob("*") if path.is_file()]
        assert files
        assert [path for path in files if MARK.encode() in path.read_bytes()] == []


@pytest.mark.parametrize("victim", ["keeper", "gnome-keyring-daemon", "dbus-daemon"])
def test_a_keeper_or_keyring_that_was_killed_is_replaced(lab: Lab, victim: str) -> None:
    with lab.store() as store:
        store.write("mark", MARK)
        pid = keeper_of(store)
        assert pid
        keeper = psutil.Process(pid)
        parts = {"keeper": keeper, **{child.name()[:15]: child for child in keeper.children()}}
        parts[victim[:15]].kill()
        wait_dead(parts[victim[:15]])
        assert store.read("mark") == MARK
        store.write("mark", "new")
        assert store.read("mark") == "new"
        assert keeper_of(store) != pid
    lab.wait_empty()


def test_a_keeper_that_hangs_is_replaced_and_a_dead_keyring_is_a_clear_sentence(lab: Lab) -> None:
    with lab.store(patience=1.0) as store:
        with contextlib.suppress(MachineError):
            store.read("mark")
        pid = keeper_of(store)
        assert pid
        os.kill(pid, signal.SIGSTOP)
        with contextlib.suppress(MachineError):  # on a slow machine the new one may need longer, too
            store.read("mark")
        assert not lives(pid)
    broken = KeptStore({**lab.environment, "PATH": "/nonexistent"}, lab.folder)
    with broken, pytest.raises(MachineError, match="setpriv is not installed"):
        broken.read("mark")


def test_it_dies_with_the_process_that_asked_it(lab: Lab) -> None:
    program = (
        "import os, pathlib, sys; from guard.keyring.kept import KeptStore;"
        "store = KeptStore(os.environ, pathlib.Path(sys.argv[1])); store.write('mark', 'x');"
        "print(store._keeper.pid, flush=True); sys.stdin.read()"
    )
    checkout = str(Path(__file__).parents[2])
    with subprocess.Popen(
        [sys.executable, "-c", program, str(lab.folder)],
        env={**lab.environment, "PYTHONPATH": checkout},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as asking:
        assert asking.stdout
        assert int(asking.stdout.readline()) > 0
        family = lab.processes()
        assert len(family) >= 3
        asking.kill()
        _, alive = psutil.wait_procs(family, PATIENCE)
        assert alive == []


def test_many_threads_may_ask_at_once(lab: Lab) -> None:
    with lab.store() as store:

        def write(number: int) -> None:
            store.write(f"item-{number}", str(number))

        threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [store.read(f"item-{number}") for number in range(8)] == [str(number) for number in range(8)]


def test_a_keyring_that_is_damaged_is_named_and_not_replaced(lab: Lab) -> None:
    with lab.store() as store:
        store.write("mark", MARK)
    (lab.folder / "key").write_text("0" * 64)
    with lab.store() as store, pytest.raises(MachineError, match="does not open with its key"):
        store.read("mark")


def test_after_it_was_closed_nothing_is_started(lab: Lab) -> None:
    store = lab.store()
    store.close()
    with pytest.raises(MachineError, match="being stopped"):
        store.read("mark")
    assert lab.processes() == []
