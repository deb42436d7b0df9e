"""The port: something that tells when the operating system is about to take the counter away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from guard.session.events import SystemChange


@dataclass(frozen=True, slots=True, kw_only=True)
class Lack:
    """What the system does not tell, or does not wait for, and what to do about it."""

    sentence: str
    mend: str


class SystemListener(Protocol):
    """What a watch tells; calls return at once."""

    def system_changing(self, what: SystemChange) -> None:
        """The PC is about to sleep, lock, log out or shut down."""
        ...

    def system_awake(self) -> None:
        """The sleep that was announced is over, or was called off; told only after such a sleep."""
        ...


class SystemWatch(Protocol):
    """Tells what the operating system is about to do, and has it wait where it lets itself be asked to.

    Promises: it holds sleep and shutdown up, as long as the system allows, until `let_go` or `close`; after
    each sleep it does so again; what it cannot learn on this PC it says once in the log, and goes on trying.
    """

    def start(self) -> None:
        """Begin to watch; returns at once and raises nothing, whatever this PC lacks."""
        ...

    def let_go(self) -> None:
        """Let the PC sleep, for nobody's session is left or in sight; returns at once.

        Means the sleep that was announced; does nothing while none is.
        """
        ...

    def lacks(self) -> tuple[Lack, ...]:
        """Return what is not as it should be, as of now."""
        ...

    def close(self) -> None:
        """Stop watching and let go of everything."""
        ...
