"""Only a clean yes of the vault's process counts."""

from __future__ import annotations

import json
import os
import queue
import socket
import sys
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pytest

from guard.errors import ConfigError, MachineError
from guard.ground import KEPT_VARIABLES
from guard.secret import Secret
from guard.staff.port import EMERGENCY, Answer, Person, Verdict
from guard.staff.vault_client import GATE_MOST, WAITING_MOST, Vault, VaultBook
from tests.support import bare_process
from tests.support.clock import TurnedClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PIN = Secret("482913")
YES: dict[str, object] = {
    "verdict": "yes",
    "staff": "7",
    "name": "花子",
    "wait_seconds": 0.0,
    "locked": False,
}
WRONG = YES | {"verdict": "wrong", "name": "", "wait_seconds": 16.0}
BROKEN = Answer(verdict=Verdict.BROKEN)
PATIENCE = 20.0


class ScriptedVault(Vault):
    """Answers what it is told to, when it is told to."""

    def __init__(self, *replies: Mapping[str, object]) -> None:
        super().__init__({})
        self.replies = queue.SimpleQueue[Mapping[str, object] | None]()
        self.begun = queue.SimpleQueue[str]()
        self.asked = 0
        for reply in replies:
            self.replies.put(reply)

    def ask(self, do: str, pin: Secret | None = None, **fields: object) -> Mapping[str, object]:
        del pin, fields
        self.asked += 1
        self.begun.put(do)
        reply = self.replies.get(timeout=PATIENCE)
        if reply is None:
            raise MachineError("killed")
        return reply

    def stop(self) -> None:
        self.replies.put(None)


def script(text: str, timeout: float = PATIENCE) -> Vault:
    """A vault whose process runs this instead, with ``yes`` a clean answer's line."""
    line = json.dumps(YES)
    begin = f"import os, signal, sys, time; sys.stdin.readline(); yes = {line!r}\n"
    return Vault({}, [sys.executable, "-c", begin + text], timeout)


@pytest.fixture
def books() -> Iterator[Callable[[Vault], VaultBook]]:
    made = list[VaultBook]()
    clock = TurnedClock()

    def book(vault: Vault) -> VaultBook:
        made.append(VaultBook(vault, clock))
        return made[-1]

    yield book
    for each in made:
        each.close()


def verify(book: VaultBook, number: str = "7") -> Answer:
    answers = queue.SimpleQueue[Answer]()
    book.verify(number, PIN, answers.put)
    return answers.get(timeout=PATIENCE)


def people(book: VaultBook) -> tuple[Person, ...] | None:
    found = queue.SimpleQueue[tuple[Person, ...] | None]()
    book.people(found.put)
    return found.get(timeout=PATIENCE)


def test_a_clean_yes_is_a_yes(books: Callable[[Vault], VaultBook]) -> None:
    answer = verify(books(script("print(yes)")))
    assert answer == Answer(verdict=Verdict.YES, staff=answer.staff, name="花子")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "print(yes); sys.exit(1)",
        "print(yes); print(yes)",
        "print(yes, end='')",
        "print(yes + 'x')",
        "print('x'); print(yes)",
        "print(yes, flush=True); os.kill(os.getpid(), signal.SIGKILL)",
        "print(yes[:-1])",
        "print('[' + yes + ']')",
        "print('[' * 50000)",
        "print('null')",
        "print('{}')",
        "print(yes.replace('7', '8'))",
        "print(yes.replace('\"7\"', 'null'))",
        "print(yes.replace('0.0', '\"0\"'))",
        "print(yes.replace('0.0', '-1.0'))",
        "print(yes.replace('0.0', 'NaN'))",
        "print(yes.replace('0.0', '1e9'))",
        "print(yes.replace('false', '0'))",
        "print(yes.replace('yes', 'sure'))",
        "print(yes.replace('locked', 'lokced'))",
        "print(yes[:-1] + ', \"more\": 1}')",
        "print(yes.replace('yes', 'yes' * 50000))",
        """print('{"refused": "no", "whose": "machine"}')""",
        """print('{"refused": "no", "whose": "config"}')""",
        "sys.stdout.buffer.write(b'\\xff\\n')",
    ],
)
def test_anything_else_is_broken(books: Callable[[Vault], VaultBook], text: str) -> None:
    book = books(script(text))
    assert verify(book) == BROKEN
    assert people(book) is None


def test_a_vault_that_does_not_answer_is_killed_and_broken(books: Callable[[Vault], VaultBook]) -> None:
    assert verify(books(script("print(yes, flush=True); signal.pause()", timeout=0.5))) == BROKEN


def test_a_vault_that_cannot_be_started_is_broken(books: Callable[[Vault], VaultBook]) -> None:
    assert verify(books(Vault({}, ["/nowhere/python"]))) == BROKEN
    assert verify(books(Vault({"PATH": "/nowhere"}))) == BROKEN


def test_a_refusal_tells_whose_fault_it_is() -> None:
    with pytest.raises(ConfigError, match=r"^no$"):
        script("""print('{"refused": "no", "whose": "config"}')""").ask("list")
    with pytest.raises(MachineError, match=r"^no$"):
        script("""print('{"refused": "no", "whose": "machine"}')""").ask("list")


def test_the_pin_goes_by_stdin_alone_and_the_environment_is_clean(tmp_path: Path) -> None:
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "KEYRING_PROPERTY_SCHEME": "x"}
    kept = {"PATH", "HOME", *bare_process.variables()}
    if sys.platform == "win32":  # where no program starts without Windows' own
        environment = {**os.environ, "KEYRING_PROPERTY_SCHEME": "x"}
        kept |= {name.upper() for name in KEPT_VARIABLES}
    text = (
        "import json, os, sys; a = sys.stdin.readline(); print(json.dumps([a, sys.argv, dict(os.environ)]))"
    )
    shown = Vault(environment, [sys.executable, "-c", text.replace("[a,", '{"a": [a,').replace(")]", ")]}")])
    line, argv, inherited = _list(shown.ask("verify", PIN, number="7")["a"])
    assert json.loads(str(line)) == {"do": "verify", "number": "7", "pin": PIN.reveal()}
    assert argv == ["-c"]
    assert isinstance(inherited, dict)
    assert "PATH" in inherited
    assert inherited.keys() <= kept


def _list(value: object) -> list[object]:
    assert isinstance(value, list)
    return value


def test_the_people_are_listed(books: Callable[[Vault], VaultBook]) -> None:
    found = people(books(ScriptedVault({"people": [{"number": "7", "name": "花子"}]})))
    assert found
    assert [(person.number, person.name) for person in found] == [("7", "花子")]


@pytest.mark.parametrize("reply", [{}, {"people": 7}, {"people": [7]}, {"people": [{"number": "7"}]}])
def test_people_that_are_not_understood_are_none(
    books: Callable[[Vault], VaultBook], reply: Mapping[str, object]
) -> None:
    assert people(books(ScriptedVault(reply))) is None


def test_a_defect_of_one_who_asks_does_not_end_the_book(books: Callable[[Vault], VaultBook]) -> None:
    def stumble(_: Answer) -> None:
        raise RuntimeError

    book = books(ScriptedVault(YES, YES))
    book.verify("7", PIN, stumble)
    assert verify(book).verdict is Verdict.YES


def test_too_soon_is_answered_at_once_without_a_process() -> None:
    clock, vault = TurnedClock(), ScriptedVault(WRONG, YES)
    book = VaultBook(vault, clock)
    assert verify(book).verdict is Verdict.WRONG
    answers = list[Answer]()
    for _ in range(100):
        book.verify("8", PIN, answers.append)
    assert answers == [Answer(verdict=Verdict.WAIT, wait_seconds=16.0)] * 100
    clock.turn(GATE_MOST - 0.1)
    assert verify(book).verdict is Verdict.WAIT
    assert vault.asked == 1
    clock.turn(0.1)  # from here on the vault is asked, for somebody may have been reset
    assert verify(book).verdict is Verdict.YES
    book.close()


def test_pins_and_the_emergency_code_have_gates_of_their_own(books: Callable[[Vault], VaultBook]) -> None:
    book = books(ScriptedVault(WRONG, YES | {"staff": EMERGENCY, "name": ""}))
    assert verify(book).verdict is Verdict.WRONG
    assert verify(book, EMERGENCY).verdict is Verdict.YES
    assert verify(book).verdict is Verdict.WAIT


def test_a_try_that_was_queued_behind_a_wrong_one_is_not_looked_at() -> None:
    vault = ScriptedVault()
    book, answers = VaultBook(vault, TurnedClock()), queue.SimpleQueue[Answer]()
    book.verify("7", PIN, answers.put)
    assert vault.begun.get(timeout=PATIENCE) == "verify"
    book.verify("7", PIN, answers.put)
    vault.replies.put(WRONG)
    verdicts = [answers.get(timeout=PATIENCE).verdict for _ in range(2)]
    assert (verdicts, vault.asked) == ([Verdict.WRONG, Verdict.WAIT], 1)
    book.close()


def test_only_so_many_wait_and_closing_answers_them_all() -> None:
    vault = ScriptedVault()
    book, answers = VaultBook(vault, TurnedClock()), queue.SimpleQueue[Answer]()
    book.verify("7", PIN, answers.put)
    assert vault.begun.get(timeout=PATIENCE) == "verify"
    for _ in range(WAITING_MOST):
        book.verify("7", PIN, answers.put)
    assert answers.empty()
    book.verify("7", PIN, answers.put)
    assert answers.get(timeout=PATIENCE) == Answer(verdict=Verdict.WAIT, wait_seconds=1.0)
    book.close()
    assert [answers.get(timeout=PATIENCE) for _ in range(WAITING_MOST + 1)] == [BROKEN] * (WAITING_MOST + 1)
    book.verify("7", PIN, answers.put)
    assert answers.get(timeout=PATIENCE) == BROKEN
    assert people(book) is None


def test_closing_kills_a_vault_that_runs() -> None:
    with socket.create_server(("127.0.0.1", 0)) as waits:
        waits.settimeout(PATIENCE)
        port = waits.getsockname()[1]
        text = f"import socket; socket.create_connection(('127.0.0.1', {port})).recv(1)"
        book = VaultBook(Vault(dict(os.environ), [sys.executable, "-c", text]), TurnedClock())
        answers = queue.SimpleQueue[Answer]()
        book.verify("7", PIN, answers.put)
        runs, _ = waits.accept()
        with runs:
            book.close()
    assert answers.get(timeout=PATIENCE) == BROKEN
    assert "staff-book" not in {thread.name for thread in threading.enumerate()}
