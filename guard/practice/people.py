"""The made-up citizens and banks of the practice portal, read from ``pages/people.json``."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

_KATAKANA_OFFSET = ord("ア") - ord("あ")


def plain(text: str) -> str:
    """Return what people typed in one form: full-width letters narrowed, half-width kana widened, trimmed."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


def katakana(text: str) -> str:
    """Return plain text with its hiragana as katakana."""
    return "".join(
        chr(ord(sign) + _KATAKANA_OFFSET) if "ぁ" <= sign <= "ゖ" else sign for sign in plain(text)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Badge:
    """Whom the made-up member of staff is known as."""

    number: str
    name: str
    pin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A made-up citizen."""

    id: str
    """A, B, C, …"""
    pin: str
    """The practice card's PIN, four digits; it alone chooses the citizen."""
    name: str
    kana: str
    """The name as a bank writes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bank:
    """A made-up bank."""

    code: str
    """Four digits."""
    name: str
    search: str
    """Other words it is found by."""

    def found_by(self, words: str) -> bool:
        """Tell whether every word typed is part of its code, name or other words."""
        known = f"{self.code} {self.name} {self.search}".casefold()
        return all(word in known for word in plain(words).casefold().split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A bank account as somebody registers it."""

    bank: str
    """The bank's code."""
    branch: str
    """Three digits."""
    kind: str
    """A key of `Town.kinds`."""
    number: str
    """Seven digits."""
    name: str
    """Whose account it is, in katakana."""


@dataclass(frozen=True, slots=True)
class Town:
    """Everyone and everything the practice knows."""

    people: tuple[Person, ...]
    banks: Mapping[str, Bank]
    kinds: Mapping[str, str]
    """Kind of account -> its name for people."""
    clerk: Badge

    @classmethod
    def shipped(cls) -> Self:
        """Return the town that comes with the package."""
        data = json.loads((resources.files(__package__) / "pages" / "people.json").read_text("utf-8"))
        banks = (Bank(**bank) for bank in data["banks"])
        return cls(
            people=tuple(Person(**person) for person in data["people"]),
            banks={bank.code: bank for bank in banks},
            kinds=data["kinds"],
            clerk=Badge(**data["clerk"]),
        )

    def person(self, identity: str) -> Person:
        """Return the citizen with this id; raises LookupError."""
        return {person.id: person for person in self.people}[identity]

    def by_pin(self, pin: str) -> Person | None:
        """Return the citizen whose practice card has this PIN."""
        return next((person for person in self.people if person.pin == plain(pin)), None)
