"""The reader watch on a real pcscd with a virtual reader."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from smartcard import scard

from guard.clock import SystemClock
from guard.errors import ConfigError, MachineError
from guard.readers import pcsc
from guard.readers.pcsc import HEARTBEAT, PcscWatch
from guard.readers.port import Watch
from guard.readers.scard import Code, Handle, PyscardScard
from guard.session.events import CardAbsent, CardChanged, CardPresent, Event, ReaderLoss, ReaderLost
from tests.support.events import GENEROUS, Posted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from guard.practice.pcscd import PracticeReader
    from tests.support.pcsc import VirtualReader

pytest_plugins = ("tests.support.pcsc",)
pytestmark = pytest.mark.chain


@contextmanager
def watching(reader: PracticeReader, mode: Watch = Watch.PRESENCE) -> Iterator[tuple[PcscWatch, Posted]]:
    posted = Posted()
    watch = PcscWatch(
        scard=PyscardScard(), post=posted, clock=SystemClock(), part=reader.reader_name, watch=mode
    )
    watch.start()
    try:
        yield watch, posted
    finally:
        watch.stop()


def until(posted: Posted, wanted: type[Event]) -> list[Event]:
    """Return all events up to the first of the wanted kind."""
    events = [posted.next()]
    while not isinstance(events[-1], wanted):
        events.append(posted.next())
    return events


def settled(watch: PcscWatch, state: str, counter: int | None = None) -> None:
    """Wait until the watch knows this state and, if given, this many insertions and removals."""
    deadline = time.monotonic() + GENEROUS
    while watch.status().state != state or watch.status().counter != (counter or watch.status().counter):
        assert time.monotonic() < deadline, watch.status()
        time.sleep(0.001)


@pytest.mark.parametrize("mode", list(Watch))
def test_insertion_and_removal_are_seen(practice_reader: VirtualReader, mode: Watch) -> None:
    """Empty, in, out: one event each, dated after the card moved."""
    with watching(practice_reader, mode) as (watch, posted):
        assert isinstance(posted.next(), CardAbsent)
        practice_reader.insert()
        assert isinstance(posted.next(), CardPresent)
        removed = practice_reader.remove()
        assert isinstance(posted.next(), CardAbsent)
        assert removed < watch.reported_at() < removed + 1
    assert posted.so_far() == []


def test_a_card_that_lies_there_at_start_is_told_first(practice_reader: VirtualReader) -> None:
    """The first event tells how it is, not how it should be."""
    with watching(practice_reader) as (_, before):
        practice_reader.insert()
        until(before, CardPresent)
    with watching(practice_reader) as (_, posted):
        assert isinstance(posted.next(), CardPresent)


@pytest.mark.parametrize("mode", list(Watch))
def test_a_swap_is_always_seen(practice_reader: VirtualReader, mode: Watch) -> None:
    """20 of 20 without any gap, as a change or as absent and present again."""
    with watching(practice_reader, mode) as (watch, posted):
        practice_reader.insert()
        settled(watch, "present", 1)
        posted.so_far()
        for swap in range(1, 21):
            practice_reader.swap()
            settled(watch, "present", 1 + 2 * swap)
            assert isinstance(posted.so_far()[0], CardAbsent | CardChanged)


def test_a_held_handle_sees_swaps_that_hide_from_a_polled_reader(vpcd_reader: PracticeReader) -> None:
    """20 of 20 without any gap, on a reader that is asked only every 400 ms."""
    with watching(vpcd_reader, Watch.HANDLE) as (watch, posted):
        vpcd_reader.insert()
        settled(watch, "present", 1)
        posted.so_far()
        for swap in range(1, 21):
            vpcd_reader.swap()
            settled(watch, "present", 1 + 2 * swap)
            assert isinstance(posted.so_far()[0], CardAbsent | CardChanged)


def test_200_quick_moves_end_in_the_true_state_and_lose_no_removal(practice_reader: VirtualReader) -> None:
    """Moves that come faster than looks may merge, but no card that was known to lie there goes unnoticed."""
    with watching(practice_reader) as (watch, posted):
        for cycle in range(200):
            practice_reader.insert()
            if cycle % 10:
                practice_reader.remove()
                continue
            settled(watch, "present")
            posted.so_far()
            practice_reader.remove()
            until(posted, CardAbsent)
        settled(watch, "absent")
        practice_reader.insert()
        settled(watch, "present")


def test_a_killed_service_is_a_loss_at_once_and_its_successor_is_used(
    practice_reader: VirtualReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loss comes with the death, not with a time-out; then the present state."""
    monkeypatch.setattr(pcsc, "HEARTBEAT", 10 * GENEROUS)
    with watching(practice_reader) as (watch, posted):
        practice_reader.insert()
        until(posted, CardPresent)
        killed = practice_reader.kill_service()
        assert posted.next() == ReaderLost(why=ReaderLoss.SERVICE_GONE)
        assert watch.reported_at() - killed < GENEROUS
        monkeypatch.undo()
        assert watch.status().state == "lost"
        practice_reader.start_service()
        assert isinstance(until(posted, CardPresent)[0], CardPresent | CardAbsent)


def test_a_stopped_service_shows_as_silence_and_goes_on_afterwards(practice_reader: VirtualReader) -> None:
    """The sign of life grows old, which the core's watchdog sees; nothing is lost once it goes on."""
    with watching(practice_reader) as (watch, posted):
        assert isinstance(posted.next(), CardAbsent)
        paused = practice_reader.pause_service()
        deadline = time.monotonic() + GENEROUS
        while time.monotonic() - watch.last_sign() < 2 * watch.heartbeat() + 0.75:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert watch.last_sign() < paused + watch.heartbeat() + 0.5
        watch.refresh()
        practice_reader.resume_service()
        assert isinstance(posted.next(), CardAbsent)
        practice_reader.insert()
        assert isinstance(posted.next(), CardPresent)


def test_stop_returns_though_the_service_is_stopped(practice_reader: VirtualReader) -> None:
    """Within 2 s, and nothing is posted any more."""
    with watching(practice_reader) as (watch, posted):
        assert isinstance(posted.next(), CardAbsent)
        practice_reader.pause_service()
        begun = time.monotonic()
        watch.stop()
        assert time.monotonic() - begun < 2.5
        practice_reader.resume_service()
    practice_reader.insert()
    assert posted.so_far() == []


@pytest.mark.parametrize("mode", list(Watch))
def test_an_unplugged_reader_is_a_loss_until_it_is_plugged_in(
    practice_reader: VirtualReader, mode: Watch
) -> None:
    """One loss, then the present state."""
    with watching(practice_reader, mode) as (_, posted):
        practice_reader.insert()
        until(posted, CardPresent)
        practice_reader.unplug()
        assert posted.next() == ReaderLost(why=ReaderLoss.READER_GONE)
        practice_reader.plug()
        until(posted, CardPresent)
    assert posted.so_far() == []


def test_two_readers_and_none_named_are_refused_naming_both(vpcd_reader: PracticeReader) -> None:
    """Vpcd has two slots."""
    watch = PcscWatch(scard=PyscardScard(), post=Posted(), clock=SystemClock())
    with pytest.raises(ConfigError, match=r"Practice Reader 00 00.*Practice Reader 00 01"):
        watch.start()
    assert vpcd_reader.reader_name == "Practice Reader 00 00"


def test_no_service_is_refused_at_start(practice_reader: VirtualReader) -> None:
    """The sentence names the service."""
    practice_reader.kill_service()
    watch = PcscWatch(scard=PyscardScard(), post=Posted(), clock=SystemClock())
    with pytest.raises(MachineError, match="pcscd"):
        watch.start()


def test_calls_on_a_dead_context_are_codes_and_never_exceptions(practice_reader: VirtualReader) -> None:
    """Pyscard raises SystemError for some of them."""
    service = PyscardScard()
    code, context = service.establish()
    assert code == Code.SUCCESS
    service.release(context)
    assert service.list_readers(context)[0] != Code.SUCCESS
    assert service.status_change(context, 0.0, practice_reader.reader_name, 0)[0] != Code.SUCCESS
    assert service.connect(context, practice_reader.reader_name)[0] != Code.SUCCESS
    assert service.handle_status(Handle(0)) != Code.SUCCESS
    service.disconnect(Handle(0))
    service.release(context)


def test_another_programs_transaction_does_not_delay_the_handle_check(practice_reader: VirtualReader) -> None:
    """Removal is seen while somebody else holds the card."""
    with watching(practice_reader, Watch.HANDLE) as (watch, posted):
        practice_reader.insert()
        until(posted, CardPresent)
        _, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
        try:
            code, card, _ = scard.SCardConnect(
                context, practice_reader.reader_name, scard.SCARD_SHARE_SHARED, scard.SCARD_PROTOCOL_ANY
            )
            assert code == scard.SCARD_S_SUCCESS
            assert scard.SCardBeginTransaction(card) == scard.SCARD_S_SUCCESS
            begun = time.monotonic()
            while watch.last_sign() < begun + 2 * HEARTBEAT:
                assert time.monotonic() < begun + GENEROUS
                time.sleep(0.001)
            assert posted.so_far() == []
            practice_reader.remove()
            assert isinstance(posted.next(), CardAbsent)
        finally:
            scard.SCardReleaseContext(context)
