"""What the book writes it reads again; anything else is damage."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.errors import MachineError
from guard.staff import people
from guard.staff.people import CodeRecord, CounterRecord, IssuedCode, PersonRecord, Standing, Tries

if TYPE_CHECKING:
    from collections.abc import Callable

TRIES = st.builds(Tries, failures=st.integers(0, 1_000_000), tried_at=st.floats(0, 1e9))
NAMES = st.text(min_size=1, max_size=40).filter(people.is_name)
NUMBERS = st.text("0123456789", min_size=1, max_size=8)
HASHES = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=200)
MOMENTS = st.datetimes(timezones=st.just(UTC))
PEOPLE = st.builds(
    PersonRecord,
    number=NUMBERS,
    name=NAMES,
    hash=HASHES,
    tries=TRIES,
    expires=st.none() | st.dates(),
    disabled=st.booleans(),
)
COUNTERS = st.builds(CounterRecord, seen=MOMENTS, tries=TRIES)
CODES = st.builds(
    CodeRecord,
    code=st.none() | st.builds(IssuedCode, hash=HASHES, issued=MOMENTS, expires=MOMENTS),
    tries=TRIES,
)
GOOD = PersonRecord(number="7", name="山田花子", hash="$argon2id$…".replace("…", "x"))
FIELDS: dict[str, object] = json.loads(people.person_text(GOOD))


@given(record=PEOPLE)
def test_a_person_is_read_as_written(record: PersonRecord) -> None:
    assert people.read_person(people.person_text(record)) == record


@given(record=COUNTERS)
def test_a_counter_is_read_as_written(record: CounterRecord) -> None:
    assert people.read_counter(people.counter_text(record)) == record


@given(record=CODES)
def test_a_code_is_read_as_written(record: CodeRecord) -> None:
    assert people.read_code(people.code_text(record)) == record


@given(numbers=st.lists(NUMBERS, unique=True, max_size=100).map(tuple))
def test_an_index_is_read_as_written(numbers: tuple[str, ...]) -> None:
    assert people.read_index(people.index_text(numbers)) == numbers


def test_the_longest_items_are_read_as_written_and_fit_into_a_windows_credential() -> None:
    tries = Tries(failures=1_000_000, tried_at=1e9 / 3)
    person = PersonRecord(
        number="9" * 8, name="𠮷" * 40, hash="h" * 200, tries=tries, expires=date.max, disabled=False
    )
    index = tuple(str(10_000_000 + each) for each in range(people.PEOPLE_MOST))
    texts = people.person_text(person), people.index_text(index)
    assert (people.read_person(texts[0]), people.read_index(texts[1])) == (person, index)
    for text in texts:
        assert len(text) < 1200
        assert len(text.encode("utf-16-le")) <= 2560


def test_the_shortest_person_is_read_as_written() -> None:
    person = PersonRecord(number="0", name="x", hash="h")
    assert people.read_person(people.person_text(person)) == person


@pytest.mark.parametrize(
    "read", [people.read_person, people.read_counter, people.read_code, people.read_index]
)
@pytest.mark.parametrize("text", ["", "null", "7", "{", "{}", '"x"', "[7]", '["7","7"]', "[" * 10_000])
def test_what_is_no_such_item_is_damage(read: Callable[[str], object], text: str) -> None:
    with pytest.raises(MachineError, match="the staff book is damaged"):
        read(text)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("number", 7),
        ("number", ""),
        ("number", "123456789"),
        ("number", "７"),
        ("name", ""),
        ("name", "a\nb"),
        ("name", "x" * 41),
        ("hash", None),
        ("hash", ""),
        ("hash", "x" * 201),
        ("failures", -1),
        ("failures", True),
        ("failures", 1.0),
        ("failures", "0"),
        ("tried_at", 1),
        ("tried_at", -1.0),
        ("tried_at", float("nan")),
        ("tried_at", float("inf")),
        ("expires", "never"),
        ("expires", 20300101),
        ("disabled", 0),
        ("disabled", None),
        ("more", 1),
    ],
)
def test_a_field_that_is_not_as_written_is_damage(field: str, value: object) -> None:
    with pytest.raises(MachineError, match="the staff book is damaged"):
        people.read_person(json.dumps(FIELDS | {field: value}))


@pytest.mark.parametrize("field", sorted(FIELDS))
def test_a_missing_field_is_damage(field: str) -> None:
    left = {name: value for name, value in FIELDS.items() if name != field}
    with pytest.raises(MachineError, match="the staff book is damaged"):
        people.read_person(json.dumps(left))


def test_a_person_may_come_until_the_end_of_the_last_day() -> None:
    until = PersonRecord(number="7", name="x", hash="h", expires=date(2026, 3, 31))
    assert until.standing(date(2026, 3, 31)) is Standing.WORKS
    assert until.standing(date(2026, 4, 1)) is Standing.EXPIRED


def test_a_code_works_from_its_issue_until_its_end() -> None:
    issued = datetime(2026, 4, 1, tzinfo=UTC)
    code = IssuedCode(hash="h", issued=issued, expires=issued + timedelta(hours=1))
    moments = (-1, 0, 3599, 3600)
    assert [code.works(issued + timedelta(seconds=each)) for each in moments] == [False, True, True, False]


def test_no_record_prints_its_hash() -> None:
    issued = datetime(2026, 4, 1, tzinfo=UTC)
    assert GOOD.hash not in repr(GOOD)
    assert "secret" not in repr(CodeRecord(code=IssuedCode(hash="secret", issued=issued, expires=issued)))
