"""The watch over the system on Windows: its real window, and messages as Windows sends them."""

from __future__ import annotations

import queue
import sys
import threading
from typing import TYPE_CHECKING

import pytest

assert sys.platform == "win32"

from guard.clock import SystemClock
from guard.session.events import SystemChange
from guard.system.win32 import END_WAITS, SLEEP_WAITS, Win32Watch, examine
from guard.system.win32_api import user
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

SOON = 10.0
QUERY, END, POWER, SESSION = 0x11, 0x16, 0x218, 0x2B1
SUSPEND, RESUMED, RESUMED_BY_HAND, LOCK = 4, 0x12, 7, 7
AWAKE = "awake"


class Listener:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: queue.SimpleQueue[SystemChange | str] = queue.SimpleQueue()

    def system_changing(self, what: SystemChange) -> None:
        self.told.put(what)

    def system_awake(self) -> None:
        self.told.put(AWAKE)

    def next(self) -> SystemChange | str:
        return self.told.get(timeout=SOON)


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def watch(listener: Listener) -> Iterator[Win32Watch]:
    watch = Win32Watch(listener, SystemClock(), reason="利用者の情報を消しています")
    watch.start()
    until(lambda: bool(watch._window))
    yield watch
    watch.close()


class Sent:
    """A message that is sent as Windows sends it: answered only by its procedure."""

    def __init__(self, watch: Win32Watch, message: int, wide: int, long: int = 0) -> None:
        self.answer: int | None = None
        self._thread = threading.Thread(target=self._send, args=(watch._window, message, wide, long))
        self._thread.start()

    def _send(self, *message: int) -> None:
        self.answer = int(user.SendMessageW(*message))

    def wait(self, timeout: float = SOON) -> int | None:
        self._thread.join(timeout)
        return self.answer


def test_a_lock_is_told(watch: Win32Watch, listener: Listener) -> None:
    Sent(watch, SESSION, LOCK, 1).wait()
    assert listener.next() is SystemChange.LOCK
    assert watch.lacks() == ()


def test_before_a_sleep_windows_waits_until_the_core_lets_go(watch: Win32Watch, listener: Listener) -> None:
    watch.let_go()  # without a sleep it means nothing
    for _ in range(2):
        sent = Sent(watch, POWER, SUSPEND)
        assert listener.next() is SystemChange.SUSPEND
        assert sent.wait(SLEEP_WAITS / 10) is None
        watch.let_go()
        assert sent.wait() == 1
        assert Sent(watch, POWER, SUSPEND).wait() == 1  # the second copy is not told again, nor waited for
        Sent(watch, POWER, RESUMED).wait()
        Sent(watch, POWER, RESUMED_BY_HAND).wait()
        assert listener.next() == AWAKE
    assert listener.told.empty()


def test_a_sleep_is_not_held_up_longer_than_windows_waits(watch: Win32Watch, listener: Listener) -> None:
    clock = SystemClock()
    begun = clock.monotonic()
    assert Sent(watch, POWER, SUSPEND).wait() == 1
    assert clock.monotonic() - begun >= SLEEP_WAITS
    assert listener.next() is SystemChange.SUSPEND


def test_without_a_sleep_nobody_is_told_that_it_is_over(watch: Win32Watch, listener: Listener) -> None:
    Sent(watch, POWER, RESUMED).wait()
    assert listener.told.empty()


@pytest.mark.parametrize(("long", "change"), [(0, SystemChange.SHUTDOWN), (0x8000_0000, SystemChange.LOGOUT)])
def test_the_end_of_the_logon_waits_until_the_guard_has_ended(
    watch: Win32Watch, listener: Listener, long: int, change: SystemChange
) -> None:
    assert Sent(watch, QUERY, 0, long).wait() == 1
    assert listener.next() is change
    sent = Sent(watch, END, 1, long)
    assert sent.wait(END_WAITS / 20) is None
    watch.close()
    assert sent.wait() == 0
    assert listener.told.empty()


def test_an_end_that_is_called_off_is_not_waited_for(watch: Win32Watch, listener: Listener) -> None:
    Sent(watch, QUERY, 0).wait()
    assert listener.next() is SystemChange.SHUTDOWN
    assert Sent(watch, END, 0).wait(END_WAITS / 2) == 0


def test_after_close_nothing_is_told(watch: Win32Watch, listener: Listener) -> None:
    window = watch._window
    watch.close()
    user.SendMessageW(window, SESSION, LOCK, 1)
    assert listener.told.empty()
    assert not watch._thread.is_alive()


def test_the_doctor_says_how_long_windows_waits() -> None:
    assert "2 s" in examine()
    assert "5 s" in examine()
