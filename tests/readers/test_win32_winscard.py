"""The reader watch on the real winscard.dll, with a virtual card on the lab's reader."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

assert sys.platform == "win32"

from guard.clock import SystemClock
from guard.practice.card import VirtualCard
from guard.readers.pcsc import PcscWatch
from guard.readers.port import Watch
from guard.readers.scard import PyscardScard
from guard.session.events import CardAbsent, CardChanged, CardPresent
from tests.support.events import Posted

if TYPE_CHECKING:
    from collections.abc import Iterator

PORT = 0x8C7B
"""Where the lab's reader listens (vpcd's own default)."""
FIRST_SLOT = "00 00"


@pytest.fixture
def card() -> Iterator[VirtualCard]:
    card = VirtualCard(PORT)
    yield card
    if card.lies_there:
        card.remove()


@pytest.fixture(params=list(Watch))
def posted(request: pytest.FixtureRequest) -> Iterator[Posted]:
    posted = Posted()
    watch = PcscWatch(
        scard=PyscardScard(), post=posted, clock=SystemClock(), part=FIRST_SLOT, watch=request.param
    )
    watch.start()
    yield posted
    watch.stop()
    assert watch.status().state != "lost"


def test_insert_remove_and_swap_are_told(posted: Posted, card: VirtualCard) -> None:
    assert isinstance(posted.next(), CardAbsent)
    for _ in range(3):
        card.insert()
        assert isinstance(posted.next(), CardPresent)
        card.remove()
        event = posted.next()
        while isinstance(event, CardChanged):  # what does not count tells a card that is used as a change
            event = posted.next()
        assert isinstance(event, CardAbsent)


def test_a_card_that_lies_there_at_the_start_is_told(card: VirtualCard) -> None:
    card.insert()
    scard = PyscardScard()
    code, context = scard.establish()
    assert not code
    state = 0
    while not state & 0x20:
        _, state = scard.status_change(context, 1.0, "Virtual PCD 00 00", state & ~0x2)
    scard.release(context)
    posted = Posted()
    watch = PcscWatch(scard=scard, post=posted, clock=SystemClock(), part=FIRST_SLOT)
    watch.start()
    assert isinstance(posted.next(), CardPresent)
    card.remove()
    assert isinstance(posted.next(), CardAbsent)
    watch.stop()
