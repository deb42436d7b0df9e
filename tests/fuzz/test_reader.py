"""A PC/SC service, whatever it says: what is there is posted as it is, and the rest is a loss."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from guard.clock import SystemClock
from guard.readers.look import judge, understand
from guard.readers.pcsc import PcscWatch
from guard.readers.port import Watch
from guard.readers.scard import Code, State
from guard.session.events import CardAbsent, CardChanged, CardPresent, ReaderLost
from tests.support.events import GENEROUS, Posted
from tests.support.fake_scard import Answer, FakeScard
from tests.support.fuzz import FUZZED

_WORDS = st.integers(0, 2**32 - 1) | st.builds(
    lambda state, counter: counter << 16 | state, st.sampled_from([*State, 0x12, 0x22]), st.integers(0, 3)
)
_CODES = st.sampled_from([*Code, Code.SUCCESS, Code.SUCCESS]) | st.integers(0, 2**32 - 1)
_ANSWERS = st.builds(Answer, word=_WORDS, code=_CODES.map(int), breaks=st.booleans())


@FUZZED
@given(before=_WORDS, now=_WORDS, trust=st.booleans())
def test_a_card_is_there_only_when_the_word_says_so(before: int, now: int, trust: bool) -> None:  # noqa: FBT001
    first, second = understand(before), understand(now)
    if second is None:
        return
    says = State.PRESENT & now and not State.MUTE & now
    assert second.present == bool(says)
    event = judge(first, second, trust_counter=trust)
    assert not isinstance(event, CardPresent) or says


@settings(FUZZED, max_examples=25)
@given(answers=st.lists(_ANSWERS, max_size=6), mode=st.sampled_from(Watch))
def test_whatever_the_service_says_the_watch_lives_and_ends_when_told(
    answers: list[Answer], mode: Watch
) -> None:
    """And it posts nothing but what the table knows of readers."""
    scard, posted = FakeScard(answers=answers), Posted()
    watch = PcscWatch(scard=scard, post=posted, clock=SystemClock(), part="", watch=mode)
    watch.start()
    try:
        assert scard.replayed.wait(6 * GENEROUS)
    finally:
        watch.stop()
    assert not scard.contexts
    assert not scard.handles
    events = posted.so_far()
    assert all(isinstance(one, CardPresent | CardAbsent | CardChanged | ReaderLost) for one in events)
