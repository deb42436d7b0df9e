"""The staff book: who may do what a PIN stands behind, and every try at one.

A try is charged before anything is looked at, so that a process killed in between has counted a failure. A
right PIN takes the charge back. Whatever is wrong (number, PIN, locked, disabled, expired), the same reads,
writes and exactly one hash are made, so that time does not tell which.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from guard.errors import ConfigError
from guard.secret import Secret
from guard.session.events import StaffId
from guard.staff.people import (
    PEOPLE_MOST,
    CodeRecord,
    IssuedCode,
    PersonRecord,
    Standing,
    Tries,
    check_name,
    check_number,
)
from guard.staff.pins import CODE_DIGITS, check_new_pin
from guard.staff.port import EMERGENCY, Answer, Person, Verdict
from guard.staff.records import Records
from guard.staff.throttle import COUNTER_LOCKED_AT, PERSON_LOCKED_AT, wait_after, wait_left

if TYPE_CHECKING:
    from datetime import date, datetime, tzinfo

    from guard.clock import Clock
    from guard.keyring.store import Store
    from guard.staff.hashing import Hasher
    from guard.staff.people import CounterRecord

HOURS_MOST: Final = 168
"""A week."""
_NEVER_TRIED: Final = Tries()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What IT gets to see of a member of staff."""

    number: str
    name: str
    standing: Standing
    failures: int
    """In a row."""
    expires: date | None


class Book:
    """Keeps it in ``store``. Hold the book's lock: two at a time would lose charges.

    Every method raises MachineError when the store fails, and that is a no; the acts of IT raise ConfigError
    when they are refused.
    """

    def __init__(self, store: Store, hasher: Hasher, clock: Clock, zone: tzinfo | None = None) -> None:
        """``zone`` says when a day is over; None is the PC's own."""
        self._records = Records(store)
        self._hasher = hasher
        self._clock = clock
        self._zone = zone

    # --- at the counter

    def people(self) -> tuple[Person, ...]:
        """Return whose PIN works today, by number."""
        return tuple(
            Person(number=StaffId(entry.number), name=entry.name)
            for entry in self.roll()
            if entry.standing is Standing.WORKS
        )

    def verify(self, number: str, pin: Secret) -> Answer:
        """Check this try, whatever was typed; ``number`` is `EMERGENCY` for the emergency code."""
        self._records.prepare(self._hasher, self._clock.utc())
        return self._verify_code(pin) if number == EMERGENCY else self._verify_pin(number, pin)

    def _verify_pin(self, number: str, pin: Secret) -> Answer:
        records, boot = self._records, self._clock.boot()
        known = number in records.index()
        nobody, counter = records.nobody(), records.counter()
        person = records.person(number) if known else records.nobody()
        staff = StaffId(number) if known else None

        wait = max(_left(person.tries, boot), _left(counter.tries, boot))
        if wait > 0:
            return Answer(verdict=Verdict.WAIT, staff=staff, wait_seconds=wait)

        now = self._now(counter)
        allowed = known and person.standing(now.astimezone(self._zone).date()) is Standing.WORKS
        charged, tried = person.charged(boot), replace(counter, tries=counter.tries.charged(boot), seen=now)
        self._save(charged, known=known)
        records.save_counter(tried)

        right = self._hasher.verify(person.hash if allowed else nobody.hash, pin)
        if right and allowed:
            self._save(replace(person, tries=_NEVER_TRIED), known=True)
            records.save_counter(replace(tried, tries=_NEVER_TRIED))
            # Somebody mistook their number before: the next who does must not find a long wait.
            if nobody.tries.failures:
                records.save_nobody(replace(nobody, tries=_NEVER_TRIED))
            return Answer(verdict=Verdict.YES, staff=staff, name=person.name)
        return Answer(
            verdict=Verdict.WRONG,
            staff=staff,
            wait_seconds=max(wait_after(charged.tries.failures), wait_after(tried.tries.failures)),
            locked=(known and _reached(PERSON_LOCKED_AT, person.tries, charged.tries))
            or _reached(COUNTER_LOCKED_AT, counter.tries, tried.tries),
        )

    def _verify_code(self, typed: Secret) -> Answer:
        records, boot = self._records, self._clock.boot()
        nobody, counter, record = records.nobody(), records.counter(), records.code()
        wait = _left(record.tries, boot)
        if wait > 0:
            return Answer(verdict=Verdict.WAIT, staff=EMERGENCY, wait_seconds=wait)

        now = self._now(counter)
        charged = replace(record, tries=record.tries.charged(boot))
        records.save_code(charged)
        records.save_counter(replace(counter, seen=now))

        code = record.code
        works = code is not None and code.works(now)
        digits = Secret(typed.reveal().replace(" ", "").replace("-", ""))
        right = self._hasher.verify(code.hash if code and works else nobody.hash, digits)
        if right and works:
            records.save_code(CodeRecord())  # before the yes: it opens once, even if we die here
            return Answer(verdict=Verdict.YES, staff=EMERGENCY)
        return Answer(
            verdict=Verdict.WRONG,
            staff=EMERGENCY,
            wait_seconds=wait_after(charged.tries.failures),
            locked=_reached(COUNTER_LOCKED_AT, record.tries, charged.tries),
        )

    # --- by IT, at the command line

    def roll(self) -> tuple[Entry, ...]:
        """Return everybody in the book, by number."""
        self._records.prepare(self._hasher, self._clock.utc())
        today = self._today(self._records.counter())
        found = (self._records.person(number) for number in self._records.index())
        entries = [
            Entry(
                number=person.number,
                name=person.name,
                standing=person.standing(today),
                failures=person.tries.failures,
                expires=person.expires,
            )
            for person in found
        ]
        return tuple(sorted(entries, key=lambda entry: (int(entry.number), entry.number)))

    def code_expires(self) -> datetime | None:
        """Return until when (UTC) there is an emergency code that works; None when there is none."""
        self._records.prepare(self._hasher, self._clock.utc())
        code = self._records.code().code
        return code.expires if code and code.works(self._now(self._records.counter())) else None

    def add(self, number: str, name: str, pin: Secret, expires: date | None) -> None:
        """Enrol somebody; ``expires`` is the last day on which the PIN works."""
        check_number(number)
        check_name(name)
        today = self._wall().date()
        check_new_pin(pin, number, today)
        if expires is not None and expires < today:
            raise ConfigError(f"{expires} is over already; give a later day.")
        self._by_it()
        numbers = self._records.index()
        if number in numbers:
            raise ConfigError(f"number {number} is in the book already; see guard staff list.")
        if len(numbers) >= PEOPLE_MOST:
            numbers = self._without_one_who_left(numbers, today)
        self._records.save_person(
            PersonRecord(number=number, name=name, hash=self._hasher.hash(pin), expires=expires)
        )
        self._records.save_index((*numbers, number))

    def _without_one_who_left(self, numbers: tuple[str, ...], today: date) -> tuple[str, ...]:
        """Return the index without the first whose PIN was disabled or has expired; raises ConfigError."""
        for number in numbers:
            if self._records.person(number).standing(today) in {Standing.DISABLED, Standing.EXPIRED}:
                return tuple(each for each in numbers if each != number)
        raise ConfigError(
            f"the staff book is full: it holds {PEOPLE_MOST} people; disable somebody who has left first."
        )

    def reset(self, number: str, pin: Secret) -> None:
        """Give a new PIN, and with it end locked and disabled; the counter's lock ends too."""
        person = self._somebody(number)
        check_new_pin(pin, number, self._wall().date())
        if self._hasher.verify(person.hash, pin):
            raise ConfigError("this is the PIN of before; take another one.")
        counter = self._by_it()
        self._records.save_person(
            replace(person, hash=self._hasher.hash(pin), tries=_NEVER_TRIED, disabled=False)
        )
        self._records.save_nobody(replace(self._records.nobody(), tries=_NEVER_TRIED))
        self._records.save_counter(replace(counter, tries=_NEVER_TRIED))

    def disable(self, number: str) -> None:
        """Let this person's PIN work no more until it is reset."""
        self._records.save_person(replace(self._somebody(number), disabled=True))

    def expire(self, number: str, on: date) -> None:
        """Let this person's PIN work until the end of this day."""
        person = self._somebody(number)
        self._by_it()
        self._records.save_person(replace(person, expires=on))

    def emergency(self, hours: int) -> tuple[Secret, datetime]:
        """Return a new code that opens once, and until when (UTC); the one before opens no more."""
        if not 1 <= hours <= HOURS_MOST:
            raise ConfigError(f"an emergency code is valid for 1 to {HOURS_MOST} hours.")
        issued = self._by_it().seen
        digits = Secret("".join(secrets.choice("0123456789") for _ in range(CODE_DIGITS)))
        code = IssuedCode(
            hash=self._hasher.hash(digits), issued=issued, expires=issued + timedelta(hours=hours)
        )
        self._records.save_code(CodeRecord(code=code))
        return digits, code.expires

    # --- what they share

    def _somebody(self, number: str) -> PersonRecord:
        self._records.prepare(self._hasher, self._clock.utc())
        if number not in self._records.index():
            raise ConfigError("there is no such number in the staff book; see guard staff list.")
        return self._records.person(number)

    def _by_it(self) -> CounterRecord:
        """Believe the clock as it is now: IT is at work, and may have set it right."""
        self._records.prepare(self._hasher, self._clock.utc())
        counter = replace(self._records.counter(), seen=self._clock.utc())
        self._records.save_counter(counter)
        return counter

    def _save(self, record: PersonRecord, *, known: bool) -> None:
        if known:
            self._records.save_person(record)
        else:
            self._records.save_nobody(record)

    def _now(self, counter: CounterRecord) -> datetime:
        return max(self._clock.utc(), counter.seen)

    def _today(self, counter: CounterRecord) -> date:
        return self._now(counter).astimezone(self._zone).date()

    def _wall(self) -> datetime:
        return self._clock.utc().astimezone(self._zone)


def _left(tries: Tries, now: float) -> float:
    return wait_left(tries.failures, tries.tried_at, now)


def _reached(limit: int, before: Tries, after: Tries) -> bool:
    return before.failures < limit <= after.failures
