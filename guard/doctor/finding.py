"""How one check came out: what it found, or what is missing, with its mend."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from guard.errors import GuardError, MachineError

INSTALL: Final = "install the guard again (a checkout: installer/run)"
"""What mends a part of the guard's own that is missing."""


class State(StrEnum):
    """How a check came out."""

    OK = "ok"
    WARN = "warn"
    """The guard runs, but something works only in part."""
    FAIL = "fail"
    """The guard does not run."""


class LackError(MachineError):
    """Something is missing."""

    def __init__(self, sentence: str, *, mend: str, state: State = State.FAIL) -> None:
        super().__init__(sentence)
        self.mend = mend
        self.state = state


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What came of one check."""

    name: str
    state: State
    found: str
    mend: str = ""


Check = Callable[[], str]
"""Returns what it found, or raises `LackError`."""


def finding(name: str, check: Check) -> Finding:
    """Return what came of this check; whatever it raises is a failure, never an escape."""
    try:
        return Finding(name=name, state=State.OK, found=check())
    except LackError as lack:
        return Finding(name=name, state=lack.state, found=lack.sentence, mend=lack.mend)
    except (GuardError, ImportError, OSError) as error:
        return Finding(name=name, state=State.FAIL, found=str(error), mend=INSTALL)
