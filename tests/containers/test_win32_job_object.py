"""Containers on Windows: what is inside ends as one, with its folder, however the core ends."""

from __future__ import annotations

import sys

assert sys.platform == "win32"

import json
import os
import subprocess
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest
import pywintypes
import win32job
import win32security

from guard.channel import Channel
from guard.clock import SystemClock
from guard.containers import job_object
from guard.containers.job_object import JobContainer, JobObjects
from guard.containers.port import Sealing
from guard.errors import MachineError
from guard.ground.windows.job import Job, resume
from guard.ground.windows.rights import own_sid
from tests.support.waiting import PATIENCE, until

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from guard.containers.port import Container

    Seal = Callable[..., "Sealed"]

MARK = "test"
CREATE_SUSPENDED = 0x4
INSIDE = """
import json, os, subprocess, sys
from pathlib import Path
from guard.channel import Channel
channel = Channel.inherited(int(sys.argv[1]))
for message in channel.messages():
    exec(message["do"])
"""
"""Does what it is told; answers through ``channel``."""
CORE = """
import os, sys
from pathlib import Path
from guard.channel import Channel
from guard.clock import SystemClock
from guard.containers.job_object import JobObjects
from guard.containers.port import Sealing
sealer = JobObjects("test", Path(sys.argv[1]), SystemClock())
for name, mortal in (("capsule-1", True), ("curtain-1", False)):
    ours, theirs = Channel.pair()
    container = sealer.seal(Sealing(name=name, command=(sys.executable, "-c", "import time; time.sleep(600)"),
        channel_fd=theirs.fileno(), environment={}, network=False, dies_with_parent=mortal))
    print(container.pids()[0], flush=True)
sys.stdin.read()
"""


class Sealed:
    """A container whose program does what it is told."""

    def __init__(self, sealer: JobObjects, sealing: Sealing) -> None:
        self.channel, theirs = Channel.pair()
        with theirs:
            command = (sys.executable, "-c", INSIDE, str(theirs.fileno()))
            self.container: Container = sealer.seal(
                replace(sealing, command=command, channel_fd=theirs.fileno())
            )
        self._answers: Generator[dict[str, object]] = (one for one in self.channel.messages())

    def close(self) -> None:
        """Let go of the channel."""
        self._answers.close()
        self.channel.close()

    def do(self, program: str) -> dict[str, object]:
        """Run it inside, and return what it answers."""
        self.channel.send({"do": program})
        return dict(next(self._answers))


def pythons(container: Container) -> int:
    """Return how many programs of ours are alive inside; Windows adds one of its own to a console's."""
    names = []
    for pid in container.pids():
        with suppress(psutil.Error, OSError):  # it is ending
            names.append(psutil.Process(pid).name())
    return names.count(Path(sys.executable).name)


def sealing(name: str = "capsule-a") -> Sealing:
    return Sealing(name=name, command=(), channel_fd=-1, environment={}, network=True, dies_with_parent=True)


@pytest.fixture
def seal(sealer: JobObjects) -> Iterator[Seal]:
    made: list[Sealed] = []

    def seal(what: Sealing, by: JobObjects = sealer) -> Sealed:
        made.append(Sealed(by, what))
        return made[-1]

    yield seal
    for one in made:
        one.close()


@pytest.fixture
def sealer(tmp_path: Path) -> Iterator[JobObjects]:
    made = JobObjects(MARK, tmp_path, SystemClock())
    yield made
    made.close()


def test_a_tree_ends_as_one_and_its_folder_with_it(seal: Seal, tmp_path: Path) -> None:
    inside = seal(sealing())
    tree = inside.do(
        "command = [sys.executable, '-c', 'import subprocess, sys, time;"
        ' subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]);'
        " time.sleep(600)']\n"
        "Path('kept').write_text('secret'); Path(os.environ['TEMP'], 'kept').write_text('secret')\n"
        "channel.send({'child': subprocess.Popen(command).pid})"
    )
    until(lambda: pythons(inside.container) == 3)
    pids = inside.container.pids()
    assert tree["child"] in pids
    inside.container.kill()
    assert inside.container.wait(PATIENCE)
    assert inside.container.remains().nothing
    assert not any(psutil.pid_exists(pid) for pid in pids)
    assert list((tmp_path / MARK).iterdir()) == []
    assert inside.container.pids() == ()


def test_nothing_breaks_away(seal: Seal) -> None:
    inside = seal(sealing())
    answer = inside.do(
        "try:\n"
        "    away = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'],"
        " creationflags=subprocess.CREATE_BREAKAWAY_FROM_JOB | subprocess.DETACHED_PROCESS)\n"
        "except OSError:\n    channel.send({'away': None})\n"
        "else:\n    channel.send({'away': away.pid})"
    )
    assert answer["away"] is None or answer["away"] in inside.container.pids()
    inside.container.kill()
    assert inside.container.wait(PATIENCE)
    assert answer["away"] is None or not psutil.pid_exists(int(str(answer["away"])))


def test_every_place_for_files_is_inside_its_folder(seal: Seal, tmp_path: Path) -> None:
    inside = seal(sealing())
    answer = inside.do(
        "import tempfile; channel.send({'places': [os.getcwd(), tempfile.gettempdir(), str(Path.home()), "
        "*(os.environ[n] for n in ('APPDATA', 'LOCALAPPDATA', 'USERPROFILE', 'TEMP', 'TMP'))]})"
    )
    places = answer["places"]
    assert isinstance(places, list)
    assert all(Path(place).is_relative_to(tmp_path / MARK / "capsule-a") for place in places)
    assert all(Path(place).is_dir() for place in places)


def test_nothing_of_our_environment_is_inherited(seal: Seal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUARD_SECRET", "1234")
    inside = seal(replace(sealing(), environment={"OWN": "yes"}))
    answer = inside.do("channel.send({'environment': dict(os.environ)})")
    assert "1234" not in json.dumps(answer)
    assert isinstance(answer["environment"], dict)
    assert answer["environment"]["OWN"] == "yes"


def test_the_folder_is_open_to_this_account_and_the_system_alone(seal: Seal, tmp_path: Path) -> None:
    inside = seal(sealing())
    inside.do("channel.send({})")
    for path in (tmp_path / MARK, tmp_path / MARK / "capsule-a"):
        rights = win32security.GetNamedSecurityInfo(
            os.fspath(path), win32security.SE_FILE_OBJECT, win32security.DACL_SECURITY_INFORMATION
        ).GetSecurityDescriptorDacl()
        who = {win32security.ConvertSidToStringSid(rights.GetAce(n)[-1]) for n in range(rights.GetAceCount())}
        assert who == {win32security.ConvertSidToStringSid(own_sid()), "S-1-5-18"}, path


def test_the_system_is_told_what_all_inside_may_take_and_may_not_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wine keeps no limit that could be read back, and no bound of memory: see docs/windows-checklist.md."""
    told: dict[int, dict[str, Any]] = {}
    monkeypatch.setattr(win32job, "SetInformationJobObject", lambda _, kind, what: told.update({kind: what}))
    Job(memory=256 << 20, gives_way=True).close()
    limits = told[win32job.JobObjectExtendedLimitInformation]
    flags = limits["BasicLimitInformation"]["LimitFlags"]
    assert limits["JobMemoryLimit"] == 256 << 20
    assert flags & win32job.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE
    assert flags & win32job.JOB_OBJECT_LIMIT_JOB_MEMORY
    assert flags & win32job.JOB_OBJECT_LIMIT_PRIORITY_CLASS
    assert not flags & win32job.JOB_OBJECT_LIMIT_BREAKAWAY_OK
    assert not flags & win32job.JOB_OBJECT_LIMIT_SILENT_BREAKAWAY_OK
    assert win32job.JobObjectBasicUIRestrictions not in told, "in a job of others none could be entered"


def test_a_file_that_somebody_else_holds_is_storage_that_is_left(seal: Seal, tmp_path: Path) -> None:
    inside = seal(sealing())
    inside.do("Path('kept').write_text('secret'); channel.send({})")
    with (tmp_path / MARK / "capsule-a" / "kept").open("rb"):
        inside.container.kill()
        assert inside.container.wait(1.0)
        assert inside.container.remains().storage
        assert not inside.container.remains().processes
    assert inside.container.wait(PATIENCE)
    assert inside.container.remains().nothing


@pytest.mark.parametrize("with_limits", [False, True])
def test_whoever_is_in_a_job_already_can_seal_all_the_same(tmp_path: Path, *, with_limits: bool) -> None:
    """Task Scheduler starts what it starts in a job, and so does whoever keeps the guard alive."""
    with Job(memory=1 << 30 if with_limits else None, gives_way=with_limits) as outer:
        core = subprocess.Popen(
            [sys.executable, "-c", CORE, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            creationflags=CREATE_SUSPENDED,
        )
        outer.assign(core.pid)
        resume(core.pid)
        with core:
            assert core.stdout
            inside = [int(core.stdout.readline()) for _ in range(2)]
            assert set(inside) <= set(outer.pids())
            outer.terminate()
        until(lambda: not outer.pids())
    assert not any(psutil.pid_exists(pid) for pid in inside)


def test_more_processes_than_fit_into_a_first_look_are_all_seen(seal: Seal) -> None:
    inside = seal(sealing())
    answer = inside.do(
        "command = [sys.executable, '-c', 'import time; time.sleep(600)']\n"
        "made = [subprocess.Popen(command) for _ in range(12)]\n"
        "channel.send({'children': [one.pid for one in made]})"
    )
    children = answer["children"]
    assert isinstance(children, list)
    assert set(children) <= set(inside.container.pids())
    inside.container.kill()
    assert inside.container.wait(PATIENCE)
    assert not any(psutil.pid_exists(int(pid)) for pid in children)


def test_whoever_takes_more_memory_than_it_may_is_killed(seal: Seal) -> None:
    inside = seal(replace(sealing(), memory=256 << 20))
    grandchild = (
        "import time; taken = bytearray(400 << 20)\n"
        "for page in range(0, len(taken), 4096): taken[page] = 1\n"
        "time.sleep(600)"
    )
    inside.channel.send({"do": f"subprocess.Popen([sys.executable, '-c', {grandchild!r}])"})
    until(lambda: not inside.container.pids())
    assert inside.container.wait(PATIENCE)
    assert inside.container.remains().nothing


def test_files_count_as_memory_does(seal: Seal) -> None:
    inside = seal(replace(sealing(), memory=256 << 20))
    inside.channel.send({"do": "Path('kept').write_bytes(bytes(300 << 20))"})
    until(lambda: not inside.container.pids())
    assert inside.container.wait(PATIENCE)
    assert inside.container.remains().nothing


def test_within_its_bounds_it_lives(seal: Seal, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[bool] = []
    look = JobContainer.keep_within_bounds

    def seen(container: JobContainer) -> bool:
        looks.append(look(container))
        return looks[-1]

    monkeypatch.setattr(JobContainer, "keep_within_bounds", seen)
    inside = seal(replace(sealing(), memory=256 << 20))
    until(lambda: len(looks) >= 2)
    assert not any(looks)
    assert inside.do("channel.send({'alive': True})") == {"alive": True}


def test_of_a_killed_core_the_capsule_dies_and_the_next_one_sweeps_the_rest(tmp_path: Path) -> None:
    core = subprocess.Popen(
        [sys.executable, "-c", CORE, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with core:
        assert core.stdout
        capsule, curtain = (psutil.Process(int(core.stdout.readline())) for _ in range(2))
        core.kill()
    until(lambda: not capsule.is_running())
    assert curtain.is_running(), "it covers until the next core does"
    with closing(JobObjects(MARK, tmp_path, SystemClock())) as sealer:
        assert sealer.sweep() == 2
        assert not curtain.is_running()
        assert list((tmp_path / MARK).iterdir()) == []
        assert sealer.sweep() == 0


def test_a_sweep_leaves_ours_and_those_of_another_mark_alone(
    sealer: JobObjects, seal: Seal, tmp_path: Path
) -> None:
    with closing(JobObjects("other", tmp_path, SystemClock())) as other:
        theirs, ours = seal(sealing("capsule-b"), other), seal(sealing())
        assert sealer.sweep() == 0
        assert pythons(theirs.container) == pythons(ours.container) == 1


def test_what_a_browser_made_read_only_goes_like_the_rest(seal: Seal, tmp_path: Path) -> None:
    inside = seal(sealing())
    inside.do("Path('kept').write_text('secret'); Path('kept').chmod(0o444); channel.send({})")
    inside.container.kill()
    assert inside.container.wait(PATIENCE)
    assert inside.container.remains().nothing
    assert list((tmp_path / MARK).iterdir()) == []


def test_a_folder_that_cannot_be_kept_for_ourselves_is_refused(
    sealer: JobObjects, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Path) -> None:
        raise pywintypes.error(5, "SetNamedSecurityInfo", "Access is denied.")

    monkeypatch.setattr(job_object, "keep_for_ourselves", refuse)
    with pytest.raises(MachineError, match="cannot be made"):
        sealer.seal(replace(sealing(), command=(sys.executable, "-c", "")))
    assert list((tmp_path / MARK).iterdir()) == []


def test_a_closed_sealer_leaves_no_folder_of_its_own(sealer: JobObjects, tmp_path: Path) -> None:
    assert sealer.why_not() is None
    sealer.close()
    assert not (tmp_path / MARK).exists()


def test_a_program_that_is_not_there_is_one_sentence_and_leaves_nothing(
    sealer: JobObjects, tmp_path: Path
) -> None:
    with pytest.raises(MachineError, match="cannot be started"):
        sealer.seal(replace(sealing(), command=(str(tmp_path / "nowhere.exe"),)))
    assert list((tmp_path / MARK).iterdir()) == []


def test_this_pc_can_seal(sealer: JobObjects, tmp_path: Path) -> None:
    assert sealer.why_not() is None
    assert list((tmp_path / MARK).iterdir()) == []


def test_a_job_whose_name_is_taken_is_refused() -> None:
    with Job(name="madoguchi-guard-test-taken"), pytest.raises(OSError):  # noqa: PT011 -- its words are Windows'
        Job(name="madoguchi-guard-test-taken")


def test_closing_ends_what_dies_with_its_parent(sealer: JobObjects, seal: Seal) -> None:
    pids = seal(sealing()).container.pids()
    sealer.close()
    assert pids
    assert not any(psutil.pid_exists(pid) for pid in pids)
