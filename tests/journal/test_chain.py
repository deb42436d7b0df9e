from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from guard.journal import chain
from guard.journal.record import Record

KEY = bytes(range(chain.KEY_BYTES))
RECORDS = st.builds(
    Record,
    seq=st.integers(1, 10**9),
    at=st.just("2026-04-01T09:00:00.000Z"),
    boot_ms=st.floats(0, 1e12),
    session=st.none() | st.text(),
    kind=st.text(),
    fields=st.dictionaries(
        st.sampled_from(("host", "good", "cover_ms")),
        st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    ),
)
LINE = chain.sealed('{"seq":1,"kind":"stop"', chain.NO_HEAD, KEY)


@given(RECORDS)
def test_what_is_sealed_is_read_back_as_it_was(record: Record) -> None:
    line = chain.sealed(record.text(), chain.NO_HEAD, KEY)
    assert b"\n" not in line
    assert Record.read(line) == record
    assert chain.prev(line) == chain.NO_HEAD
    assert chain.is_sealed_with(line, KEY)


def test_a_line_names_the_whole_line_before_it() -> None:
    second = chain.sealed('{"seq":2,"kind":"start"', chain.head(LINE), chain.next_key(KEY))
    assert chain.prev(second) == chain.head(LINE)


def test_every_flipped_bit_breaks_the_seal_and_the_head() -> None:
    for place in range(8 * len(LINE)):
        changed = bytearray(LINE)
        changed[place // 8] ^= 1 << place % 8
        assert chain.head(bytes(changed)) != chain.head(LINE)
        assert not chain.is_sealed_with(bytes(changed), KEY), place


def test_the_key_of_the_next_record_seals_nothing_of_this_one() -> None:
    assert chain.next_key(KEY) != KEY
    assert not chain.is_sealed_with(LINE, chain.next_key(KEY))


def test_a_line_without_seals_has_no_prev() -> None:
    for text in (b"", b"{}", LINE[:-1], b" " * len(LINE), LINE.replace(b'"prev"', b'"Prev"')):
        assert chain.prev(text) is None


def test_first_keys_are_random() -> None:
    assert len({chain.first_key() for _ in range(100)}) == 100
