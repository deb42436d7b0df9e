r"""What the two ends of a line go by: a number that nobody can guess, and two names made of it. Pure."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from guard.errors import MachineError
from guard.keeper.names import LINE, SECONDS, SERVICE

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

_NUMBER = re.compile(r"[0-9a-f]{32}")
_DECIMAL = re.compile(r"[0-9]{1,4}(\.[0-9]{1,3})?")


@dataclass(frozen=True, slots=True)
class LineNames:
    """One line: a pipe from the guard to the keeper, and an event by which the keeper asks it to end."""

    number: str
    seconds: float
    """Within which the keeper wants a sign of life."""

    @classmethod
    def new(cls, seconds: float) -> Self:
        """Return the names for a new line."""
        return cls(secrets.token_hex(16), seconds)

    @classmethod
    def take(cls, environment: MutableMapping[str, str]) -> Self | None:
        """Return the names that a keeper put into the environment, and take them out; None without a keeper.

        Raises MachineError for anything that no keeper puts there.
        """
        number, seconds = environment.pop(LINE, ""), environment.pop(SECONDS, "")
        if not number:
            return None
        if not _NUMBER.fullmatch(number) or not _DECIMAL.fullmatch(seconds) or float(seconds) == 0:
            raise MachineError(f"{LINE} or {SECONDS} is not what the service {SERVICE} writes there.")
        return cls(number, float(seconds))

    @property
    def pipe(self) -> str:
        """The pipe's name."""
        return rf"\\.\pipe\{SERVICE}-{self.number}"

    @property
    def event(self) -> str:
        """The event's name, one for all sessions: the keeper is in another one (Kernel object namespaces)."""
        return rf"Global\{SERVICE}-{self.number}"

    @property
    def variables(self) -> Mapping[str, str]:
        """What the guard's environment says."""
        return {LINE: self.number, SECONDS: f"{self.seconds:.3f}"}
