"""Everything that can fail at a counter, as data: what happens to it, and what the counter does then."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import resource
import subprocess
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum, StrEnum, auto
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psutil

from guard.session.effects import AlertKind
from tests.chain.faults.stage import STATES, kill, killed_each_time, slowed, stopped
from tests.support.counter import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from tests.chain.faults.stage import Stage


class Part(StrEnum):
    """What fails."""

    CORE = "core"
    CURTAIN = "curtain"
    CAPSULE = "capsule"
    CONTAINER = "container"
    VAULT = "vault"
    SERVICE = "pcscd"
    READER = "reader"
    DISPLAY = "display"
    KEEPER = "keeper"
    KEYRING = "keyring"
    DISK = "disk"
    CLOCK = "clock"
    MEMORY = "memory"
    NETWORK = "network"
    SYSLOG = "syslog"


class Kind(StrEnum):
    """How it fails."""

    KILLED = "killed"
    STOPPED = "stopped"
    SLOW = "slow"
    FULL = "full"
    """Or absent: there is no room in it, or it is not there."""
    RESTARTED = "restarted"
    GONE = "gone"
    """For good: it is killed whenever it comes back, until the block is left."""


class Then(Enum):
    """What people do while it lasts, which is what shows the fault or that it does no harm."""

    NOTHING = auto()
    CARD = auto()
    """The card is taken, or laid where none lies."""
    END = auto()
    """The end of the session is asked for."""
    COVER = auto()
    """The cover is asked for."""
    SERVE = auto()
    """All goes on: A's session is ended, and B comes."""


DEAD: Final = "dead"
"""What the counter comes to when the core is not there: no state, but covered and without a capsule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One way in which one part fails."""

    part: Part
    kind: Kind
    inflict: Callable[[Stage], AbstractContextManager[None]]
    """Breaks the part; the end of the block mends it, and the counter must serve again."""
    comes_to: Mapping[str, str]
    """By the state in which it happens: the state that the counter comes to, or passes, while it lasts."""
    then: Mapping[str, Then] = field(default_factory=dict)
    """By that state, too."""
    alerts: Mapping[str, tuple[AlertKind, ...]] = field(default_factory=dict)
    """By that state, too: what staff are told, besides what a busy PC may add."""
    blind: bool = False
    """While it lasts nobody can look at the screen."""
    mute: bool = False
    """While it lasts nothing can be read in the journal."""
    keeps: frozenset[str] = field(default=frozenset())
    """States in which the capsule lives on meanwhile."""

    @property
    def name(self) -> str:
        return f"{self.part}-{self.kind}"

    @property
    def besides(self) -> frozenset[AlertKind]:
        """What staff may be told besides: it depends on who looks first."""
        if self.part is Part.CORE and self.kind is Kind.STOPPED:
            return frozenset({AlertKind.READER_LOST})  # its watch stood still like the rest of it
        if self.kind is Kind.SLOW or self.part is Part.DISPLAY:
            return frozenset({AlertKind.CURTAIN_LOST})  # it could not paint
        return frozenset()


_LASTS: Final = frozenset(STATES)
_SAME: Final = {state: state for state in STATES}
"""Nothing happens."""
_CARD: Final = dict.fromkeys(STATES, Then.CARD)
_END: Final = {"ACTIVE": Then.END, "HELD": Then.END}
_COVER: Final = dict.fromkeys(STATES, Then.COVER)
_SERVE: Final = dict.fromkeys(STATES, Then.SERVE)
_SPARE: Final = frozenset({"READY"})
_CAPSULE_LOST: Final = {
    "ACTIVE": (AlertKind.CAPSULE_LOST,),
    "HELD": (AlertKind.CAPSULE_LOST,),
    "ENDING": (AlertKind.LOGOUT_NOT_CONFIRMED,),
}
_CURTAIN_LOST: Final = dict.fromkeys(STATES, (AlertKind.CURTAIN_LOST,))
_READER_LOST: Final = dict.fromkeys(STATES, (AlertKind.READER_LOST,))
_LOGOUT_LOST: Final = dict.fromkeys(STATES[1:], (AlertKind.LOGOUT_NOT_CONFIRMED,))
_BOOK_LOST: Final = dict.fromkeys(STATES, (AlertKind.STAFF_BOOK_LOST,))


# --- the guard's own parts


@contextmanager
def _core_killed(stage: Stage) -> Iterator[None]:
    for process in _window(stage):
        process.suspend()  # a capsule that would end by itself would prove nothing
    stage.one.kill()
    stage.one.core = None
    stage.session = ""  # nobody is left to write the receipt
    try:
        yield
    finally:
        stage.start_again()


@contextmanager
def _core_stopped(stage: Stage) -> Iterator[None]:
    core, before = stage.one.core, stage.one.now()
    assert core
    (window,) = [one for one in _curtain(stage) if one.name() != "bwrap"]
    channel = Path(f"/proc/{window.pid}/fd/{window.cmdline()[-1]}")
    assert channel.is_symlink()
    with stopped([core]):
        stage.one.until(lambda: not channel.is_symlink(), "the curtain's farewell to a core that is silent")
        yield
    # It may find the reader silent first, which passes; the curtain that has left it comes up again last.
    stage.one.wait_record(lambda record: record.get("cause") == "curtain_up", "the awakening", after=before)


@contextmanager
def _core_slow(stage: Stage) -> Iterator[None]:
    core = stage.one.core
    assert core
    with slowed(lambda: [core]):
        yield


@contextmanager
def _core_restarted(stage: Stage) -> Iterator[None]:
    assert stage.one.stop() == 0
    stage.one.core = None
    stage.start_again()
    yield


@contextmanager
def _killed(processes: list[psutil.Process]) -> Iterator[None]:
    assert processes
    kill(processes)
    yield


def _curtain(stage: Stage) -> list[psutil.Process]:
    return stage.running("guard.screens.curtain_window")


def _window(stage: Stage) -> list[psutil.Process]:
    """Return the capsule's first process but for its init, with all that it has started."""
    return stage.capsule[1:]


def _capsules(stage: Stage) -> list[psutil.Process]:
    return stage.inhabitants("capsule-")


def _windows(stage: Stage) -> list[psutil.Process]:
    """Return those of all capsules; the slow one of A would be gone when B comes."""
    return [one for one in _capsules(stage) if one.name() != "bwrap"]


def _keeper(stage: Stage) -> list[psutil.Process]:
    return stage.running("guard.keyring.keeper")


@contextmanager
def _pin_answered(stage: Stage, do: Callable[[psutil.Process], None], verdict: str) -> Iterator[None]:
    """Have a PIN looked at while this is done to every process that looks; that is the verdict."""
    stage.ask_for_a_pin()
    done = set[psutil.Process]()

    def answered() -> bool:
        for process in stage.running("guard.staff.vault"):
            if process not in done:
                with suppress(psutil.NoSuchProcess):
                    do(process)
                    done.add(process)
        return bool(stage.pin_answers())

    stage.one.until(answered, "its answer")
    (found,) = stage.pin_answers()
    assert done
    assert found["verdict"] == verdict
    yield


@contextmanager
def _vault_slow(stage: Stage) -> Iterator[None]:
    with slowed(lambda: stage.running("guard.staff.vault")), _pin_answered(stage, lambda _: None, "yes"):
        yield


# --- the reader


@contextmanager
def _service_killed(stage: Stage) -> Iterator[None]:
    stage.reader.kill_service()
    try:
        yield
    finally:
        with stage.one.frozen():  # or it sees the reader before the card lies on it again
            stage.reader.start_service()


@contextmanager
def _service_restarted(stage: Stage) -> Iterator[None]:
    with stage.one.frozen():  # or it sees the reader before the card lies on it again
        stage.reader.restart_service()
    yield


def _service(stage: Stage) -> list[psutil.Process]:
    return [psutil.Process(stage.reader.pcscd_pid)]


@contextmanager
def _unplugged(stage: Stage) -> Iterator[None]:
    stage.reader.unplug()
    try:
        yield
    finally:
        stage.reader.plug()


# --- the PC


def _display(stage: Stage) -> list[psutil.Process]:
    return [stage.server.server]


@contextmanager
def _display_slow(stage: Stage) -> Iterator[None]:
    """See `slowed`; by another process, for to take a picture holds up every thread of this one."""
    (server,) = _display(stage)
    turns = 'while kill -STOP "$1"; do sleep 0.05; kill -CONT "$1"; sleep 0.03; done'
    with subprocess.Popen(["sh", "-c", turns, "sh", str(server.pid)], stdin=subprocess.DEVNULL) as slows:
        try:
            yield
        finally:
            slows.kill()
            slows.wait()
            server.resume()


@contextmanager
def _display_killed(stage: Stage) -> Iterator[None]:
    kill(_display(stage))
    assert stage.one.core
    try:
        assert stage.one.core.wait(PATIENCE) == 1
        last = stage.one.log().splitlines()[-1]
        assert last.startswith("guard: the display was lost: the session is wiped")
        stage.one.core = None
        yield
    finally:
        stage.replace_display()
        stage.start_again()


@contextmanager
def _disk_full(stage: Stage) -> Iterator[None]:
    core = stage.one.core
    assert core
    size = max(stage.one.journal_folder.glob("journal-*.jsonl")).stat().st_size
    core.rlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    try:
        yield
    finally:
        core.rlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    stage.one.wait_state("OUT_OF_SERVICE", after=stage.before)


@contextmanager
def _memory_full(stage: Stage) -> Iterator[None]:
    stage.site.page = ""
    yield


@contextmanager
def _network_cut(stage: Stage) -> Iterator[None]:
    kill([stage.relay])
    stage.relay.wait(PATIENCE)
    try:
        yield
    finally:
        stage.start_relay()


@contextmanager
def _network_gone(stage: Stage) -> Iterator[None]:
    with _network_cut(stage), _killed(_capsules(stage)):
        yield


@contextmanager
def _syslog_killed(stage: Stage) -> Iterator[None]:
    stage.rsyslog.kill()
    try:
        yield
    finally:
        stage.rsyslog.start()


@contextmanager
def _syslog_full(stage: Stage) -> Iterator[None]:
    stage.rsyslog.fill()
    try:
        yield
    finally:
        stage.rsyslog.free()


def _syslog(stage: Stage) -> list[psutil.Process]:
    assert stage.rsyslog._process
    return [psutil.Process(stage.rsyslog._process.pid)]


_ENDS: Final = {"READY": "STARTING", "ACTIVE": "ENDING", "HELD": "ENDING", "ENDING": "TAKE_CARD"}

FAULTS: Final = (
    Fault(
        part=Part.CORE,
        kind=Kind.KILLED,
        inflict=_core_killed,
        comes_to=dict.fromkeys(STATES, DEAD),
        alerts=_LOGOUT_LOST,
    ),
    Fault(
        part=Part.CORE,
        kind=Kind.STOPPED,
        inflict=_core_stopped,
        comes_to=_SAME,
        alerts=_CURTAIN_LOST,
        keeps=_LASTS,
    ),
    Fault(part=Part.CORE, kind=Kind.SLOW, inflict=_core_slow, comes_to=_SAME, then=_SERVE),
    Fault(
        part=Part.CORE,
        kind=Kind.RESTARTED,
        inflict=_core_restarted,
        comes_to={"READY": "READY", "ACTIVE": "TAKE_CARD", "HELD": "READY", "ENDING": "TAKE_CARD"},
    ),
    Fault(
        part=Part.CURTAIN,
        kind=Kind.KILLED,
        inflict=lambda stage: _killed(_curtain(stage)),
        comes_to=_ENDS,
        keeps=_SPARE,
        alerts=_CURTAIN_LOST,
    ),
    Fault(
        part=Part.CURTAIN,
        kind=Kind.STOPPED,
        inflict=lambda stage: stopped(_curtain(stage)),
        comes_to={"READY": "ENDING", "ACTIVE": "ENDING", "HELD": "ENDING", "ENDING": "STARTING"},
        then=_CARD,
        alerts=_CURTAIN_LOST,
    ),
    Fault(
        part=Part.CURTAIN,
        kind=Kind.SLOW,
        inflict=lambda stage: slowed(lambda: _curtain(stage)),
        comes_to={"ACTIVE": "ACTIVE"},
        then=_SERVE,
    ),
    Fault(
        part=Part.CURTAIN,
        kind=Kind.GONE,
        inflict=lambda stage: killed_each_time(lambda: _curtain(stage)),
        comes_to={"READY": "STARTING", "ACTIVE": "STARTING"},
        keeps=_SPARE,
        alerts=_CURTAIN_LOST,
    ),
    Fault(
        part=Part.CAPSULE,
        kind=Kind.KILLED,
        inflict=lambda stage: _killed(_window(stage)),
        comes_to=_ENDS,
        alerts=_CAPSULE_LOST,
    ),
    Fault(
        part=Part.CAPSULE,
        kind=Kind.STOPPED,
        inflict=lambda stage: stopped(_window(stage)),
        comes_to={"READY": "ENDING", "ACTIVE": "TAKE_CARD", "HELD": "ENDING", "ENDING": "TAKE_CARD"},
        then={"READY": Then.CARD, **_END},
        alerts={"READY": (AlertKind.CAPSULE_LOST,), **_LOGOUT_LOST},
    ),
    Fault(
        part=Part.CAPSULE,
        kind=Kind.SLOW,
        inflict=lambda stage: slowed(lambda: _windows(stage)),
        comes_to={"ACTIVE": "ACTIVE"},
        then=_SERVE,
    ),
    Fault(
        part=Part.CAPSULE,
        kind=Kind.GONE,
        inflict=lambda stage: killed_each_time(lambda: _capsules(stage)),
        comes_to={"READY": "STARTING", "ACTIVE": "TAKE_CARD"},
        alerts=_CAPSULE_LOST,
    ),
    Fault(
        part=Part.CONTAINER,
        kind=Kind.KILLED,
        inflict=lambda stage: _killed(stage.capsule[:1]),
        comes_to=_ENDS,
        alerts=_CAPSULE_LOST,
    ),
    Fault(
        part=Part.CONTAINER,
        kind=Kind.STOPPED,
        inflict=lambda stage: stopped(stage.capsule[:1]),
        comes_to={"ACTIVE": "TAKE_CARD", "HELD": "ENDING", "ENDING": "TAKE_CARD"},
        then=_END,
    ),
    Fault(
        part=Part.VAULT,
        kind=Kind.SLOW,
        inflict=_vault_slow,
        comes_to={"HELD": "HELD"},
        keeps=_LASTS,
    ),
    Fault(
        part=Part.VAULT,
        kind=Kind.KILLED,
        inflict=lambda stage: _pin_answered(stage, psutil.Process.kill, "broken"),
        comes_to={"READY": "READY", "ACTIVE": "HELD", "HELD": "HELD"},
        keeps=_LASTS,
        alerts=_BOOK_LOST,
    ),
    Fault(
        part=Part.VAULT,
        kind=Kind.STOPPED,
        inflict=lambda stage: _pin_answered(stage, psutil.Process.suspend, "broken"),
        comes_to={"HELD": "HELD"},
        keeps=_LASTS,
        alerts=_BOOK_LOST,
    ),
    Fault(
        part=Part.SERVICE,
        kind=Kind.KILLED,
        inflict=_service_killed,
        comes_to=dict.fromkeys(STATES, "OUT_OF_SERVICE"),
        keeps=_SPARE,
        alerts=_READER_LOST,
    ),
    Fault(
        part=Part.SERVICE,
        kind=Kind.STOPPED,
        inflict=lambda stage: stopped(_service(stage)),
        comes_to=dict.fromkeys(STATES, "OUT_OF_SERVICE"),
        keeps=_SPARE,
        alerts=_READER_LOST,
    ),
    Fault(
        part=Part.SERVICE,
        kind=Kind.SLOW,
        inflict=lambda stage: slowed(lambda: _service(stage)),
        comes_to={"READY": "READY", "ACTIVE": "ACTIVE"},
        then=_SERVE,
    ),
    Fault(
        part=Part.SERVICE,
        kind=Kind.RESTARTED,
        inflict=_service_restarted,
        comes_to={"READY": "OUT_OF_SERVICE", "ACTIVE": "ENDING"},
        keeps=_SPARE,
        alerts=_READER_LOST,
    ),
    Fault(
        part=Part.READER,
        kind=Kind.GONE,
        inflict=_unplugged,
        comes_to=dict.fromkeys(STATES, "OUT_OF_SERVICE"),
        keeps=_SPARE,
        alerts=_READER_LOST,
    ),
    Fault(
        part=Part.DISPLAY,
        kind=Kind.KILLED,
        inflict=_display_killed,
        comes_to=dict.fromkeys(STATES, DEAD),
        blind=True,
        alerts=dict.fromkeys(STATES, (AlertKind.DISPLAY_LOST,)),
    ),
    Fault(
        part=Part.DISPLAY,
        kind=Kind.STOPPED,
        inflict=lambda stage: stopped(_display(stage)),
        comes_to={"READY": "WIPE_FAILED", "ACTIVE": "WIPE_FAILED", "HELD": "HELD", "ENDING": "WIPE_FAILED"},
        then=_CARD,
        blind=True,
        keeps=frozenset({"HELD"}),
        alerts={
            "READY": (AlertKind.COVER_LATE, AlertKind.WIPE_FAILED),
            "ACTIVE": (AlertKind.COVER_LATE, AlertKind.WIPE_FAILED),
            "ENDING": (AlertKind.WIPE_FAILED,),
        },
    ),
    Fault(
        part=Part.DISPLAY,
        kind=Kind.SLOW,
        inflict=_display_slow,
        comes_to={"ACTIVE": "ACTIVE"},
        then=_SERVE,
    ),
    Fault(
        part=Part.KEEPER,
        kind=Kind.KILLED,
        inflict=lambda stage: _killed(stage.wait_running("guard.keyring.keeper")),
        comes_to={"ACTIVE": "ACTIVE", "ENDING": "ENDING"},
        then=_SERVE,
    ),
    Fault(
        part=Part.KEEPER,
        kind=Kind.STOPPED,
        inflict=lambda stage: stopped(stage.wait_running("guard.keyring.keeper")),
        comes_to={"ACTIVE": "ACTIVE"},
        then=_SERVE,
    ),
    Fault(
        part=Part.KEYRING,
        kind=Kind.KILLED,
        inflict=lambda stage: _killed(stage.wait_running("gnome-keyring-daemon")),
        comes_to={"ACTIVE": "ACTIVE"},
        then=_SERVE,
    ),
    Fault(
        part=Part.KEEPER,
        kind=Kind.GONE,
        inflict=lambda stage: killed_each_time(lambda: _keeper(stage)),
        comes_to={"ACTIVE": "ACTIVE"},
        then=_SERVE,
        alerts={"ACTIVE": (AlertKind.ANCHOR_LOST,)},
    ),
    Fault(
        part=Part.DISK,
        kind=Kind.FULL,
        inflict=_disk_full,
        comes_to=dict.fromkeys(STATES, "OUT_OF_SERVICE"),
        then=_COVER,
        mute=True,
        keeps=_SPARE,
        alerts=dict.fromkeys(STATES, (AlertKind.JOURNAL_LOST,)),
    ),
    Fault(
        part=Part.MEMORY,
        kind=Kind.FULL,
        inflict=_memory_full,
        comes_to={"ACTIVE": "ENDING", "HELD": "ENDING"},
        alerts=_CAPSULE_LOST,
    ),
    Fault(
        part=Part.NETWORK,
        kind=Kind.KILLED,
        inflict=_network_cut,
        comes_to={"READY": "READY", "ACTIVE": "TAKE_CARD", "HELD": "ENDING", "ENDING": "TAKE_CARD"},
        then=_END,
        keeps=_SPARE,
        alerts=_LOGOUT_LOST,
    ),
    Fault(
        part=Part.NETWORK,
        kind=Kind.STOPPED,
        inflict=lambda stage: stopped([stage.relay]),
        comes_to={"READY": "READY", "ACTIVE": "TAKE_CARD", "ENDING": "TAKE_CARD"},
        then=_END,
        keeps=_SPARE,
        alerts=_LOGOUT_LOST,
    ),
    Fault(
        part=Part.NETWORK,
        kind=Kind.SLOW,
        inflict=lambda stage: slowed(lambda: [stage.relay]),
        comes_to={"ACTIVE": "ACTIVE"},
        then=_SERVE,
    ),
    Fault(
        part=Part.NETWORK,
        kind=Kind.GONE,
        inflict=_network_gone,
        comes_to={"READY": "STARTING"},
    ),
    Fault(
        part=Part.SYSLOG,
        kind=Kind.KILLED,
        inflict=_syslog_killed,
        comes_to={"ACTIVE": "ACTIVE"},
        then=_SERVE,
    ),
    Fault(
        part=Part.SYSLOG,
        kind=Kind.STOPPED,
        inflict=lambda stage: stopped(_syslog(stage)),
        comes_to={"ACTIVE": "ACTIVE"},
        then=_SERVE,
    ),
    Fault(
        part=Part.SYSLOG,
        kind=Kind.FULL,
        inflict=_syslog_full,
        comes_to={"ACTIVE": "ACTIVE"},
        then=_SERVE,
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """A fault whose proof is another test."""

    part: Part
    kind: Kind
    tests: Mapping[str, str]
    """By the state in which it happens."""

    @property
    def name(self) -> str:
        return f"{self.part}-{self.kind}"


_HANGS: Final = (
    "tests/test_core.py::test_a_disk_that_hangs_closes_the_counter_even_where_no_step_waits_for_it"
)
ELSEWHERE: Final = (
    Elsewhere(
        part=Part.DISK,
        kind=Kind.STOPPED,
        tests={
            **dict.fromkeys(("READY", "ACTIVE", "HELD"), _HANGS),
            "ENDING": "tests/test_core.py::test_a_disk_that_hangs_counts_as_lost_until_it_syncs_again",
        },
    ),
    Elsewhere(
        part=Part.CLOCK,
        kind=Kind.RESTARTED,
        tests=dict.fromkeys(
            STATES,
            "tests/test_core.py::"
            "test_a_clock_that_is_set_ends_what_lives_uncovers_nothing_and_the_counter_serves_again",
        ),
    ),
    Elsewhere(
        part=Part.KEYRING,
        kind=Kind.FULL,
        tests={
            "ACTIVE": "tests/journal/test_sealed.py::"
            "test_a_keyring_that_does_not_take_the_mark_is_told_once_and_stops_no_record"
        },
    ),
)
