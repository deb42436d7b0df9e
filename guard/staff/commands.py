"""``guard staff …``, and what else asks for a PIN: typed without echo or piped in; no argument takes one."""

from __future__ import annotations

import getpass
import json
import sys
import warnings
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Final

from guard.columns import padded, width
from guard.errors import ConfigError, MachineError
from guard.secret import Secret
from guard.staff.people import check_name, check_number
from guard.staff.pins import check_new_pin
from guard.staff.port import EMERGENCY
from guard.wire import read_number, read_object, read_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from guard.control import ControlClient
    from guard.staff.vault_client import Vault
    from guard.words import Words

LOGOUT_SECONDS: Final = 35.0
"""For which the guard is waited for: it answers within 30, whatever goes wrong."""
_CODE_GROUP: Final = 4
"""Digits of the emergency code that are read together."""


class Typist:
    """What somebody types: asked for at a terminal, or one line each when stdin is none."""

    def __init__(self, words: Words) -> None:
        self._words = words

    def line(self, key: str) -> str:
        """Return one line that may be seen; raises ConfigError when there is none."""
        if sys.stdin.isatty():
            sys.stderr.write(f"{self._words.of(key)}: ")
            sys.stderr.flush()
        return _line()

    def secret(self, key: str) -> Secret:
        """Return one line that may not be seen; raises ConfigError when there is none."""
        if not sys.stdin.isatty():
            return Secret(_line())
        with warnings.catch_warnings():
            warnings.simplefilter("error", getpass.GetPassWarning)
            try:
                return Secret(getpass.getpass(f"{self._words.of(key)}: "))
            except getpass.GetPassWarning:
                raise MachineError(
                    "this terminal would show the PIN; use another one, or pipe it in."
                ) from None
            except EOFError:
                raise ConfigError("nothing was typed.") from None

    def new_pin(self, number: str) -> Secret:
        """Return a PIN that was typed twice; raises ConfigError when it may not be had, or they differ."""
        pin = self.secret("new_pin")
        check_new_pin(pin, number, date.today())  # noqa: DTZ011 -- the day at the counter; the vault checks again
        if self.secret("new_pin_again").reveal() != pin.reveal():
            raise ConfigError("the two PINs are not the same.")
        return pin


@dataclass(frozen=True, slots=True)
class StaffCommands:
    """Each asks the vault and returns what is to be printed; raises ConfigError or MachineError."""

    vault: Vault
    typist: Typist
    words: Words

    def add(self, number: str, name: str, expires: date | None) -> str:
        """Enrol somebody."""
        check_number(number)
        check_name(name)
        pin = self.typist.new_pin(number)
        self.vault.ask("add", pin, number=number, name=name, expires=expires.isoformat() if expires else None)
        return self.words.of("staff_added", number=number, name=name)

    def roll(self) -> str:
        """Return the list for people."""
        found = self.vault.ask("list")
        staff, code = found["staff"], found["emergency"]
        people = [read_object(each) for each in staff] if isinstance(staff, list) else []
        lines = [_table(people, self.words)] if people else [self.words.of("staff_nobody")]
        if code is not None:
            lines.append(self.words.of("emergency_valid", until=_local(read_text(code))))
        return "\n".join(lines)

    def roll_for_programs(self) -> str:
        """Return the list as JSON: ``staff`` and ``emergency``, until when (UTC) there is a code, or null."""
        return json.dumps(dict(self.vault.ask("list")), ensure_ascii=False, indent=2)

    def reset(self, number: str) -> str:
        """Give somebody a new PIN."""
        check_number(number)
        self.vault.ask("reset", self.typist.new_pin(number), number=number)
        return self.words.of("staff_reset", number=number)

    def disable(self, number: str) -> str:
        """Let somebody's PIN work no more."""
        check_number(number)
        self.vault.ask("disable", number=number)
        return self.words.of("staff_disabled", number=number)

    def expire(self, number: str, on: date) -> str:
        """Let somebody's PIN work until the end of a day."""
        check_number(number)
        self.vault.ask("expire", number=number, on=on.isoformat())
        return self.words.of("staff_expires", number=number, day=on)

    def emergency(self, hours: int) -> str:
        """Return a new emergency code; it is shown this once."""
        found = self.vault.ask("emergency", hours=hours)
        digits = read_text(found["code"])
        groups = [digits[at : at + _CODE_GROUP] for at in range(0, len(digits), _CODE_GROUP)]
        until = _local(read_text(found["expires"]))
        return f"{' '.join(groups)}\n{self.words.of('emergency_issued', until=until)}"


def logout(client: ControlClient, typist: Typist, words: Words) -> str:
    """End the session in the name of somebody whose PIN is right; raises ConfigError when it is not."""
    client.ask("logout", **_authority(typist))
    return words.of("logout_done")


def acknowledge(client: ControlClient, typist: Typist, words: Words, kind: str, reason: str) -> str:
    """Close an alert in the name of somebody whose PIN is right; raises ConfigError when it is not."""
    client.ask("acknowledge", alert=kind, reason=reason, **_authority(typist))
    return words.of("acknowledged", kind=kind)


def _authority(typist: Typist) -> dict[str, str]:
    """Ask for number and PIN."""
    number = typist.line("logout_who").strip() or EMERGENCY
    if number != EMERGENCY:
        check_number(number)
    pin = typist.secret("logout_code" if number == EMERGENCY else "logout_pin")
    return {"staff": number, "pin": pin.reveal()}


def _line() -> str:
    try:
        line = sys.stdin.readline()
    except UnicodeDecodeError:
        raise ConfigError("what was typed is no text.") from None
    if not line:
        raise ConfigError("nothing was typed.")
    return line.rstrip("\r\n")


def _local(moment: str) -> str:
    return datetime.fromisoformat(moment).astimezone().strftime("%Y-%m-%d %H:%M")


def _table(people: Sequence[Mapping[str, object]], words: Words) -> str:
    """Return one line a person under a line of titles."""
    columns: Sequence[tuple[str, Callable[[Mapping[str, object]], str]]] = (
        ("staff_number", lambda person: read_text(person["number"])),
        ("staff_name", lambda person: read_text(person["name"])),
        ("staff_standing", lambda person: words.of(f"standing_{person['standing']}")),
        ("staff_until", lambda person: str(person["expires"] or words.of("none"))),
        ("staff_failures", lambda person: str(read_number(person["failures"]))),
    )
    rows = [[words.of(key) for key, _ in columns]]
    rows += [[text(person) for _, text in columns] for person in people]
    widths = [max(width(row[at]) for row in rows) for at in range(len(columns))]
    return "\n".join(
        "  ".join(padded(text, columns) for text, columns in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
