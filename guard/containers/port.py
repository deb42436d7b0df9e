"""The port: processes sealed in a container that ends as one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealing:
    """What a container gets to see; all else is hidden or private and dies with it."""

    name: str
    """``kind-id`` such as ``capsule-3f…``; leftovers of an earlier run are found by it."""
    command: Sequence[str]
    channel_fd: int
    """The one inherited file descriptor, under the same number inside."""
    environment: Mapping[str, str]
    """The whole environment inside; nothing is inherited."""
    network: bool
    dies_with_parent: bool
    """The container ends when the process that sealed it ends, however that happens."""
    memory: int | None = None
    """Bytes that its processes and private files may take together: beyond it the container is killed, and
    a PC that has no memory left takes its before anybody else's. None: no limit."""
    nice: int = 0
    """What nice(1) adds: the more, the more it gives way to others while the PC is busy. Sessions
    that are begun inside give way once the sealer has seen them, within about a second each."""
    readable: Sequence[Path] = field(default=())
    """Further files and folders shown read-only under their own names."""
    private: Sequence[Path] = field(default=())
    """Further folders that are writable inside and die with it; for a few small files."""
    shown: Mapping[Path, Path] = field(default_factory=dict)
    """Outside path -> inside path, for files shown read-only under other names."""
    display: str | None = None
    """X display whose socket is shown."""
    writable: Mapping[Path, Path] = field(default_factory=dict)
    """Outside path -> inside path, for what must be shared (tests and practice only)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remains:
    """What is left of a container after its end; nothing, if all went well."""

    processes: int
    storage: bool
    """A private file system of the container still exists somewhere."""

    @property
    def nothing(self) -> bool:
        """True when neither a process nor storage is left."""
        return not self.processes and not self.storage


class Container(Protocol):
    """One sealed group of processes."""

    def pids(self) -> tuple[int, ...]:
        """Return the ids (as seen outside) of all processes inside that are alive now."""
        ...

    def kill(self) -> None:
        """End everything inside with SIGKILL or its like; returns at once, may be called again."""
        ...

    def wait(self, timeout: float) -> bool:
        """Wait at most ``timeout`` s until every process is gone and reaped; tell whether it is so."""
        ...

    def remains(self) -> Remains:
        """Look, independently of `wait`, for what is left."""
        ...


class Sealer(Protocol):
    """Makes containers."""

    def seal(self, sealing: Sealing) -> Container:
        """Start the command sealed; raises MachineError when this PC cannot do it.

        Callable from every thread; the container's life never hangs on the calling thread.
        """
        ...

    def sweep(self) -> int:
        """Kill all containers that an earlier run of the same guard left; return how many there were.

        Raises MachineError when one does not go.
        """
        ...

    def why_not(self) -> str | None:
        """Return one sentence when this PC cannot seal (for ``guard doctor``), else None."""
        ...

    def close(self) -> None:
        """Release what the sealer holds; containers that die with their parent are dead afterwards."""
        ...
