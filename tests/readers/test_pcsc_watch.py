"""The real adapter on a service that replays answers."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.clock import SystemClock
from guard.errors import ConfigError, MachineError
from guard.readers.pcsc import PcscWatch
from guard.readers.port import Watch
from guard.readers.scard import Code, Context, Handle, State
from guard.session.events import CardAbsent, CardChanged, CardPresent, Event, ReaderLoss, ReaderLost
from tests.support.events import GENEROUS, Posted
from tests.support.fake_scard import (
    ABSENT,
    CHANGED,
    EXCLUSIVE,
    IN_USE,
    PRESENT,
    READER,
    Answer,
    FakeScard,
    word,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SERVICE_STOPPED = 0x8010001E
SYSTEM_CANCELLED = 0x80100012
NO_SERVICE = 0x8010001D
COMM_ERROR = 0x80100013
INVALID_HANDLE = 0x80100003
PROTO_MISMATCH = 0x8010000F
SERVICE_GONE = ReaderLost(why=ReaderLoss.SERVICE_GONE)
READER_GONE = ReaderLost(why=ReaderLoss.READER_GONE)

OUT = Answer(word=word(ABSENT | CHANGED, 4))
IN = Answer(word=word(PRESENT | CHANGED, 5))


@contextmanager
def watching(
    scard: FakeScard, mode: Watch = Watch.PRESENCE, part: str = ""
) -> Iterator[tuple[PcscWatch, Posted]]:
    posted = Posted()
    watch = PcscWatch(
        scard=scard, post=posted, clock=SystemClock(), part=part, watch=mode, counter_must_move=False
    )
    watch.start()
    try:
        yield watch, posted
    finally:
        watch.stop()
    assert not scard.contexts
    assert not scard.handles


def replay(scard: FakeScard, mode: Watch = Watch.PRESENCE, part: str = "") -> list[Event]:
    """Return everything posted once all answers were judged."""
    with watching(scard, mode, part) as (_, posted):
        assert scard.replayed.wait(GENEROUS)
    return posted.so_far()


@pytest.mark.parametrize(
    ("answers", "events"),
    [
        pytest.param([OUT, IN], [CardAbsent(counter=4), CardPresent(counter=5)], id="card in"),
        pytest.param([IN], [CardPresent(counter=5)], id="card in at start"),
        pytest.param(
            [IN, Answer(word=word(PRESENT | CHANGED, 7))],
            [CardPresent(counter=5), CardChanged(counter=7)],
            id="swap",
        ),
        pytest.param(
            [IN, Answer(code=Code.TIMEOUT, word=word(PRESENT, 7))],
            [CardPresent(counter=5), CardChanged(counter=7)],
            id="swap that came as a time-out",
        ),
        pytest.param(
            [Answer(word=word(PRESENT | CHANGED, 0)), Answer(code=Code.TIMEOUT, word=word(PRESENT, 2))],
            [CardPresent(counter=0), CardChanged(counter=2)],
            id="swap of a card that lay there when the service started",
        ),
        pytest.param(
            [Answer(word=word(PRESENT, 0xFFFF)), Answer(word=word(PRESENT | CHANGED, 1))],
            [CardPresent(counter=0xFFFF), CardChanged(counter=1)],
            id="swap over the counter's end",
        ),
        pytest.param(
            [Answer(word=word(PRESENT, 0xFFFF)), Answer(word=word(ABSENT | CHANGED, 0))],
            [CardPresent(counter=0xFFFF), CardAbsent(counter=0)],
            id="removal at the counter's end",
        ),
        pytest.param(
            [OUT, Answer(word=word(ABSENT | CHANGED, 6))],
            [CardAbsent(counter=4), CardChanged(counter=6)],
            id="in and out again between two looks",
        ),
        pytest.param(
            [
                IN,
                Answer(word=word(PRESENT | CHANGED | IN_USE, 5)),
                Answer(word=word(PRESENT | CHANGED | EXCLUSIVE, 5)),
            ],
            [CardPresent(counter=5)],
            id="another program uses the card",
        ),
        pytest.param(
            [IN, Answer(code=Code.TIMEOUT, word=0), Answer(code=Code.TIMEOUT, word=0)],
            [CardPresent(counter=5)],
            id="time-outs that leave the word empty",
        ),
        pytest.param(
            [
                Answer(word=PRESENT | CHANGED),
                Answer(code=Code.TIMEOUT, word=0),
                Answer(word=PRESENT | CHANGED),
            ],
            [CardPresent(counter=0), CardChanged(counter=0)],
            id="no counter at all: the service's word for a change counts",
        ),
        pytest.param(
            [Answer(word=PRESENT | CHANGED), Answer(code=Code.TIMEOUT, word=PRESENT)],
            [CardPresent(counter=0)],
            id="no counter at all: silence is no change",
        ),
    ],
)
def test_what_is_seen_is_posted(answers: Sequence[Answer], events: Sequence[Event]) -> None:
    """Each sequence of answers yields exactly these events."""
    assert replay(FakeScard(answers=answers)) == events


@settings(max_examples=60, deadline=None, database=None)
@given(start=st.integers(0, 0xFFFF), moves=st.lists(st.integers(0, 4), max_size=12), uses=st.integers(0, 3))
def test_any_history_ends_in_its_true_state(start: int, moves: list[int], uses: int) -> None:
    """One event for each look that something happened before, and the last one tells how it is."""
    lies, counter = PRESENT, start
    answers, expected = [Answer(word=word(lies, counter))], [lies]
    counted = bool(start)
    for moved in moves:
        lies = lies ^ (PRESENT | ABSENT) if moved % 2 else lies
        counter = (counter + moved) & 0xFFFF
        counted = counted or bool(counter)
        flags = (CHANGED if moved or (uses & 1 and counted) else 0) | (
            IN_USE if uses & 2 and lies == PRESENT else 0
        )
        answers.append(Answer(word=word(lies | flags, counter)))
        if moved:
            expected.append(lies)
    events = replay(FakeScard(answers=answers))
    assert len(events) == len(expected)
    plain = [event for event in events if not isinstance(event, CardChanged)]
    assert isinstance(plain[-1], CardPresent if lies == PRESENT else CardAbsent)


@pytest.mark.parametrize(
    ("failure", "loss"),
    [
        *(
            pytest.param(Answer(code=code), SERVICE_GONE, id=hex(code))
            for code in (
                SERVICE_STOPPED,
                SYSTEM_CANCELLED,
                NO_SERVICE,
                COMM_ERROR,
                INVALID_HANDLE,
                0x80101234,
                1,
            )
        ),
        *(
            pytest.param(Answer(code=code), READER_GONE, id=hex(code))
            for code in (Code.UNKNOWN_READER, Code.READER_UNAVAILABLE, Code.NO_READERS_AVAILABLE)
        ),
        *(
            pytest.param(Answer(word=word(CHANGED | state, 5)), READER_GONE, id=f"state {state:#x}")
            for state in (State.UNKNOWN, State.UNAVAILABLE, 0, 0x8000)
        ),
        pytest.param(Answer(breaks=True), SERVICE_GONE, id="a defect"),
    ],
)
@pytest.mark.parametrize("mode", list(Watch))
def test_what_is_not_understood_is_one_loss_and_the_present_state_afterwards(
    failure: Answer, loss: Event, mode: Watch
) -> None:
    """However often it fails in a row; and no counter is carried over the loss."""
    fake = FakeScard(answers=[IN, failure, failure, failure, Answer(word=word(PRESENT, 5))])
    assert replay(fake, mode) == [CardPresent(counter=5), loss, CardPresent(counter=5)]
    assert fake.most_contexts == 1


def test_a_service_that_comes_back_later_is_used_again() -> None:
    """Windows stops the service with its last reader: it takes several tries to get a context again."""
    fake = FakeScard(
        answers=[IN, Answer(code=SERVICE_STOPPED), OUT],
        establish_codes=[0, 0, NO_SERVICE, SERVICE_STOPPED, NO_SERVICE],
    )
    assert replay(fake) == [CardPresent(counter=5), SERVICE_GONE, CardAbsent(counter=4)]


def test_300_restarts_of_the_service_leak_no_context() -> None:
    """Each loss is told, each recovery is told, and never more than one context is open."""

    class Hurried(SystemClock):
        """Every watch has lasted long, so every loss is retried at once."""

        def __init__(self) -> None:
            self._now = 0.0

        def monotonic(self) -> float:
            self._now += 10
            return self._now

    fake = FakeScard(answers=[OUT, Answer(code=COMM_ERROR)] * 300 + [OUT])
    posted = Posted()
    watch = PcscWatch(scard=fake, post=posted, clock=Hurried())
    watch.start()
    assert fake.replayed.wait(60)
    watch.stop()
    assert posted.so_far() == [CardAbsent(counter=4), SERVICE_GONE] * 300 + [CardAbsent(counter=4)]
    assert fake.most_contexts == 1
    assert not fake.contexts


def test_a_loss_is_told_before_anything_is_released() -> None:
    """A dying service may take its time over a release; nobody's screen waits for that."""
    told_at_release: list[list[Event]] = []
    posted = Posted()

    class Slow(FakeScard):
        def disconnect(self, handle: Handle) -> None:
            told_at_release.append(posted.so_far())
            super().disconnect(handle)

    fake = Slow(answers=[IN, Answer(code=COMM_ERROR), IN, OUT])
    watch = PcscWatch(scard=fake, post=posted, clock=SystemClock(), watch=Watch.HANDLE)
    watch.start()
    assert fake.replayed.wait(GENEROUS)
    watch.stop()
    assert told_at_release == [
        [CardPresent(counter=5), SERVICE_GONE],
        [CardPresent(counter=5), CardAbsent(counter=4)],
    ]


def test_after_a_replug_the_reader_is_chosen_again_by_the_same_rule() -> None:
    """None and several are losses that last until there is exactly one again, whatever its number."""
    fake = FakeScard(
        answers=[IN, Answer(code=Code.UNKNOWN_READER), OUT],
        readers=[[READER], [READER], [], [READER, "Other"], ["Fake Reader 01 00"]],
    )
    with watching(fake) as (watch, posted):
        assert [posted.next() for _ in range(3)] == [
            CardPresent(counter=5),
            READER_GONE,
            CardAbsent(counter=4),
        ]
        assert watch.status().name == "Fake Reader 01 00"


@pytest.mark.parametrize(
    ("fake", "error"),
    [
        (FakeScard(answers=[], readers=[[]]), ConfigError),
        (FakeScard(answers=[], readers=[[READER, "Other"]]), ConfigError),
        (FakeScard(answers=[], establish_codes=[NO_SERVICE]), MachineError),
    ],
)
def test_a_watch_that_cannot_begin_says_why_and_leaves_nothing(
    fake: FakeScard, error: type[ConfigError | MachineError]
) -> None:
    """No reader, several and none named, no service: no thread, no context."""
    threads = threading.active_count()
    watch = PcscWatch(scard=fake, post=Posted(), clock=SystemClock())
    with pytest.raises(error):
        watch.start()
    watch.stop()
    assert not fake.contexts
    assert threading.active_count() == threads


def test_status_tells_what_is_known() -> None:
    """Unseen, then what the last event said, and nothing once it is lost."""
    posted = Posted()
    fake = FakeScard(answers=[IN, Answer(code=COMM_ERROR)], establish_codes=[0, 0, *[NO_SERVICE] * 1000])
    watch = PcscWatch(scard=fake, post=posted, clock=SystemClock(), part="Fake")
    before = watch.status()
    watch.start()
    posted.next()
    posted.next()
    lost = watch.status()
    watch.stop()
    assert (before.name, before.state, before.counter) == ("Fake", "unseen", None)
    assert (lost.name, lost.state, lost.counter) == (READER, "lost", None)
    with watching(FakeScard(answers=[IN])) as (present, events):
        events.next()
        assert (present.status().state, present.status().counter) == ("present", 5)


def test_a_heartbeat_is_a_sign_of_life_and_an_answer_that_led_to_an_event_is_dated() -> None:
    """The sign moves on with time-outs; the report's time stays that of the event."""
    fake = FakeScard(answers=[IN])
    begun = time.monotonic()
    with watching(fake) as (watch, posted):
        posted.next()
        reported = watch.reported_at()
        deadline = time.monotonic() + GENEROUS
        while watch.last_sign() <= reported and time.monotonic() < deadline:
            time.sleep(0.001)
        assert begun <= reported < watch.last_sign()
        assert watch.reported_at() == reported


@pytest.mark.parametrize("mode", list(Watch))
def test_a_refresh_posts_the_present_state_once_more(mode: Watch) -> None:
    """Though nothing changed: the core has forgotten it."""
    fake = FakeScard(answers=[IN])
    with watching(fake, mode) as (watch, posted):
        assert posted.next() == CardPresent(counter=5)
        watch.refresh()
        assert posted.next() == CardPresent(counter=5)
    assert posted.so_far() == []


@pytest.mark.parametrize("code", [Code.REMOVED_CARD, Code.RESET_CARD, Code.NO_SMARTCARD])
def test_a_handle_that_lost_its_card_is_a_change(code: int) -> None:
    """Though every look says that the same card lies there; and a new handle is taken."""
    fake = FakeScard(answers=[IN], handle_codes=[Code.SUCCESS, code])
    with watching(fake, Watch.HANDLE) as (_, posted):
        assert [posted.next(), posted.next()] == [CardPresent(counter=5), CardChanged(counter=5)]
        assert fake.replayed.wait(GENEROUS)
    assert posted.so_far() == []


def test_one_lift_is_one_event_whichever_noticed_it_first() -> None:
    """The handle knows first, the next look says absent: one CardAbsent."""
    fake = FakeScard(
        answers=[
            IN,
            Answer(code=Code.TIMEOUT, word=word(PRESENT, 5)),
            Answer(word=word(ABSENT | CHANGED, 6)),
        ],
        handle_codes=[Code.REMOVED_CARD],
    )
    assert replay(fake, Watch.HANDLE) == [CardPresent(counter=5), CardAbsent(counter=6)]


def test_a_handle_that_does_not_answer_is_a_loss() -> None:
    """A code that is not about the card is no proof that it lies there."""
    fake = FakeScard(answers=[IN], handle_codes=[INVALID_HANDLE])
    with watching(fake, Watch.HANDLE) as (_, posted):
        assert [posted.next() for _ in range(3)] == [
            CardPresent(counter=5),
            SERVICE_GONE,
            CardPresent(counter=5),
        ]


@pytest.mark.parametrize("code", [Code.SHARING_VIOLATION, Code.NO_SMARTCARD, Code.REMOVED_CARD])
def test_a_card_that_others_hold_or_that_just_left_does_not_stop_the_watch(code: int) -> None:
    """The handle is taken when it can be had; until then presence is watched as without one."""
    fake = FakeScard(answers=[OUT, IN, OUT], connect_codes=[code, code])
    assert replay(fake, Watch.HANDLE) == [
        CardAbsent(counter=4),
        CardPresent(counter=5),
        CardAbsent(counter=4),
    ]


def test_a_card_that_cannot_be_held_is_one_loss_and_never_present() -> None:
    """No session may begin on a card that the chosen way of watching cannot watch."""
    fake = FakeScard(answers=[OUT, IN, IN, IN, OUT], connect_codes=[PROTO_MISMATCH] * 3)
    assert replay(fake, Watch.HANDLE) == [CardAbsent(counter=4), SERVICE_GONE, CardAbsent(counter=4)]


def test_without_a_counter_our_own_handle_is_no_change() -> None:
    """Taking it makes the service say CHANGED; a handle that still answers says more than that."""
    fake = FakeScard(answers=[Answer(word=PRESENT | CHANGED), Answer(word=PRESENT | CHANGED | IN_USE)])
    assert replay(fake, Watch.HANDLE) == [CardPresent(counter=0)]


def test_stop_returns_though_the_service_never_answers_and_nothing_is_posted_after() -> None:
    """The thread is left behind as a daemon; when it wakes it releases its context and says nothing."""
    stuck, freed = threading.Event(), threading.Event()

    class Stuck(FakeScard):
        def status_change(self, context: Context, timeout: float, reader: str, known: int) -> tuple[int, int]:
            stuck.set()
            freed.wait(GENEROUS)
            return super().status_change(context, timeout, reader, known)

    fake, posted = Stuck(answers=[IN]), Posted()
    watch = PcscWatch(scard=fake, post=posted, clock=SystemClock())
    watch.start()
    assert stuck.wait(GENEROUS)
    begun = time.monotonic()
    watch.stop()
    assert time.monotonic() - begun < 3
    freed.set()
    deadline = time.monotonic() + GENEROUS
    while fake.contexts and time.monotonic() < deadline:
        time.sleep(0.001)
    assert not fake.contexts
    assert posted.so_far() == []
