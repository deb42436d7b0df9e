"""``python -P -m guard.staff.vault``: the process that alone reads and writes the staff book.

One JSON line in, one out, then it ends. Only exit 0 with exactly one line counts as an answer, and a refusal
is one too: ``{"refused": sentence, "whose": "config" | "machine"}``. PINs come by stdin and by nothing else.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Final

from guard.clock import SystemClock
from guard.errors import ConfigError, GuardError, MachineError
from guard.ground import forbid_core_dumps, restrict_libraries, state_home
from guard.keyring.opened_here import opened
from guard.secret import Secret
from guard.staff.book import Book
from guard.staff.hashing import Argon2Hasher
from guard.wire import read_number, read_object, read_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from guard.keyring.store import Store

LINE_MOST: Final = 4096
"""Bytes of a request."""
_TRIAL: Final = "trial"

Reply = dict[str, object]


class _Deeds:
    """What can be asked for, each under its name."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._book = Book(store, Argon2Hasher(), SystemClock())

    def table(self) -> Mapping[str, Callable[[Mapping[str, object]], Reply]]:
        return {
            "verify": self._verify,
            "people": self._people,
            "list": self._list,
            "add": self._add,
            "reset": self._reset,
            "disable": self._disable,
            "expire": self._expire,
            "emergency": self._emergency,
            "trial": self._trial,
        }

    def _verify(self, request: Mapping[str, object]) -> Reply:
        return asdict(self._book.verify(read_text(request["number"]), _pin(request)))

    def _people(self, _request: Mapping[str, object]) -> Reply:
        return {"people": [asdict(person) for person in self._book.people()]}

    def _list(self, _request: Mapping[str, object]) -> Reply:
        expires = self._book.code_expires()
        return {
            "staff": [
                asdict(entry) | {"expires": entry.expires.isoformat() if entry.expires else None}
                for entry in self._book.roll()
            ],
            "emergency": expires.isoformat(timespec="seconds") if expires else None,
        }

    def _add(self, request: Mapping[str, object]) -> Reply:
        expires = request["expires"]
        self._book.add(
            read_text(request["number"]),
            read_text(request["name"]),
            _pin(request),
            None if expires is None else date.fromisoformat(read_text(expires)),
        )
        return {}

    def _reset(self, request: Mapping[str, object]) -> Reply:
        self._book.reset(read_text(request["number"]), _pin(request))
        return {}

    def _disable(self, request: Mapping[str, object]) -> Reply:
        self._book.disable(read_text(request["number"]))
        return {}

    def _expire(self, request: Mapping[str, object]) -> Reply:
        self._book.expire(read_text(request["number"]), date.fromisoformat(read_text(request["on"])))
        return {}

    def _emergency(self, request: Mapping[str, object]) -> Reply:
        code, expires = self._book.emergency(read_number(request["hours"]))
        return {"code": code.reveal(), "expires": expires.isoformat(timespec="seconds")}

    def _trial(self, _request: Mapping[str, object]) -> Reply:
        """Write, read and delete an item, for guard doctor."""
        text = os.urandom(16).hex()
        self._store.write(_TRIAL, text)
        if self._store.read(_TRIAL) != text:
            raise MachineError("the keyring does not give back what was written into it.")
        self._store.delete(_TRIAL)
        if self._store.read(_TRIAL) is not None:
            raise MachineError("the keyring does not delete what was written into it.")
        return {}


def answer(line: bytes, environment: Mapping[str, str]) -> Reply:
    """Do what the line asks for; whatever goes wrong is a refusal."""
    try:
        return _done(line, environment)
    except GuardError as error:
        return _refusal(error.sentence, "config" if isinstance(error, ConfigError) else "machine")
    except Exception as error:  # noqa: BLE001 -- nothing but a clean yes may count, and no text may hold a PIN
        return _refusal(f"the vault failed ({type(error).__name__}); please report it.", "machine")


def _done(line: bytes, environment: Mapping[str, str]) -> Reply:
    request = read_object(json.loads(line))
    name = read_text(request["do"])
    with opened(environment, state_home(environment) / "staff", "the staff book") as store:
        return _Deeds(store).table()[name](request)


def _pin(request: Mapping[str, object]) -> Secret:
    return Secret(read_text(request["pin"]))


def _refusal(sentence: str, whose: str) -> Reply:
    return {"refused": sentence, "whose": whose}


def main() -> int:
    """Answer one line."""
    restrict_libraries()
    forbid_core_dumps()  # inherited by the keyring
    line = sys.stdin.buffer.readline(LINE_MOST)
    reply = json.dumps(answer(line, os.environ), ensure_ascii=False) + "\n"
    sys.stdout.buffer.write(reply.encode())
    sys.stdout.buffer.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
