"""Walks everything that can happen at one counter, up to so many citizens and so many faults on one way."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

    from guard.session.table import State
    from tests.support.memento import Memory
    from tests.support.protocol import Move, World


@dataclass(frozen=True, slots=True)
class Walked:
    """How far the walk went."""

    situations: int
    moves: int
    reached: frozenset[tuple[State, int]]
    """The states, and after how many citizens."""


class PromiseBrokenError(AssertionError):
    """A way was found to a situation that must not be."""


@dataclass(frozen=True, slots=True)
class _Seen:
    faults: int
    memory: Memory
    came: tuple[Hashable, str] | None
    """From which situation, by which move."""


class Explorer:
    """Breadth first: what can be reached with fewer faults comes first, and is not walked again with more."""

    def __init__(self, world: World, *, citizens: int, faults: int) -> None:
        self._world = world
        self._citizens = citizens
        self._faults = faults
        self._seen: dict[Hashable, _Seen] = {}
        self._moves = 0
        self._name = ""

    def walk(self) -> Walked:
        """Go everywhere; raises PromiseBrokenError with the way to what must not be."""
        world, start = self._world, self._world.key()
        self._seen[start] = _Seen(0, world.remember(), None)
        waiting: list[deque[Hashable]] = [deque([start]), *(deque() for _ in range(self._faults))]
        reached = {(world.state, world.citizens)}
        for faults, level in enumerate(waiting):
            while level:
                key = level.popleft()
                if self._seen[key].faults != faults:
                    continue
                for after, cost in self._from(key):
                    known = self._seen.get(after)
                    if known is None or known.faults > faults + cost:
                        reached.add((world.state, world.citizens))
                        self._seen[after] = _Seen(faults + cost, world.remember(), (key, self._name))
                        waiting[faults + cost].append(after)
        return Walked(len(self._seen), self._moves, frozenset(reached))

    def _from(self, key: Hashable) -> Iterator[tuple[Hashable, int]]:
        """Make every move that is left to make; the world stands after it at each step."""
        world, here = self._world, self._seen[key]
        world.go_back(here.memory)
        self._hear_echoes(key)
        world.go_back(here.memory)
        for move in list(world.moves()):
            if here.faults + move.faults > self._faults:
                continue
            world.go_back(here.memory)
            self._make(key, move)
            if world.citizens <= self._citizens:
                yield world.key(), move.faults

    def _hear_echoes(self, key: Hashable) -> None:
        """Let everything come, one after the other, that must change nothing; if it did, find out what."""
        world, here = self._world, self._seen[key]
        for echo in (echoes := list(world.echoes())):
            self._make(key, echo)
        if world.key() == key:
            return
        for echo in echoes:
            world.go_back(here.memory)
            self._make(key, echo)
            if world.key() != key:
                self._fail(key, echo, "an answer that came too late has changed something")
        self._fail(key, echoes[-1], "answers that came too late have changed something together")

    def _make(self, key: Hashable, move: Move) -> None:
        world = self._world
        before = world.state, world.current
        self._name = move.name
        self._moves += 1
        move.act()
        if broken := world.broken():
            self._fail(key, move, broken)
        elsewhere = move.about is not None and before[1] not in {None, move.about}
        if elsewhere and ((world.state, world.current) != before or not world.let_be()):
            self._fail(key, move, "an answer about one session has changed another one")

    def _fail(self, key: Hashable, move: Move, why: str) -> None:
        way = [move.name]
        came = self._seen[key].came
        while came:
            key, name = came
            way.insert(0, name)
            came = self._seen[key].came
        raise PromiseBrokenError(f"{why}: {'; '.join(way)}")
