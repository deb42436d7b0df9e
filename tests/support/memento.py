"""Remembers everything that a group of objects knows, and puts them back to it: one object, many pasts."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_CONTAINERS: Final = (dict, list, set, deque)

Memory = tuple[dict[str, Any], ...]


class Memento:
    """The attributes of these objects, and the containers in them one level deep.

    Enough for objects whose containers hold nothing that changes, and whose attributes keep their kind.
    """

    def __init__(self, objects: Iterable[object]) -> None:
        self._known = [
            (known, [name for name, value in known.items() if isinstance(value, _CONTAINERS)])
            for known in map(vars, objects)
        ]

    def take(self) -> Memory:
        """Return all that is known now."""
        return tuple(_copied(known, containers) for known, containers in self._known)

    def put_back(self, memory: Memory) -> None:
        """Let the objects know what they knew then; the memory can be used again."""
        for (known, containers), remembered in zip(self._known, memory, strict=True):
            known.update(_copied(remembered, containers))


def _copied(known: Mapping[str, Any], containers: Iterable[str]) -> dict[str, Any]:
    return {**known, **{name: known[name].copy() for name in containers}}
