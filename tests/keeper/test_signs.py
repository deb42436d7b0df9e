"""What goes over the line, in whatever pieces it comes."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.keeper.signs import LONGEST, GarbledError, Listener, Sign


@given(st.lists(st.sampled_from(Sign)), st.lists(st.integers(0, 400)))
def test_signs_arrive_whole_in_whatever_pieces(signs: list[Sign], cuts: list[int]) -> None:
    told = b"".join(sign.line for sign in signs)
    edges = [0, *sorted(min(cut, len(told)) for cut in cuts), len(told)]
    listener = Listener()
    heard = [sign for begin, end in itertools.pairwise(edges) for sign in listener.hear(told[begin:end])]
    assert heard == signs


@pytest.mark.parametrize(
    "told", [b"\n", b"READY=2\n", b"READY=1\r\n", b"ready", b"READY=11", b"\0", b"A" * 4096]
)
def test_anything_else_is_garbled_and_stays_so(told: bytes) -> None:
    listener = Listener()
    with pytest.raises(GarbledError):
        listener.hear(told)
    with pytest.raises(GarbledError):
        listener.hear(Sign.READY.line)


@given(st.binary(max_size=200))
def test_no_bytes_make_it_remember_more_than_a_line(told: bytes) -> None:
    listener = Listener()
    try:
        listener.hear(told)
    except GarbledError:
        return
    assert len(listener._rest) < LONGEST
