"""Both ends of a line, in one process."""

from __future__ import annotations

import sys

assert sys.platform == "win32"

import os
import threading
from typing import TYPE_CHECKING

import pytest
import pywintypes
import win32con
import win32event
import win32file

from guard.errors import MachineError
from guard.ground.windows.rights import own_sid
from guard.keeper.keepers_line import KeepersEnd
from guard.keeper.line import GuardsEnd
from guard.keeper.line_names import LineNames
from guard.keeper.signs import GarbledError, Sign
from tests.support.waiting import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def names() -> LineNames:
    return LineNames.new(6)


@pytest.fixture
def keeper(names: LineNames) -> Iterator[KeepersEnd]:
    keeper = KeepersEnd(names, own_sid())
    keeper.expect(os.getpid())
    yield keeper
    keeper.close()


@pytest.fixture
def guard(keeper: KeepersEnd) -> Iterator[GuardsEnd]:
    guard = GuardsEnd.take(dict(keeper.variables))
    assert guard is not None
    yield guard
    guard.close()


def heard(keeper: KeepersEnd, count: int) -> list[Sign]:
    signs: list[Sign] = []
    while len(signs) < count:
        assert win32event.WaitForSingleObject(keeper.event, int(PATIENCE * 1000)) == win32event.WAIT_OBJECT_0
        signs += keeper.hear()
    return signs


def test_what_the_guard_says_is_heard_in_order(keeper: KeepersEnd, guard: GuardsEnd) -> None:
    guard.ready()
    assert heard(keeper, 1) == [Sign.READY]
    guard.alive()
    assert heard(keeper, 1) == [Sign.ALIVE]
    guard.stopping()
    assert heard(keeper, 1) == [Sign.STOPPING]
    assert guard.every == 2


def test_a_keeper_that_hears_nothing_is_not_waited_for_and_learns_later_what_is_said_once(
    keeper: KeepersEnd, guard: GuardsEnd
) -> None:
    for _ in range(1000):
        guard.alive()
    guard.ready()
    assert len(guard._owed) == 1
    signs: list[Sign] = []
    while Sign.READY not in signs:
        signs += heard(keeper, 1)
        guard.alive()
    assert signs.count(Sign.READY) == 1


def test_who_is_asked_to_end_is_told_once(keeper: KeepersEnd, guard: GuardsEnd) -> None:
    asked = threading.Event()
    guard.when_asked_to_end(asked.set)
    keeper.ask_to_end()
    assert asked.wait(PATIENCE)


def test_whoever_is_not_the_guard_is_hung_up_on_and_the_guard_still_gets_through(
    keeper: KeepersEnd, names: LineNames
) -> None:
    keeper.expect(os.getpid() + 4)
    stranger = GuardsEnd(names)
    stranger.ready()
    assert win32event.WaitForSingleObject(keeper.event, int(PATIENCE * 1000)) == win32event.WAIT_OBJECT_0
    assert keeper.hear() == ()
    stranger.close()
    keeper.expect(os.getpid())
    guard = GuardsEnd(names)
    guard.ready()
    assert heard(keeper, 1) == [Sign.READY]
    guard.close()


def test_the_guard_may_wait_for_the_event_and_not_set_it(keeper: KeepersEnd, names: LineNames) -> None:
    del keeper
    opened = win32event.OpenEvent(win32con.SYNCHRONIZE, False, names.event)  # noqa: FBT003 -- pywin32's signature
    with pytest.raises(pywintypes.error):
        win32event.SetEvent(opened)


def test_a_line_has_one_end_each(guard: GuardsEnd, names: LineNames) -> None:
    del guard
    with pytest.raises(pywintypes.error):
        KeepersEnd(names, own_sid())
    with pytest.raises(MachineError, match="cannot be reached"):
        GuardsEnd(names)


def test_nonsense_is_garbled(keeper: KeepersEnd, guard: GuardsEnd) -> None:
    win32file.WriteFile(int(guard._pipe), b"READY=yes\n", pywintypes.OVERLAPPED())
    with pytest.raises(GarbledError):
        heard(keeper, 1)
