"""What the staff book keeps, and how it is written: one short JSON text an item. Pure.

Reading is strict: a text that is not exactly what was written is damage, and whoever stands behind it gets no
yes. Each item stays below 1200 characters, for a Windows credential holds 2560 bytes of UTF-16.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final, TypeVar

from guard.errors import ConfigError, MachineError
from guard.staff.throttle import PERSON_LOCKED_AT
from guard.wire import read_flag, read_number, read_object, read_text

if TYPE_CHECKING:
    from collections.abc import Callable

PEOPLE_MOST: Final = 100
"""Their numbers fit into one item."""
NAME_MOST: Final = 40
"""Characters."""
NUMBER_MOST: Final = 8
"""Digits."""
_HASH_MOST: Final = 200
"""Characters; one of argon2id has 97."""
_FAILURES_MOST: Final = 1_000_000
_Kind = TypeVar("_Kind")


class Standing(StrEnum):
    """Whether a person's PIN works."""

    WORKS = "works"
    LOCKED = "locked"
    DISABLED = "disabled"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tries:
    """Wrong tries in a row."""

    failures: int = 0
    tried_at: float = 0.0
    """s since boot, of the last one."""

    def charged(self, now: float, most: int = _FAILURES_MOST) -> Tries:
        """Return them with one more, at ``now`` s since boot; more than ``most`` are not told apart."""
        return Tries(failures=min(self.failures + 1, most), tried_at=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRecord:
    """A member of staff; also nobody, against whom wrong numbers are checked."""

    number: str
    name: str
    hash: str = field(repr=False)
    tries: Tries = Tries()
    expires: date | None = None
    """The last day on which the PIN works."""
    disabled: bool = False

    def standing(self, today: date) -> Standing:
        """Tell whether the PIN works today."""
        if self.disabled:
            return Standing.DISABLED
        if self.expires is not None and self.expires < today:
            return Standing.EXPIRED
        return Standing.LOCKED if self.tries.failures >= PERSON_LOCKED_AT else Standing.WORKS

    def charged(self, now: float) -> PersonRecord:
        """Return the record with one more wrong try."""
        # No more than lock: a person who is locked out must not make the whole counter wait for minutes.
        return replace(self, tries=self.tries.charged(now, PERSON_LOCKED_AT))


@dataclass(frozen=True, slots=True, kw_only=True)
class CounterRecord:
    """The counter, whoever tries."""

    seen: datetime
    """The latest UTC time that was seen: a clock that is set back brings nothing back to life."""
    tries: Tries = Tries()


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedCode:
    """An emergency code that was not used yet."""

    hash: str = field(repr=False)
    issued: datetime
    expires: datetime

    def works(self, now: datetime) -> bool:
        """Tell whether it may be used at this UTC time."""
        return self.issued <= now < self.expires


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeRecord:
    """The emergency code, or that there is none, and the wrong tries at it."""

    code: IssuedCode | None = None
    tries: Tries = Tries()


def check_number(number: str) -> None:
    """Raise ConfigError when this cannot be a staff number."""
    if not is_number(number):
        raise ConfigError(f"a staff number has 1 to {NUMBER_MOST} digits and nothing else.")


def is_number(text: str) -> bool:
    """Tell whether this can be a staff number."""
    return 1 <= len(text) <= NUMBER_MOST and text.isascii() and text.isdigit()


def check_name(name: str) -> None:
    """Raise ConfigError when this cannot be a name."""
    if not is_name(name):
        raise ConfigError(f"a name has 1 to {NAME_MOST} characters on one line, without spaces at its ends.")


def is_name(text: str) -> bool:
    """Tell whether this can be a name."""
    return 1 <= len(text) <= NAME_MOST and text.isprintable() and text.strip() == text


# --- writing


def person_text(record: PersonRecord) -> str:
    """Return the item's text."""
    return _text(
        {
            "number": record.number,
            "name": record.name,
            "hash": record.hash,
            **_tries_fields(record.tries),
            "expires": record.expires.isoformat() if record.expires else None,
            "disabled": record.disabled,
        }
    )


def counter_text(record: CounterRecord) -> str:
    """Return the item's text."""
    return _text({**_tries_fields(record.tries), "seen": record.seen.isoformat()})


def code_text(record: CodeRecord) -> str:
    """Return the item's text."""
    code = record.code
    return _text(
        {
            "hash": code.hash if code else None,
            "issued": code.issued.isoformat() if code else None,
            "expires": code.expires.isoformat() if code else None,
            **_tries_fields(record.tries),
        }
    )


def index_text(numbers: tuple[str, ...]) -> str:
    """Return the item's text."""
    return _text(list(numbers))


# --- reading


def read_person(text: str) -> PersonRecord:
    """Return the record; raises MachineError when the text is damaged."""
    return _strictly(_person, text)


def read_counter(text: str) -> CounterRecord:
    """Return the record; raises MachineError when the text is damaged."""
    return _strictly(_counter, text)


def read_code(text: str) -> CodeRecord:
    """Return the record; raises MachineError when the text is damaged."""
    return _strictly(_code, text)


def read_index(text: str) -> tuple[str, ...]:
    """Return who is in the book, by number; raises MachineError when the text is damaged."""
    return _strictly(_index, text)


def damaged() -> MachineError:
    """Return the error for a book that is not as it was written."""
    return MachineError(
        "the staff book is damaged, so no PIN works; restore the folder staff in the account's state folder "
        "from a backup, or move it away and enrol the staff anew."
    )


def _strictly(read: Callable[[object], _Kind], text: str) -> _Kind:
    try:
        return read(json.loads(text))
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        raise damaged() from None


def _person(value: object) -> PersonRecord:
    fields = _exactly(value, {"number", "name", "hash", "failures", "tried_at", "expires", "disabled"})
    expires = fields["expires"]
    return PersonRecord(
        number=_fitting(read_text(fields["number"]), is_number),
        name=_fitting(read_text(fields["name"]), is_name),
        hash=_hash(fields["hash"]),
        tries=_tries(fields),
        expires=None if expires is None else date.fromisoformat(read_text(expires)),
        disabled=read_flag(fields["disabled"]),
    )


def _counter(value: object) -> CounterRecord:
    fields = _exactly(value, {"failures", "tried_at", "seen"})
    return CounterRecord(tries=_tries(fields), seen=_utc(fields["seen"]))


def _code(value: object) -> CodeRecord:
    fields = _exactly(value, {"hash", "issued", "expires", "failures", "tried_at"})
    code = None
    if any(fields[name] is not None for name in ("hash", "issued", "expires")):
        code = IssuedCode(
            hash=_hash(fields["hash"]), issued=_utc(fields["issued"]), expires=_utc(fields["expires"])
        )
    return CodeRecord(code=code, tries=_tries(fields))


def _index(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError
    numbers = tuple(_fitting(read_text(each), is_number) for each in value)
    if len(set(numbers)) != len(numbers) or len(numbers) > PEOPLE_MOST:
        raise ValueError
    return numbers


def _exactly(value: object, names: set[str]) -> dict[str, object]:
    fields = read_object(value)
    if fields.keys() != names:
        raise KeyError
    return fields


def _fitting(text: str, fits: Callable[[str], bool]) -> str:
    if not fits(text):
        raise ValueError
    return text


def _hash(value: object) -> str:
    return _fitting(
        read_text(value), lambda text: 1 <= len(text) <= _HASH_MOST and text.isascii() and text.isprintable()
    )


def _tries(fields: dict[str, object]) -> Tries:
    failures, tried_at = read_number(fields["failures"]), fields["tried_at"]
    if not isinstance(tried_at, float) or not math.isfinite(tried_at) or tried_at < 0:
        raise TypeError
    if not 0 <= failures <= _FAILURES_MOST:
        raise ValueError
    return Tries(failures=failures, tried_at=tried_at)


def _tries_fields(tries: Tries) -> dict[str, object]:
    return {"failures": tries.failures, "tried_at": float(tries.tried_at)}


def _utc(value: object) -> datetime:
    moment = datetime.fromisoformat(read_text(value))
    if moment.utcoffset() != timedelta(0):
        raise ValueError
    return moment


def _text(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
