"""What the administrator of this PC has laid down for it: the machine policy, which wins over guard.toml.

Theory of operation
===================

A system keeps its policy in its own place (`guard.ground.machine_policy`) and hands over raw values by
section and name. Here they are held against the schema. A value that is not understood is never passed over:
a guard that quietly ran by the file would look as if the policy held.

A policy has no folder that a path could be relative to, so its paths are absolute.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

from guard.settings.kinds import Flag, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guard.settings.schema import Key

Value = TypeVar("Value")
ABSOLUTE = "allowed in a machine policy is an absolute path"


class PolicySource(Protocol):
    """Where a system keeps the policy of this PC."""

    @property
    def where(self) -> str:
        """How a sentence names the whole of it."""
        ...

    def values(self) -> Mapping[tuple[str, str], object]:
        """Return the raw values by section and name; without a policy there are none.

        Raises ConfigError or MachineError with one sentence when there is one that cannot be read, or may be
        somebody else's word than the administrator's.
        """
        ...

    def place(self, section: str) -> str:
        """Return how a sentence names the place of this section's values."""
        ...


class NoPolicy:
    """Satisfies `PolicySource` where no policy holds."""

    @property
    def where(self) -> str:
        """See `PolicySource`."""
        return ""

    def values(self) -> Mapping[tuple[str, str], object]:
        """See `PolicySource`."""
        return {}

    def place(self, section: str) -> str:  # noqa: ARG002 -- no section has one
        """See `PolicySource`."""
        return ""


class MachinePolicy:
    """The policy of this PC, as it was when this was made."""

    def __init__(self, source: PolicySource) -> None:
        """Read it; raises like `PolicySource.values`."""
        self._values = dict(source.values())
        self._source = source

    @property
    def where(self) -> str:
        """Where it stands; empty when there is no policy."""
        return self._source.where if self._values else ""

    def place(self, section: str) -> str:
        """Return where this section of it stands."""
        return self._source.place(section)

    def has(self, key: Key[object]) -> bool:
        """Tell whether it lays this key down."""
        return (key.section, key.name) in self._values

    def given(self, key: Key[object]) -> object:
        """Return what it says for a key that it has, as it stands there."""
        return self._values[key.section, key.name]

    def read(self, key: Key[Value]) -> Value:
        """Return its value for a key that it has; raises ValueError when that is not allowed.

        A registry knows no truth values, so 1 and 0 are yes and no, too.
        """
        given = self.given(key)
        if isinstance(key.kind, Flag) and type(given) is int and given in {0, 1}:
            return key.kind.read(bool(given))
        return key.kind.read(given)

    def names(self) -> tuple[tuple[str, str], ...]:
        """Return the section and name of every value, known or not."""
        return tuple(self._values)

    def titles(self) -> tuple[str, ...]:
        """Return how people call every key that it lays down."""
        return tuple(f"[{section}] {name}" for section, name in self._values)


def allowed(kind: Kind[object]) -> str:
    """Complete the sentence "allowed is …" for a value that stands in a policy."""
    return "1 for yes or 0 for no" if isinstance(kind, Flag) else kind.allowed
