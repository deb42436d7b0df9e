"""Who plays what, when: the contenders take turns at one reader."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import contextlib
import random
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import psutil

from guard.errors import MachineError
from tests.bench.peers import scenes
from tests.bench.peers.results import Result
from tests.bench.peers.stage import Stage, stage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.bench.peers.contender import Kind
    from tests.support.pcsc import VirtualReader

T = TypeVar("T")

_BLOCK = 20
"""Removals before it is the next contender's turn."""
_TRIES = 3
"""Of one scene, before a turn is broken off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much of everything, for each contender at each reader."""

    removals: int
    swaps: int
    restarts: int
    idle_seconds: float
    seed: int | None
    """Of the random moments."""


class Programme:
    """All turns of all contenders at one reader."""

    def __init__(self, reader: VirtualReader, name: str, kinds: Sequence[Kind], plan: Plan) -> None:
        self._reader = reader
        self._kinds = {kind: Result(name, kind.name) for kind in kinds}
        self._plan = plan
        self._chance = random.Random(plan.seed)  # noqa: S311 -- moments, not secrets

    def play(self) -> list[Result]:
        """Play everything; return what was measured, also where a turn had to be broken off."""
        plan = self._plan
        for begun in range(0, plan.removals, _BLOCK):
            for kind, result in self._kinds.items():
                self._turn(kind, partial(self._removals, result, min(_BLOCK, plan.removals - begun)))
                _say(result, f"{len(result.removals)} removals")
        for kind, result in self._kinds.items():
            self._turn(kind, partial(self._rest_and_swaps, result))
            for _ in range(plan.restarts):
                self._turn(kind, partial(self._restart, result))
            _say(result, f"rest, {len(result.swaps)} swaps, {len(result.restarts)} restarts")
        return list(self._kinds.values())

    def _removals(self, result: Result, count: int, on: Stage) -> None:
        for _ in range(count):
            result.removals.append(_play(result, partial(scenes.removal, on, self._chance)))

    def _rest_and_swaps(self, result: Result, on: Stage) -> None:
        result.rest = scenes.rest(on, self._plan.idle_seconds)
        for _ in range(self._plan.swaps):
            result.swaps.append(_play(result, partial(scenes.swap, on, self._chance)))

    def _restart(self, result: Result, on: Stage) -> None:
        result.restarts.append(_play(result, partial(scenes.restart, on)))

    def _turn(self, kind: Kind, body: Callable[[Stage], None]) -> None:
        """Give a contender a stage; one that fails there does not cost the others theirs."""
        try:
            with stage(kind, self._reader) as on:
                body(on)
        except (scenes.SpoiltError, AssertionError, TimeoutError, psutil.Error) as error:
            why = (str(error).splitlines() or [repr(error)])[0]
            result = self._kinds[kind]
            result.spoilt.append(f"broken off: {why}")
            _say(result, f"broken off: {error}")
            with contextlib.suppress(MachineError):  # no card lies there
                self._reader.remove()


def _play(result: Result, scene: Callable[[], T]) -> T:
    """Play a scene until it comes to its end; raises SpoiltError when it never does."""
    for _ in range(_TRIES - 1):
        try:
            return scene()
        except scenes.SpoiltError as error:
            result.spoilt.append(str(error))
            _say(result, f"played again: {error}")
    return scene()


def _say(result: Result, line: str) -> None:
    sys.stderr.write(f"{result.reader}, {result.contender}: {line}\n")
    sys.stderr.flush()
