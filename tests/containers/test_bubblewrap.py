"""Containers by bubblewrap, the real one, on this machine."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import os
import secrets
import select
import signal
import socket
import subprocess
import threading
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

import guard
from guard.containers.bubblewrap import Bubblewrap, _Birth
from guard.containers.mounts import stored
from guard.containers.port import Remains, Sealing
from guard.errors import MachineError
from tests.support.processes import lives
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from guard.containers.bubblewrap import BubblewrapContainer

PATIENCE = 20.0
NESTED = ("/usr/bin/unshare", "-Urpf", "/bin/bash", "-c", "echo up >&$0; sleep 1000")
"""A process in a user and PID namespace of its own inside the container, as Chromium's are."""


@pytest.fixture
def tag() -> str:
    return f"test-{secrets.token_hex(6)}"


@pytest.fixture
def sealer(tag: str) -> Iterator[Bubblewrap]:
    sealer = Bubblewrap(tag)
    yield sealer
    sealer.close()


def seal(
    sealer: Bubblewrap,
    *command: str,
    mortal: bool = True,
    network: bool = True,
    memory: int | None = None,
    nice: int = 0,
) -> tuple[BubblewrapContainer, socket.socket]:
    """Seal a command that gets its channel's number as last argument; return our end of the channel."""
    ours, theirs = socket.socketpair()
    ours.settimeout(PATIENCE)
    with theirs:
        sealing = Sealing(
            name=f"trial-{secrets.token_hex(4)}",
            command=(*command, str(theirs.fileno())),
            channel_fd=theirs.fileno(),
            environment={"GIVEN": "yes"},
            network=network,
            dies_with_parent=mortal,
            memory=memory,
            nice=nice,
        )
        try:
            return sealer.seal(sealing), ours
        except MachineError:
            ours.close()
            raise


def inside(sealer: Bubblewrap, script: str, *, network: bool = True) -> str:
    """Run a shell script inside; return what it wrote."""
    container, ours = seal(sealer, "/bin/bash", "-c", f"exec >&$0; {script}", network=network)
    said = b""
    while piece := ours.recv(65536):
        said += piece
    ours.close()
    assert container.wait(PATIENCE)
    return said.decode()


def ended(pid: int) -> bool:
    """Wait for the end of any process of this machine."""
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([fd], [], [], PATIENCE)[0])
    finally:
        os.close(fd)


def test_kill_leaves_no_process_not_even_in_nested_namespaces(sealer: Bubblewrap) -> None:
    container, ours = seal(sealer, *NESTED)
    assert ours.recv(10) == b"up\n"
    pids = container.pids()
    assert len(pids) >= 3
    before = container.remains()
    assert before.processes == len(pids)
    assert before.storage
    container.kill()
    assert container.wait(PATIENCE)
    assert container.remains().nothing
    assert not any(lives(pid) for pid in pids)
    ours.close()


def test_a_namespace_with_the_number_of_one_just_gone_is_not_taken_for_it(sealer: Bubblewrap) -> None:
    """The kernel gives numbers of namespaces again, in no order a test could force; so one is claimed."""
    container, ours = seal(sealer, "/usr/bin/sleep", "1000")
    other, others = seal(sealer, "/usr/bin/sleep", "1000")
    container.kill()
    assert container.wait(PATIENCE)
    container._mount_namespace._number = other._mount_namespace._number
    assert not container._mount_namespace.held()
    assert other._mount_namespace.held()
    assert container.remains().nothing
    ours.close()
    others.close()


def test_storage_that_somebody_outside_keeps_is_not_called_gone(sealer: Bubblewrap) -> None:
    """As an administrator's shell would that has joined the container's mounts."""
    container, ours = seal(sealer, *NESTED)
    assert ours.recv(10) == b"up\n"  # until then its folders are still being shown
    owner, inside = container._mount_namespace._owner, container.pids()[0]
    assert owner is not None
    outside = subprocess.Popen(
        [
            *("/usr/bin/nsenter", f"--user=/proc/self/fd/{owner}", "--preserve-credentials"),
            *(f"--mount=/proc/{inside}/ns/mnt", "/bin/sh", "-c", "echo in; exec sleep 1000"),
        ],
        stdout=subprocess.PIPE,
        pass_fds=(owner,),
    )
    assert outside.stdout
    assert outside.stdout.readline() == b"in\n"
    container.kill()
    assert container.wait(PATIENCE)
    assert container.remains() == Remains(processes=0, storage=True)
    outside.kill()
    outside.communicate()
    assert container.remains().nothing
    ours.close()


def test_no_process_inside_can_read_the_environment_of_the_core(
    sealer: Bubblewrap, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The own environment block of bwrap stays readable inside, as that of process 1."""
    secret = secrets.token_hex(12)
    monkeypatch.setenv("CORE_SECRET", secret)
    said = inside(sealer, "for one in /proc/[0-9]*; do echo $one; tr '\\0' '\\n' <$one/environ; done")
    assert "/proc/1\nPATH=" in said
    assert "GIVEN=yes" in said
    assert secret not in said


def test_kill_does_not_wait_for_a_look_at_what_is_left(
    sealer: Bubblewrap, monkeypatch: pytest.MonkeyPatch
) -> None:
    container, ours = seal(sealer, *NESTED)
    assert ours.recv(10) == b"up\n"
    pids = container.pids()
    looking, go_on = threading.Event(), threading.Event()

    def look(_namespace: int) -> list[int]:
        looking.set()
        assert go_on.wait(PATIENCE)
        return []

    with monkeypatch.context() as slow:
        slow.setattr("guard.containers.bubblewrap.inhabitants", look)
        looker = threading.Thread(target=container.pids)
        looker.start()
        assert looking.wait(PATIENCE)
        killer = threading.Thread(target=container.kill)
        killer.start()
        try:
            assert all(ended(pid) for pid in pids)
        finally:
            go_on.set()
            looker.join(PATIENCE)
            killer.join(PATIENCE)
    assert container.wait(PATIENCE)
    ours.close()


def test_wait_gives_up_while_the_container_lives(sealer: Bubblewrap) -> None:
    container, ours = seal(sealer, "/bin/bash", "-c", "sleep 1000")
    assert not container.wait(0.05)
    container.kill()
    container.kill()
    assert container.wait(PATIENCE)
    assert container.wait(0)
    ours.close()


def test_a_stopped_container_can_be_killed(sealer: Bubblewrap) -> None:
    container, ours = seal(sealer, *NESTED)
    assert ours.recv(10) == b"up\n"
    for pid in (*container.pids(), container._process.pid):
        os.kill(pid, signal.SIGSTOP)
    container.kill()
    assert container.wait(PATIENCE)
    assert container.remains().nothing
    ours.close()


def on_the_way_to_our_code(folder: str) -> set[str]:
    """Return what is seen in this folder because the guard's own code and Python lie somewhere below it."""
    code = (Path(sys.prefix), Path(sys.base_prefix), Path(guard.__file__).parent)
    return {path.relative_to(folder).parts[0] for path in code if path.is_relative_to(folder)}


def test_inside_only_the_white_list_is_seen(sealer: Bubblewrap, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("x")
    home = Path.home() / f".secret-{secrets.token_hex(4)}"
    home.write_text("x")
    places = ["/etc/shadow", "/etc/machine-id", "/etc/ssl/private", "/root", "/boot", "/sys", "/run/user"]
    hidden = " ".join(place for place in places if not on_the_way_to_our_code(place))
    private = {"/home": {"guard"}, "/run": {"guard"}, "/tmp": set[str](), "/var": set[str]()}  # noqa: S108 -- inside
    try:
        said = inside(
            sealer,
            f"for f in {hidden} {secret} {home}; do test -e $f && echo sees $f; done;"
            " for d in /home /run /tmp /var; do echo $d $(ls -A $d); done; ls -d /proc/[0-9]* | wc -l",
        )
    finally:
        home.unlink()
    *lines, processes = said.splitlines()
    seen = {line.split()[0]: set(line.split()[1:]) for line in lines}
    assert seen == {place: own | on_the_way_to_our_code(place) for place, own in private.items()}
    assert int(processes) < 10


def test_inside_nothing_can_be_written_but_private_places(sealer: Bubblewrap) -> None:
    said = inside(
        sealer,
        "for d in / /dev /etc /usr /usr/bin; do (touch $d/x) 2>/dev/null && echo wrote $d; done;"
        " for d in /tmp /var $HOME $XDG_RUNTIME_DIR /dev/shm; do touch $d/x && echo private $d; done",
    )
    assert "wrote" not in said
    assert said.count("private") == 5


def test_inside_there_is_no_capability_and_only_the_given_environment(
    sealer: Bubblewrap, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUTSIDE_SECRET", "x")
    said = inside(sealer, "grep CapEff /proc/self/status; env")
    assert "CapEff:\t0000000000000000" in said
    assert "GIVEN=yes" in said
    assert "OUTSIDE_SECRET" not in said


def test_without_network_there_is_none(sealer: Bubblewrap) -> None:
    said = inside(sealer, "cat /proc/net/dev | grep -c :; cat /proc/net/unix | grep -c @", network=False)
    assert said.split() == ["1", "0"]


def test_the_only_inherited_descriptor_is_the_channel(sealer: Bubblewrap, tmp_path: Path) -> None:
    with (tmp_path / "open").open("w") as file:
        os.set_inheritable(file.fileno(), True)  # noqa: FBT003 -- the os module's signature
        said = inside(sealer, "ls -l /proc/self/fd")
    lines = [line.rpartition("-> ")[2] for line in said.splitlines() if "->" in line]
    assert not [line for line in lines if "open" in line or "pipe:" in line]


def test_an_unknown_display_is_refused_in_one_sentence(sealer: Bubblewrap) -> None:
    sealing = Sealing(
        name="trial-1",
        command=("/bin/true",),
        channel_fd=0,
        environment={},
        network=True,
        dies_with_parent=True,
        display="elsewhere:7",
    )
    with pytest.raises(MachineError, match=r"elsewhere:7.*such as :0"):
        sealer.seal(sealing)


def test_a_bad_tag_is_refused() -> None:
    with pytest.raises(MachineError, match="a/b"):
        Bubblewrap("a/b")


def test_this_machine_can_seal(sealer: Bubblewrap) -> None:
    assert sealer.why_not() is None


def test_containers_outlive_the_thread_that_asked_for_them(sealer: Bubblewrap) -> None:
    made: list[tuple[BubblewrapContainer, socket.socket]] = []
    thread = threading.Thread(target=lambda: made.append(seal(sealer, *NESTED)))
    thread.start()
    thread.join()
    container, ours = made[0]
    assert ours.recv(10) == b"up\n"
    assert container.pids()
    container.kill()
    assert container.wait(PATIENCE)
    ours.close()


CORE = """
import sys, time
from tests.containers.test_bubblewrap import NESTED, seal
from guard.containers.bubblewrap import Bubblewrap
from guard.containers.mounts import stored
sealer = Bubblewrap(sys.argv[1])
container, ours = seal(sealer, *NESTED, mortal=sys.argv[2] == "mortal")
assert ours.recv(10) == b"up\\n"
print(*container.pids(), flush=True)
sys.stdin.read()
"""


def core(tag: str, kind: str) -> tuple[subprocess.Popen[str], list[int]]:
    """Start another process that seals; return it and the container's processes."""
    process = subprocess.Popen(
        [sys.executable, "-c", CORE, tag, kind],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.fspath(Path(__file__).parents[2])},
    )
    assert process.stdout
    return process, [int(pid) for pid in process.stdout.readline().split()]


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def test_a_container_dies_with_a_killed_core(tag: str) -> None:
    process, pids = core(tag, "mortal")
    assert len(pids) >= 3
    end(process)
    assert all(ended(pid) for pid in pids)


def test_sweep_ends_what_outlived_its_core_and_nothing_else(tag: str, sealer: Bubblewrap) -> None:
    """A container of another tag, and one of the sweeping sealer itself, stay."""
    with closing(Bubblewrap(f"{tag}-2")) as other:
        theirs, channel = seal(other, *NESTED)
        own, own_channel = seal(sealer, *NESTED)
        process, pids = core(tag, "immortal")
        end(process)
        assert all(lives(pid) for pid in pids)
        assert sealer.sweep() == 1
        assert all(ended(pid) for pid in pids)
        assert sealer.sweep() == 0
        assert theirs.pids()
        assert own.pids()
        channel.close()
        own_channel.close()


def test_close_ends_containers_that_die_with_their_parent(tag: str) -> None:
    sealer = Bubblewrap(tag)
    container, ours = seal(sealer, *NESTED)
    assert ours.recv(10) == b"up\n"
    sealer.close()
    assert container.remains().nothing
    ours.close()


def test_a_hundred_containers_leave_no_descriptor_and_no_zombie(sealer: Bubblewrap) -> None:
    me = psutil.Process()

    def once() -> None:
        container, ours = seal(sealer, "/bin/bash", "-c", "sleep 1000")
        container.kill()
        assert container.wait(PATIENCE)
        assert container.remains().nothing
        ours.close()

    once()
    before = me.num_fds()
    for _ in range(100):
        once()
    assert me.num_fds() <= before
    assert "bwrap" not in [child.name() for child in me.children()]


LIMIT = 256 << 20
"""Bytes; small, so that a test never strains the machine it runs on."""
BOMBS = {
    "one process": "x = b'1' * (1 << 30)",
    "many processes, each within the limit": """
import os
for _ in range(9):
    if not os.fork():
        break
x = b'1' * (96 << 20)""",
    "files in several places": """
for place in ("/tmp", "/var", "/dev/shm"):
    with open(place + "/x", "wb") as file:
        for _ in range(120):
            file.write(bytes(1 << 20))""",
    "memory shared between processes": """
import mmap
x = mmap.mmap(-1, 1 << 30)
for at in range(0, len(x), 4096):
    x[at] = 1""",
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_what_takes_more_memory_than_it_may_is_killed_whole(sealer: Bubblewrap, bomb: str) -> None:
    script = f"{bomb}\nimport time; time.sleep(1000)"
    container, ours = seal(sealer, sys.executable, "-c", script, memory=LIMIT)
    pids = container.pids()
    assert all(ended(pid) for pid in pids), "it was not killed"
    assert container.wait(PATIENCE)
    assert container.remains().nothing
    ours.close()


def test_no_name_that_a_process_gives_itself_ends_the_watch_over_memory(sealer: Bubblewrap) -> None:
    """The kernel tells a name as it is but for its line breaks, and a carriage return is none to it."""
    rename = "import ctypes; ctypes.CDLL(None).prctl(15, b'\\rRssAnon: x', 0, 0, 0); "
    script = rename + "import socket, sys; socket.socket(fileno=int(sys.argv[1])).send(b'named'); "
    named, ours = seal(sealer, sys.executable, "-c", script + "import time; time.sleep(1000)", memory=LIMIT)
    assert ours.recv(10) == b"named"
    bomb, theirs = seal(sealer, sys.executable, "-c", f"{BOMBS['one process']}; {script}", memory=LIMIT)
    assert all(ended(pid) for pid in bomb.pids()), "nobody looked any more"
    assert named.pids()
    ours.close()
    theirs.close()


def test_of_a_container_that_is_not_born_in_time_nothing_lives_on(
    sealer: Bubblewrap, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not every container dies with its parent."""
    born: list[_Birth] = []
    read = _Birth.read

    def late(line: bytes) -> _Birth:
        born.append(read(line))
        raise ValueError

    monkeypatch.setattr(_Birth, "read", late)
    with pytest.raises(MachineError, match="did not make a container"):
        seal(sealer, "/bin/sleep", "1000", mortal=False)
    assert born
    until(lambda: not list(sealer._marked()))


def test_what_keeps_within_its_memory_lives(sealer: Bubblewrap) -> None:
    """The bomb beside it shows that the watch has looked."""
    script = "x = b'1' * (128 << 20); import time; time.sleep(1000)"
    modest, ours = seal(sealer, sys.executable, "-c", script, memory=LIMIT)
    bomb, theirs = seal(sealer, sys.executable, "-c", BOMBS["one process"] + ";" + script, memory=LIMIT)
    assert all(ended(pid) for pid in bomb.pids())
    assert modest.pids()
    ours.close()
    theirs.close()


def test_the_files_of_the_pc_are_not_taken_for_a_container_s_own() -> None:
    """A process of a container that is being born sees them still."""
    assert stored(os.getpid()) == 0


def test_a_private_place_takes_no_more_than_its_size(sealer: Bubblewrap) -> None:
    said = inside(sealer, "head -c 1G /dev/zero >/tmp/x 2>/dev/null || echo full; stat -c %s /tmp/x")
    assert said.split() == ["full", str(512 << 20)]


def test_what_is_to_give_way_does_with_every_process(sealer: Bubblewrap) -> None:
    container, ours = seal(sealer, *NESTED, nice=3)
    assert ours.recv(10) == b"up\n"
    pids = (*container.pids(), container._process.pid)
    assert {os.getpriority(os.PRIO_PROCESS, pid) for pid in pids} == {os.getpriority(os.PRIO_PROCESS, 0) + 3}
    ours.close()


def test_sessions_begun_inside_give_way_and_ours_does_not(sealer: Bubblewrap) -> None:
    """Where a new session gets no such group there is nothing to do, and nothing breaks."""
    tell = "cat /proc/self/autogroup 2>/dev/null; true"
    groups = subprocess.run(["/usr/bin/setsid", "-w", "/bin/sh", "-c", tell], capture_output=True, check=True)
    script = "setsid -f sleep 1000; echo up >&$0; sleep 1000"
    container, ours = seal(sealer, "/bin/bash", "-c", script, nice=3)
    assert ours.recv(10) == b"up\n"

    def nices() -> list[str]:
        return [Path(f"/proc/{pid}/autogroup").read_text().rpartition(" ")[2] for pid in container.pids()]

    if not groups.stdout:
        assert not container.keep_within_bounds()
    else:
        said = Path("/proc/self/autogroup").read_text()  # empty in a session as old as the PC
        until(lambda: len({os.getsid(pid) for pid in container.pids()}) == 2)
        until(lambda: set(nices()) == {"3\n"})
        assert Path("/proc/self/autogroup").read_text() == said
    ours.close()


def test_what_has_a_limit_is_the_first_that_a_pc_without_memory_takes(sealer: Bubblewrap) -> None:
    for memory, badness in (
        (LIMIT, {"1000"}),
        (None, {Path("/proc/self/oom_score_adj").read_text().strip()}),
    ):
        container, ours = seal(sealer, *NESTED, memory=memory)
        assert ours.recv(10) == b"up\n"
        pids = (*container.pids(), container._process.pid)
        assert {Path(f"/proc/{pid}/oom_score_adj").read_text().strip() for pid in pids} == badness
        ours.close()
