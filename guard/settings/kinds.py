"""What a value in a configuration file may be: read, refused with what is allowed, and as JSON Schema."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

Value_co = TypeVar("Value_co", covariant=True)
Choice = TypeVar("Choice", bound=StrEnum)
Schema = dict[str, object]


class Kind(Protocol[Value_co]):
    """One sort of value."""

    @property
    def allowed(self) -> str:
        """Complete the sentence "allowed is …"."""
        ...

    def read(self, given: object) -> Value_co:
        """Return the value; raises ValueError when it is none of this kind."""
        ...

    def schema(self) -> Schema:
        """Return the same rule as JSON Schema 2020-12."""
        ...


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number from ``low`` to ``high``."""

    low: int
    high: int

    @property
    def allowed(self) -> str:
        """See `Kind.allowed`."""
        return f"a whole number from {self.low} to {self.high}"

    def read(self, given: object) -> int:
        """See `Kind.read`; true and false are no numbers."""
        if isinstance(given, bool) or not isinstance(given, int) or not self.low <= given <= self.high:
            raise ValueError(self.allowed)
        return given

    def schema(self) -> Schema:
        """See `Kind.schema`."""
        return {"type": "integer", "minimum": self.low, "maximum": self.high}


@dataclass(frozen=True, slots=True)
class Flag:
    """Yes or no."""

    @property
    def allowed(self) -> str:
        """See `Kind.allowed`."""
        return "true or false (without quotes)"

    def read(self, given: object) -> bool:
        """See `Kind.read`."""
        if not isinstance(given, bool):
            raise ValueError(self.allowed)  # noqa: TRY004 -- one error type for every refusal
        return given

    def schema(self) -> Schema:
        """See `Kind.schema`."""
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True)
class OneOf(Generic[Choice]):
    """One word of an enum."""

    choices: type[Choice]

    @property
    def allowed(self) -> str:
        """See `Kind.allowed`."""
        return " or ".join(f'"{choice.value}"' for choice in self.choices)

    def read(self, given: object) -> Choice:
        """See `Kind.read`."""
        for choice in self.choices:
            if choice.value == given:
                return choice
        raise ValueError(self.allowed)

    def schema(self) -> Schema:
        """See `Kind.schema`."""
        return {"enum": [choice.value for choice in self.choices]}


@dataclass(frozen=True, slots=True)
class Text:
    """A string that wholly matches ``pattern`` (ECMA 262 and Python read it alike)."""

    pattern: str
    allowed: str

    def read(self, given: object) -> str:
        """See `Kind.read`."""
        if not isinstance(given, str) or not re.fullmatch(self.pattern, given):
            raise ValueError(self.allowed)
        return given

    def schema(self) -> Schema:
        """See `Kind.schema`."""
        return {"type": "string", "pattern": f"^(?:{self.pattern})$"}


@dataclass(frozen=True, slots=True)
class Some(Generic[Value_co]):
    """A list of at least one such value."""

    each: Kind[Value_co]

    @property
    def allowed(self) -> str:
        """See `Kind.allowed`."""
        return f"a list with at least one entry, each {self.each.allowed}"

    def read(self, given: object) -> tuple[Value_co, ...]:
        """See `Kind.read`."""
        if not isinstance(given, list) or not given:
            raise ValueError(self.allowed)
        return tuple(self.each.read(entry) for entry in given)

    def schema(self) -> Schema:
        """See `Kind.schema`."""
        return {"type": "array", "items": self.each.schema(), "minItems": 1}


@dataclass(frozen=True, slots=True)
class OneOrSome(Generic[Value_co]):
    """One such value, or a list of at most ``most`` different ones."""

    each: Kind[Value_co]
    most: int

    @property
    def allowed(self) -> str:
        """See `Kind.allowed`."""
        return f"{self.each.allowed}; or a list of 1 to {self.most} different ones"

    def read(self, given: object) -> tuple[Value_co, ...]:
        """See `Kind.read`."""
        entries = given if isinstance(given, list) else [given]
        values = tuple(self.each.read(entry) for entry in entries)
        if not 1 <= len(values) <= self.most or len(set(values)) < len(values):
            raise ValueError(self.allowed)
        return values

    def schema(self) -> Schema:
        """See `Kind.schema`."""
        each = self.each.schema()
        several: Schema = {
            "type": "array",
            "items": each,
            "minItems": 1,
            "maxItems": self.most,
            "uniqueItems": True,
        }
        return {"anyOf": [each, several]}
