"""Every try is counted before it is looked at, and nobody can tell why it was wrong."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from guard.errors import ConfigError, MachineError
from guard.secret import Secret
from guard.session.events import StaffId
from guard.staff.port import EMERGENCY, Answer, Person, Verdict
from guard.staff.throttle import COUNTER_LOCKED_AT, LONGEST_WAIT, PERSON_LOCKED_AT
from tests.staff.memory import Counter, KilledError
from tests.support.memory_store import MemoryStore

PIN = Secret("482913")
OTHER = Secret("729305")
WRONG = Secret("555501")


@pytest.fixture
def counter() -> Counter:
    """A counter with Hanako (7), Taro (8, disabled), Jiro (9, expired) and Saburo (10, locked)."""
    made = Counter()
    made.book.add("7", "花子", PIN, None)
    made.book.add("8", "太郎", PIN, None)
    made.book.disable("8")
    made.book.add("9", "次郎", PIN, date(2026, 4, 1))
    made.book.expire("9", date(2026, 3, 31))
    made.book.add("10", "三郎", PIN, None)
    wrong(made, "10", PERSON_LOCKED_AT)
    yes(made)
    return made


def wrong(counter: Counter, number: str, times: int) -> Answer:
    """Try so often with a wrong PIN, each time as soon as it is looked at."""
    answer = counter.book.verify(number, WRONG)
    for _ in range(times - 1):
        assert answer.verdict is Verdict.WRONG
        counter.clock.turn(answer.wait_seconds)
        answer = counter.book.verify(number, WRONG)
    assert answer.verdict is Verdict.WRONG
    return answer


def yes(counter: Counter) -> None:
    counter.clock.turn(LONGEST_WAIT)
    assert counter.book.verify("7", PIN).verdict is Verdict.YES


def test_the_right_pin_of_somebody_allowed_is_a_yes_with_their_name(counter: Counter) -> None:
    answer = counter.book.verify("7", PIN)
    assert answer == Answer(verdict=Verdict.YES, staff=answer.staff, name="花子")
    assert answer.staff == "7"


def test_an_empty_book_says_no_to_everything() -> None:
    empty = Counter()
    assert empty.book.verify("7", PIN).verdict is Verdict.WRONG
    assert empty.book.verify(EMERGENCY, PIN).verdict is Verdict.WRONG
    assert empty.book.people() == ()


def test_only_those_whose_pin_works_are_offered(counter: Counter) -> None:
    (only,) = counter.book.people()
    assert only == Person(number=StaffId("7"), name="花子")
    expiries = [entry.expires for entry in counter.book.roll()]
    assert expiries == [None, None, date(2026, 3, 31), None]
    standings = [(entry.number, entry.standing.value) for entry in counter.book.roll()]
    assert standings == [("7", "works"), ("8", "disabled"), ("9", "expired"), ("10", "locked")]


@pytest.mark.parametrize("number", ["8", "9", "10", "11", "", "person/7", "７"])
def test_without_permission_the_right_pin_is_wrong(counter: Counter, number: str) -> None:
    answer = counter.book.verify(number, PIN)
    assert answer.verdict is Verdict.WRONG
    assert answer.staff == (number if number in {"8", "9", "10"} else None)


def test_a_wrong_pin_is_counted_before_it_is_looked_at(counter: Counter) -> None:
    counter.hasher.kills = True
    with pytest.raises(KilledError):
        counter.book.verify("7", PIN)
    counter.hasher.kills = False
    answer = counter.book.verify("7", PIN)
    assert (answer.verdict, answer.wait_seconds) == (Verdict.WAIT, 1.0)
    assert next(entry.failures for entry in counter.book.roll()) == 1


def test_a_yes_that_cannot_be_settled_is_none(counter: Counter) -> None:
    counter.store.breaks_after = 2
    with pytest.raises(MachineError):
        counter.book.verify("7", PIN)


@pytest.mark.parametrize("writes", [0, 1])
def test_without_the_charge_nothing_is_looked_at(counter: Counter, writes: int) -> None:
    counter.store.breaks_after = writes
    counter.hasher.verified.clear()
    with pytest.raises(MachineError):
        counter.book.verify("7", PIN)
    assert counter.hasher.verified == []


def test_while_waiting_nothing_is_looked_at_and_nothing_counted(counter: Counter) -> None:
    counter.book.verify("7", WRONG)
    before, counter.hasher.verified = dict(counter.store.items), []
    for _ in range(3):
        assert counter.book.verify("7", PIN).verdict is Verdict.WAIT
    assert (counter.store.items, counter.hasher.verified) == (before, [])


def test_whatever_is_wrong_costs_the_same(counter: Counter) -> None:
    costs = list[tuple[list[str], int]]()
    for number, pin in [("7", WRONG), ("8", PIN), ("9", PIN), ("10", PIN), ("11", PIN), ("x", PIN)]:
        yes(counter)
        counter.store.done.clear()
        counter.hasher.verified.clear()
        assert counter.book.verify(number, pin).verdict is Verdict.WRONG
        costs.append(([what for what, _ in counter.store.done], len(counter.hasher.verified)))
    assert costs == [costs[0]] * len(costs)
    assert costs[0][1] == 1


def test_an_empty_book_costs_the_same_from_the_second_try_on(counter: Counter) -> None:
    empty = Counter()
    wrong(empty, "7", 1)
    for each in (empty, counter):
        each.clock.turn(LONGEST_WAIT)
        each.store.done.clear()
        wrong(each, "7", 1)
    assert [what for what, _ in empty.store.done] == [what for what, _ in counter.store.done]


def test_the_fifth_wrong_pin_in_a_row_locks_the_person_and_says_so_once(counter: Counter) -> None:
    locked = list[bool]()
    for _ in range(PERSON_LOCKED_AT + 2):
        answer = counter.book.verify("7", WRONG)
        locked.append(answer.locked)
        counter.clock.turn(answer.wait_seconds)
    assert locked == [False] * 4 + [True] + [False] * 2
    assert counter.book.verify("7", PIN).verdict is Verdict.WRONG


def test_a_right_pin_starts_the_row_anew(counter: Counter) -> None:
    for _ in range(3):
        wrong(counter, "7", PERSON_LOCKED_AT - 1)
        yes(counter)


def test_the_tenth_wrong_try_by_whomever_locks_the_counter_and_says_so_once(counter: Counter) -> None:
    locked = list[bool]()
    waits = list[float]()
    for number in map(str, range(100, 113)):
        answer = counter.book.verify(number, WRONG)
        locked.append(answer.locked)
        waits.append(answer.wait_seconds)
        counter.clock.turn(answer.wait_seconds)
    assert locked == [False] * 9 + [True] + [False] * 3
    assert waits[-4:] == [LONGEST_WAIT] * 4
    assert counter.book.verify("7", PIN).verdict is Verdict.YES


def test_one_who_is_locked_out_or_mistaken_does_not_make_the_others_wait_for_minutes(
    counter: Counter,
) -> None:
    for number in ("10", "999") * 20:
        counter.book.verify(number, WRONG)
        yes(counter)
    assert max(wrong(counter, number, 1).wait_seconds for number in ("10",)) <= 16
    yes(counter)
    assert wrong(counter, "999", 1).wait_seconds == 1


def test_a_restart_does_not_shorten_a_wait(counter: Counter) -> None:
    answer = wrong(counter, "7", 4)
    counter.clock.restart()
    assert counter.book.verify("7", PIN) == Answer(
        verdict=Verdict.WAIT, staff=answer.staff, wait_seconds=answer.wait_seconds
    )
    counter.clock.turn(answer.wait_seconds)
    assert counter.book.verify("7", PIN).verdict is Verdict.YES


def test_setting_the_clock_does_not_shorten_a_wait(counter: Counter) -> None:
    wrong(counter, "7", 4)
    counter.clock.set_wall(timedelta(days=3))
    assert counter.book.verify("7", PIN).verdict is Verdict.WAIT


def test_a_day_is_over_when_it_is_over_at_the_counter() -> None:
    japan = Counter(zone=timezone(timedelta(hours=9)))
    japan.book.add("7", "花子", PIN, date(2026, 4, 1))
    last = datetime(2026, 4, 1, 14, 59, tzinfo=UTC)
    japan.clock.turn((last - japan.clock.utc()).total_seconds())
    assert japan.book.people() == (Person(number=StaffId("7"), name="花子"),)
    assert japan.book.verify("7", PIN).verdict is Verdict.YES
    japan.clock.turn(60)
    assert japan.book.people() == ()
    assert japan.book.verify("7", PIN).verdict is Verdict.WRONG
    with pytest.raises(ConfigError, match="2026-04-01 is over already"):
        japan.book.add("8", "太郎", PIN, date(2026, 4, 1))


def test_a_person_whose_time_is_over_does_not_come_back_with_the_clock(counter: Counter) -> None:
    counter.book.expire("7", date(2026, 4, 10))
    counter.clock.set_wall(timedelta(days=20))
    wrong(counter, "7", 1)
    counter.clock.set_wall(timedelta(days=-20))
    counter.clock.turn(LONGEST_WAIT)
    assert counter.book.verify("7", PIN).verdict is Verdict.WRONG
    assert counter.book.people() == ()


def test_a_clock_that_it_has_set_right_is_believed_again(counter: Counter) -> None:
    counter.book.expire("7", date(2026, 4, 10))
    counter.clock.set_wall(timedelta(days=20))
    wrong(counter, "7", 1)
    counter.clock.set_wall(timedelta(days=-20))
    counter.book.reset("7", OTHER)
    assert counter.book.verify("7", OTHER).verdict is Verdict.YES


# --- by IT


def test_a_reset_ends_locked_and_disabled_and_the_counters_lock(counter: Counter) -> None:
    wrong(counter, "7", COUNTER_LOCKED_AT)
    for number in ("7", "8", "10"):
        counter.book.reset(number, OTHER)
        assert counter.book.verify(number, OTHER).verdict is Verdict.YES
        counter.clock.turn(LONGEST_WAIT)
        assert counter.book.verify(number, PIN).verdict is Verdict.WRONG


def test_a_reset_ends_the_wait_after_numbers_that_nobody_has(counter: Counter) -> None:
    wrong(counter, "11", PERSON_LOCKED_AT)
    assert counter.book.verify("11", PIN).verdict is Verdict.WAIT
    counter.book.reset("7", OTHER)
    assert counter.book.verify("11", PIN).verdict is Verdict.WRONG


def test_a_reset_takes_no_pin_of_before(counter: Counter) -> None:
    before = dict(counter.store.items)
    with pytest.raises(ConfigError, match="the PIN of before"):
        counter.book.reset("7", PIN)
    assert counter.store.items == before


@pytest.mark.parametrize("pin", ["123456", "20260501", "77777"])
def test_a_pin_that_is_easily_guessed_is_taken_nowhere(counter: Counter, pin: str) -> None:
    with pytest.raises(ConfigError):
        counter.book.add("11", "四郎", Secret(pin), None)
    with pytest.raises(ConfigError):
        counter.book.reset("7", Secret(pin))


@pytest.mark.parametrize(
    ("number", "name", "expires"),
    [
        ("7", "花子", None),
        ("", "花子", None),
        ("123456789", "花子", None),
        ("x", "花子", None),
        ("11", "", None),
        ("11", " 花子", None),
        ("11", "花\n子", None),
        ("11", "花子", date(2026, 3, 31)),
    ],
)
def test_a_refused_enrolment_changes_nothing(
    counter: Counter, number: str, name: str, expires: date | None
) -> None:
    before = counter.book.roll()
    with pytest.raises(ConfigError):
        counter.book.add(number, name, PIN, expires)
    assert counter.book.roll() == before


def test_the_book_is_full_at_a_hundred() -> None:
    full = Counter()
    for each in range(100):
        full.book.add(str(10_000_000 + each), "花子", PIN, None)
    with pytest.raises(ConfigError, match="holds 100 people"):
        full.book.add("1", "花子", PIN, None)


def test_a_full_book_makes_room_in_the_place_of_somebody_who_has_left() -> None:
    full = Counter()
    for each in range(100):
        full.book.add(str(10_000_000 + each), "花子", PIN, None)
    full.book.disable("10000041")
    full.book.add("1", "次郎", PIN, None)
    numbers = [entry.number for entry in full.book.roll()]
    assert (len(numbers), "1" in numbers, "10000041" in numbers) == (100, True, False)
    with pytest.raises(ConfigError, match="holds 100 people"):
        full.book.add("2", "三郎", PIN, None)


def test_ten_wrong_emergency_codes_in_a_row_raise_an_alert_once(counter: Counter) -> None:
    locked = []
    for _ in range(12):
        locked.append(counter.book.verify(EMERGENCY, WRONG).locked)
        counter.clock.turn(LONGEST_WAIT)
    assert locked == [False] * 9 + [True] + [False] * 2


def test_an_enrolment_that_was_cut_short_enrolled_nobody_and_can_be_repeated(counter: Counter) -> None:
    counter.store.breaks_after = 2  # the clock, the person; not the index
    with pytest.raises(MachineError):
        counter.book.add("11", "四郎", PIN, None)
    counter.store.breaks_after = None
    assert counter.book.verify("11", PIN).verdict is Verdict.WRONG
    counter.book.add("11", "四郎", PIN, None)
    counter.clock.turn(LONGEST_WAIT)
    assert counter.book.verify("11", PIN).verdict is Verdict.YES


@pytest.mark.parametrize("number", ["11", "", "../7"])
def test_an_act_upon_nobody_is_refused(counter: Counter, number: str) -> None:
    with pytest.raises(ConfigError, match="no such number"):
        counter.book.reset(number, OTHER)
    with pytest.raises(ConfigError, match="no such number"):
        counter.book.disable(number)
    with pytest.raises(ConfigError, match="no such number"):
        counter.book.expire(number, date(2030, 1, 1))


# --- the emergency code


def test_the_emergency_code_opens_once(counter: Counter) -> None:
    code, _ = counter.book.emergency(24)
    assert (len(code), code.reveal().isdigit()) == (16, True)
    assert counter.book.verify(EMERGENCY, code).verdict is Verdict.YES
    assert counter.book.verify(EMERGENCY, code).verdict is Verdict.WRONG


def test_every_answer_about_the_emergency_code_names_it_and_the_wait(counter: Counter) -> None:
    code, _ = counter.book.emergency(24)
    answer = wrong(counter, EMERGENCY, 1)
    assert (answer.staff, answer.wait_seconds) == (EMERGENCY, 1.0)
    counter.clock.turn(0.25)
    assert counter.book.verify(EMERGENCY, code) == Answer(
        verdict=Verdict.WAIT, staff=EMERGENCY, wait_seconds=0.75
    )
    counter.clock.turn(0.75)
    assert counter.book.verify(EMERGENCY, code) == Answer(verdict=Verdict.YES, staff=EMERGENCY)


def test_the_emergency_code_is_gone_before_the_yes(counter: Counter) -> None:
    code, _ = counter.book.emergency(24)
    counter.store.breaks_after = 2  # the charge: the code's and the clock's
    with pytest.raises(MachineError):
        counter.book.verify(EMERGENCY, code)
    counter.store.breaks_after = None
    counter.clock.turn(1)
    assert counter.book.verify(EMERGENCY, code).verdict is Verdict.YES
    assert '"hash":null' in counter.store.items["emergency"]


@pytest.mark.parametrize("between", [" ", "-", " - "])
def test_the_emergency_code_may_be_typed_in_groups(counter: Counter, between: str) -> None:
    digits = counter.book.emergency(24)[0].reveal()
    typed = between.join(digits[at : at + 4] for at in range(0, 16, 4))
    assert counter.book.verify(EMERGENCY, Secret(typed)).verdict is Verdict.YES


def test_a_new_emergency_code_ends_the_one_before(counter: Counter) -> None:
    old, _ = counter.book.emergency(24)
    new, _ = counter.book.emergency(24)
    assert counter.book.verify(EMERGENCY, old).verdict is Verdict.WRONG
    counter.clock.turn(1)
    assert counter.book.verify(EMERGENCY, new).verdict is Verdict.YES


def test_the_emergency_code_does_not_come_back_with_the_clock(counter: Counter) -> None:
    code, expires = counter.book.emergency(1)
    assert expires - counter.clock.utc() == timedelta(hours=1)
    assert counter.book.code_expires() == expires
    counter.clock.set_wall(timedelta(hours=1))
    assert counter.book.code_expires() is None
    assert counter.book.verify(EMERGENCY, code).verdict is Verdict.WRONG
    counter.clock.set_wall(timedelta(hours=-1))
    counter.clock.turn(1)
    assert counter.book.verify(EMERGENCY, code).verdict is Verdict.WRONG
    assert counter.book.code_expires() is None


@pytest.mark.parametrize("hours", [0, -1, 169])
def test_an_emergency_code_is_for_an_hour_to_a_week(counter: Counter, hours: int) -> None:
    with pytest.raises(ConfigError, match="1 to 168"):
        counter.book.emergency(hours)


def test_emergency_and_pins_do_not_make_each_other_wait(counter: Counter) -> None:
    code, _ = counter.book.emergency(24)
    wrong(counter, EMERGENCY, 3)
    assert counter.book.verify("7", PIN).verdict is Verdict.YES
    wrong(counter, "11", COUNTER_LOCKED_AT)
    assert counter.book.verify(EMERGENCY, code).verdict is Verdict.YES


def test_the_emergency_code_waits_longer_and_longer_but_is_never_locked(counter: Counter) -> None:
    code, _ = counter.book.emergency(168)
    answer = wrong(counter, EMERGENCY, 20)
    assert (answer.wait_seconds, answer.locked) == (LONGEST_WAIT, False)
    assert counter.book.verify(EMERGENCY, code).verdict is Verdict.WAIT
    counter.clock.turn(LONGEST_WAIT)
    assert counter.book.verify(EMERGENCY, code).verdict is Verdict.YES


def test_a_try_at_the_emergency_code_costs_the_same_whether_there_is_one_or_not(counter: Counter) -> None:
    costs = list[tuple[list[str], int]]()
    for issue in (False, True):
        if issue:
            counter.book.emergency(24)
        counter.clock.turn(LONGEST_WAIT)
        counter.store.done.clear()
        counter.hasher.verified.clear()
        wrong(counter, EMERGENCY, 1)
        costs.append(([what for what, _ in counter.store.done], len(counter.hasher.verified)))
    assert costs[0] == costs[1]
    assert costs[0][1] == 1


# --- damage


@pytest.mark.parametrize("item", ["index", "counter", "nobody", "person/7"])
@pytest.mark.parametrize("text", ["", "{}", "[]x", '{"failures":0}'])
def test_damage_is_never_a_yes(counter: Counter, item: str, text: str) -> None:
    counter.store.items[item] = text
    with pytest.raises(MachineError, match="damaged"):
        counter.book.verify("7", PIN)


@pytest.mark.parametrize("item", ["counter", "nobody", "person/7"])
def test_a_lost_item_is_never_a_yes(counter: Counter, item: str) -> None:
    del counter.store.items[item]
    with pytest.raises(MachineError, match="damaged"):
        counter.book.verify("7", PIN)


def test_without_its_index_the_book_is_empty(counter: Counter) -> None:
    del counter.store.items["index"]
    assert counter.book.verify("7", PIN).verdict is Verdict.WRONG


def test_a_record_of_somebody_else_is_damage(counter: Counter) -> None:
    counter.store.items["person/8"] = counter.store.items["person/7"]
    with pytest.raises(MachineError, match="damaged"):
        counter.book.verify("8", PIN)


def test_no_item_holds_a_pin_or_a_code(counter: Counter) -> None:
    code, _ = counter.book.emergency(24)
    wrong(counter, "7", 2)
    kept = "".join(counter.store.items.values())
    assert PIN.reveal() not in kept
    assert WRONG.reveal() not in kept
    assert code.reveal() not in kept


# --- ten thousand tries


class _Attack:
    """Somebody tries 10,000 wrong PINs at five people, at nobody and with restarts in between."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)  # noqa: S311 -- a test's dice
        self.counter = Counter()
        self.numbers = [str(each) for each in range(1, 6)]
        for number in self.numbers:
            self.counter.book.add(number, f"職員{number}", PIN, None)
        self.hashes = {self._hash(number) for number in self.numbers}
        self.passed = 0.0

    def _hash(self, number: str) -> str:
        text = self.counter.store.items[f"person/{number}"]
        return text.partition('"hash":"')[2].partition('"')[0]

    def turn(self, seconds: float) -> None:
        self.passed += seconds
        self.counter.clock.turn(seconds)

    def run(self, patience: float) -> None:
        """Try again and again, waiting up to ``patience`` times as long as was asked for."""
        for _ in range(10_000):
            number = self.dice.choice([*self.numbers, "999", "x"])
            answer = self.counter.book.verify(number, WRONG)
            assert answer.verdict in {Verdict.WRONG, Verdict.WAIT}
            self.turn(answer.wait_seconds * patience * self.dice.random())
            if self.dice.random() < 0.05:
                self.counter.clock.restart()
            if self.dice.random() < 0.05:
                self.counter.clock.set_wall(timedelta(days=self.dice.randint(-9, 9)))

    def guesses_at(self, hashed: str) -> int:
        return self.counter.hasher.verified.count(hashed)


def test_while_no_time_passes_ten_thousand_tries_are_one_guess() -> None:
    attack = _Attack(1)
    attack.run(0.0)
    assert len(attack.counter.hasher.verified) == 1


@pytest.mark.parametrize("patience", [0.02, 1.0, 3.0])
def test_ten_thousand_tries_are_five_guesses_a_person_and_ten_and_four_an_hour_at_the_counter(
    patience: float,
) -> None:
    attack = _Attack(int(patience * 100))
    attack.run(patience)
    assert max(attack.guesses_at(hashed) for hashed in attack.hashes) <= PERSON_LOCKED_AT
    assert len(attack.counter.hasher.verified) <= COUNTER_LOCKED_AT + attack.passed / LONGEST_WAIT


def test_a_store_is_left_as_it_was_found_by_looking(counter: Counter) -> None:
    before = dict(counter.store.items)
    counter.book.people()
    counter.book.roll()
    counter.book.code_expires()
    assert counter.store.items == before
    assert isinstance(counter.store, MemoryStore)
