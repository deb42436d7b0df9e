"""The real reader watch on what Windows' service does and pcsc-lite does not; runs on every system."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from guard.clock import SystemClock
from guard.errors import MachineError
from guard.readers import scard as layer
from guard.readers.pcsc import PcscWatch
from guard.readers.port import Watch
from guard.readers.scard import PyscardScard
from guard.session.events import CardAbsent, CardChanged, CardPresent, Event, ReaderLoss, ReaderLost
from tests.support import fake_scard
from tests.support.events import GENEROUS, Posted
from tests.support.fake_scard import Answer, FakeScard, word
from tests.support.windows_scard import NO_SERVICE, SERVICE_STOPPED, SYSTEM_CANCELLED, WindowsScard

if TYPE_CHECKING:
    from collections.abc import Iterator

READER, OTHER = "Sony RC-S300/S 0", "Windows Hello for Business 1"
SERVICE_GONE = ReaderLost(why=ReaderLoss.SERVICE_GONE)
READER_GONE = ReaderLost(why=ReaderLoss.READER_GONE)


@pytest.fixture(params=[True, False], ids=["counting", "not counting"])
def service(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> WindowsScard:
    service = WindowsScard(counts=request.param)
    service.plug(READER)
    monkeypatch.setattr(layer, "scard", service)
    return service


@contextmanager
def watching(service: WindowsScard, mode: Watch = Watch.PRESENCE, part: str = "") -> Iterator[Posted]:
    posted = Posted()
    watch = PcscWatch(
        scard=PyscardScard(), post=posted, clock=SystemClock(), part=part, watch=mode, counter_must_move=True
    )
    watch.start()
    try:
        yield posted
    finally:
        watch.stop()
    assert not service.alive
    assert not service.dead
    assert not service.handles


def kinds(posted: Posted, number: int) -> list[type[Event]]:
    return [type(posted.next()) for _ in range(number)]


@pytest.mark.parametrize("mode", list(Watch))
def test_in_and_out_are_told(service: WindowsScard, mode: Watch) -> None:
    with watching(service, mode) as posted:
        assert kinds(posted, 1) == [CardAbsent]
        for _ in range(3):
            service.lay(READER)
            assert kinds(posted, 1) == [CardPresent]
            service.lift(READER)
            assert kinds(posted, 1) == [CardAbsent]
    assert posted.so_far() == []


@pytest.mark.parametrize("mode", list(Watch))
@pytest.mark.parametrize("code", [SERVICE_STOPPED, NO_SERVICE, SYSTEM_CANCELLED])
def test_the_service_that_stops_with_the_last_reader_is_one_loss_and_used_again_when_it_is_back(
    service: WindowsScard, mode: Watch, code: int
) -> None:
    service.stop_code = code
    service.lay(READER)
    with watching(service, mode) as posted:
        for _ in range(3):
            assert kinds(posted, 1) == [CardPresent]
            service.looked(2)
            service.unplug(READER)
            assert posted.next() == SERVICE_GONE
            service.refused = 2
            service.plug(READER)
            assert kinds(posted, 1) == [CardAbsent]
            service.lay(READER)
    assert [event for event in posted.so_far() if not isinstance(event, CardPresent)] == []


def test_a_reader_that_goes_while_another_stays_is_lost_alone(service: WindowsScard) -> None:
    service.plug(OTHER)
    with watching(service, part="RC-S300") as posted:
        assert kinds(posted, 1) == [CardAbsent]
        service.unplug(READER)
        assert posted.next() == READER_GONE
        service.plug(READER)
        assert kinds(posted, 1) == [CardAbsent]


def test_a_context_that_somebody_released_ends_the_wait_and_is_a_loss(service: WindowsScard) -> None:
    service.lay(READER)
    with watching(service) as posted:
        assert kinds(posted, 1) == [CardPresent]
        service.looked(2)
        (context,) = service.alive
        service.SCardReleaseContext(context)
        assert posted.next() == SERVICE_GONE
        assert kinds(posted, 1) == [CardPresent]


def test_a_swap_that_hides_between_two_looks_is_seen_by_a_held_handle(service: WindowsScard) -> None:
    service.lay(READER)
    with watching(service, Watch.HANDLE) as posted:
        assert kinds(posted, 1) == [CardPresent]
        service.looked(2)
        with service._moved:  # nobody looks between the two
            service.lift(READER)
            service.lay(READER)
        assert kinds(posted, 1) == [CardChanged]
        service.looked(3)
    assert posted.so_far() == []


def test_another_program_that_uses_the_card_is_a_change_only_where_nothing_counts(
    service: WindowsScard,
) -> None:
    """Unknown means changed: a session ends once too often rather than once too seldom."""
    with watching(service) as posted:
        assert kinds(posted, 1) == [CardAbsent]
        service.lay(READER)
        assert kinds(posted, 1) == [CardPresent]
        service.looked(2)
        service.use(READER, on=True)
        service.looked(2)
        service.use(READER, on=False)
        service.looked(2)
    changes = [] if service.counts else [CardChanged, CardChanged]
    assert [type(event) for event in posted.so_far()] == changes


def test_readers_are_asked_for_without_a_group(service: WindowsScard) -> None:
    with watching(service) as posted:
        posted.next()
    assert service.groups
    assert not any(service.groups)


def test_codes_are_unsigned_whatever_the_system(service: WindowsScard) -> None:
    service.unplug(READER)
    assert PyscardScard().establish()[0] == NO_SERVICE


def test_without_a_service_the_start_says_what_to_start_on_this_system(service: WindowsScard) -> None:
    service.unplug(READER)
    watch = PcscWatch(scard=PyscardScard(), post=Posted(), clock=SystemClock())
    with pytest.raises(MachineError) as refused:
        watch.start()
    named = "SCardSvr" if sys.platform == "win32" else "pcscd"
    assert named in refused.value.sentence


@pytest.mark.parametrize("must_move", [True, False])
def test_a_word_that_stands_still_is_no_counter(*, must_move: bool) -> None:
    """Where it is not known to count, the service's word for a change counts until it has moved."""
    still = Answer(word=word(fake_scard.PRESENT | fake_scard.CHANGED, 7))
    moved = Answer(word=word(fake_scard.PRESENT | fake_scard.CHANGED, 9))
    service = FakeScard(answers=[still, still, moved, moved])
    posted = Posted()
    watch = PcscWatch(scard=service, post=posted, clock=SystemClock(), counter_must_move=must_move)
    watch.start()
    assert service.replayed.wait(GENEROUS)
    watch.stop()
    unsure = [CardChanged(counter=7)] if must_move else []
    assert posted.so_far() == [CardPresent(counter=7), *unsure, CardChanged(counter=9)]
