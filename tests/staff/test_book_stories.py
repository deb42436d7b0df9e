"""Whatever happens in whatever order: only the right PIN of somebody allowed opens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from guard.errors import ConfigError
from guard.secret import Secret
from guard.staff.port import EMERGENCY, Verdict
from guard.staff.throttle import PERSON_LOCKED_AT
from tests.staff.memory import Counter, KilledError

PINS = ["482913", "729305", "384756", "905172"]
NUMBERS = st.sampled_from(["1", "2", "3"])
DAYS = st.integers(-3, 3)


@dataclass
class Known:
    """What this test knows of a person."""

    pin: str
    failures: int = 0
    disabled: bool = False
    expires: date | None = None


class Stories(RuleBasedStateMachine):
    """The book beside a model that is too simple to be wrong."""

    def __init__(self) -> None:
        super().__init__()
        self.counter = Counter()
        self.known = dict[str, Known]()
        self.seen = self.counter.clock.utc()
        self.code: str | None = None
        self.code_expires = datetime.min.replace(tzinfo=UTC)

    @initialize(pin=st.sampled_from(PINS))
    def begin(self, pin: str) -> None:
        self.enrol("1", pin)

    @rule(number=NUMBERS, pin=st.sampled_from(PINS))
    def enrol(self, number: str, pin: str) -> None:
        try:
            self.counter.book.add(number, f"職員{number}", Secret(pin), None)
        except ConfigError:
            assert number in self.known
            self.it()
        else:
            assert number not in self.known
            self.known[number] = Known(pin)
            self.it()

    @rule(number=NUMBERS, pin=st.sampled_from(PINS))
    def reset(self, number: str, pin: str) -> None:
        person = self.known.get(number)
        try:
            self.counter.book.reset(number, Secret(pin))
        except ConfigError:
            assert person is None or person.pin == pin
        else:
            assert person
            assert person.pin != pin
            self.known[number] = Known(pin, expires=person.expires)
            self.it()

    @rule(number=NUMBERS)
    def disable(self, number: str) -> None:
        if number in self.known:
            self.counter.book.disable(number)
            self.known[number].disabled = True

    @rule(number=NUMBERS, days=DAYS)
    def expire(self, number: str, days: int) -> None:
        if number in self.known:
            on = self.counter.clock.utc().date() + timedelta(days=days)
            self.counter.book.expire(number, on)
            self.known[number].expires = on
            self.it()

    @rule(hours=st.integers(1, 60))
    def issue(self, hours: int) -> None:
        code, self.code_expires = self.counter.book.emergency(hours)
        self.code = code.reveal()
        self.it()

    @rule(number=NUMBERS, pin=st.sampled_from(PINS), killed=st.booleans())
    def try_pin(self, number: str, pin: str, killed: bool) -> None:  # noqa: FBT001 -- hypothesis gives it
        person = self.known.get(number)
        self.counter.hasher.kills = killed
        try:
            answer = self.counter.book.verify(number, Secret(pin))
        except KilledError:
            self.charge(person)
            return
        finally:
            self.counter.hasher.kills = False
        if answer.verdict is Verdict.WAIT:
            assert answer.wait_seconds > 0
            return
        assert not killed
        self.charge(person)
        allowed = (
            person is not None
            and person.failures <= PERSON_LOCKED_AT  # this one included
            and not person.disabled
            and (person.expires is None or self.seen.date() <= person.expires)
        )
        right = person is not None and person.pin == pin
        assert (answer.verdict is Verdict.YES) == (allowed and right)
        if person and answer.verdict is Verdict.YES:
            person.failures = 0

    @rule(right=st.booleans(), killed=st.booleans())
    def try_code(self, right: bool, killed: bool) -> None:  # noqa: FBT001 -- hypothesis gives it
        typed = self.code if right and self.code else "0000111122223333"
        self.counter.hasher.kills = killed
        try:
            answer = self.counter.book.verify(EMERGENCY, Secret(typed))
        except KilledError:
            self.charge(None)
            return
        finally:
            self.counter.hasher.kills = False
        if answer.verdict is Verdict.WAIT:
            return
        self.charge(None)
        works = self.code == typed and self.seen < self.code_expires
        assert (answer.verdict is Verdict.YES) <= works
        if answer.verdict is Verdict.YES:
            self.code = None

    @rule(seconds=st.sampled_from([0.5, 5.0, 60.0, 900.0, 40_000.0]))
    def wait(self, seconds: float) -> None:
        self.counter.clock.turn(seconds)

    @rule(hours=st.integers(-80, 80))
    def set_clock(self, hours: int) -> None:
        self.counter.clock.set_wall(timedelta(hours=hours))

    @rule()
    def restart(self) -> None:
        self.counter.clock.restart()

    def it(self) -> None:
        self.seen = self.counter.clock.utc()

    def charge(self, person: Known | None) -> None:
        self.seen = max(self.seen, self.counter.clock.utc())
        if person:
            person.failures += 1


TestStories = Stories.TestCase
TestStories.settings = settings(max_examples=300, stateful_step_count=40, deadline=None)
