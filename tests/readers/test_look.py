from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.readers.look import Look, judge, understand
from guard.readers.scard import State
from guard.session.events import CardAbsent, CardChanged, CardPresent
from tests.support.fake_scard import ABSENT, CHANGED, EXCLUSIVE, IN_USE, PRESENT, word

counters = st.integers(0, 0xFFFF)


def look(*, present: bool, counter: int, changed: bool = False) -> Look:
    understood = understand(word((PRESENT if present else ABSENT) | (CHANGED if changed else 0), counter))
    assert understood is not None
    return understood


@given(start=counters, moves=st.integers(0, 0xFFFF), present=st.booleans())
def test_no_number_of_moves_between_two_looks_goes_unseen(*, start: int, moves: int, present: bool) -> None:
    """Each insertion or removal counts one: any number but none yields the event that fits how it ended."""
    now = look(present=present ^ bool(moves % 2), counter=(start + moves) & 0xFFFF)
    event = judge(look(present=present, counter=start), now, trust_counter=True)
    if moves % 2:
        assert event == (CardPresent if now.present else CardAbsent)(counter=now.counter)
    else:
        assert event == (CardChanged(counter=now.counter) if moves else None)


@given(counter=counters, present=st.booleans())
def test_the_first_look_tells_the_present_state(*, counter: int, present: bool) -> None:
    """Without a look before, there is always an event, and a plain one."""
    event = judge(None, look(present=present, counter=counter, changed=True), trust_counter=True)
    assert event == (CardPresent if present else CardAbsent)(counter=counter)


def test_the_services_own_word_counts_only_without_a_counter() -> None:
    """CHANGED alone is a change where no counter can be trusted, and another program's use where one can."""
    before, now = look(present=True, counter=0), look(present=True, counter=0, changed=True)
    assert judge(before, now, trust_counter=False) == CardChanged(counter=0)
    assert judge(before, now, trust_counter=True) is None


@pytest.mark.parametrize("use", [IN_USE, EXCLUSIVE, IN_USE | EXCLUSIVE])
def test_a_card_in_use_is_present(use: int) -> None:
    """Other programs' use of the card does not make it go."""
    understood = understand(word(PRESENT | use, 3))
    assert understood is not None
    assert understood.present
    assert understood.counter == 3


@pytest.mark.parametrize(
    "state",
    [
        0,
        CHANGED,
        PRESENT | ABSENT,
        State.UNKNOWN | CHANGED,
        State.UNAVAILABLE,
        PRESENT | State.UNAVAILABLE,
    ],
)
def test_a_word_that_does_not_say_clearly_is_not_understood(state: int) -> None:
    """Neither or both of present and empty, or any sign of trouble, is no look at all."""
    assert understand(word(state, 7)) is None


def test_a_card_put_in_the_wrong_way_round_is_no_card() -> None:
    """Mute: it ends a session and opens none, and does not take the counter out of service."""
    mute = understand(word(PRESENT | State.MUTE, 7))
    assert mute is not None
    assert not mute.present


@given(counter=counters, use=st.sampled_from([0, IN_USE, EXCLUSIVE]))
def test_the_word_to_hand_back_lacks_nothing_but_that_something_changed(counter: int, use: int) -> None:
    """Counter and unnamed bits too: a service that compares them wakes at once, and never for nothing."""
    understood = understand(word(PRESENT | CHANGED | use, counter))
    assert understood is not None
    assert understood.known == word(PRESENT | use, counter)
