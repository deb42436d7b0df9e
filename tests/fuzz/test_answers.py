"""What vault, errand and guard answer, and what the staff book holds: understood, or the right error."""

from __future__ import annotations

import contextlib
import json
import sys
from typing import TYPE_CHECKING, Any, Final, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.browser.managed.forced import forced_extensions
from guard.control.protocol import opened
from guard.errors import BrokenPromiseError, ConfigError, MachineError
from guard.journal.standing import Standing
from guard.keyring.kept import KeptStore
from guard.printing.cups import Errands
from guard.staff import people, vault
from guard.staff.vault_client import _only_line, _read_answer, _read_people
from tests.support.fuzz import FUZZED, anything, bent, bent_object, corpus, is_sentence, or_refused
from tests.support.memory_store import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_YES: Final = {"verdict": "yes", "staff": "7", "name": "見本", "wait_seconds": 0.0, "locked": False}
_PEOPLE: Final = {"people": [{"number": "7", "name": "見本"}]}


@FUZZED
@given(output=bent("vault"))
def test_any_output_of_the_vault_is_understood_or_a_machine_error(output: bytes) -> None:
    with or_refused(MachineError):
        reply = _only_line(output)
        _read_answer(reply, "7")
        _read_people(reply)


@FUZZED
@given(reply=bent_object(_YES))
def test_any_answer_about_a_pin_is_understood_or_a_machine_error(reply: dict[str, object]) -> None:
    with or_refused(MachineError):
        answer = _read_answer(reply, "7")
        assert answer.staff in {"7", None}
        assert 0 <= answer.wait_seconds < float("inf")


@FUZZED
@given(reply=bent_object(_PEOPLE), people=anything)
def test_any_list_of_staff_is_understood_or_a_machine_error(reply: dict[str, object], people: object) -> None:
    for each in (reply, {"people": people}, {"people": [people]}):
        with contextlib.suppress(MachineError):
            _read_people(each)


@FUZZED
@given(request=st.builds(bytes.__add__, bent("vault"), st.just(b"\n")))
def test_any_request_to_the_vault_is_answered_and_the_answer_can_be_sent(request: bytes) -> None:
    """Answered by a keyring that costs nothing; `guard.staff.vault.main` sends it as UTF-8."""

    @contextlib.contextmanager
    def opened(*_: object) -> Iterator[MemoryStore]:
        yield MemoryStore()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vault, "opened", opened)
        reply = vault.answer(request[: vault.LINE_MOST], {"HOME": "/home/nobody"})
    json.dumps(reply, ensure_ascii=False).encode()
    refused = reply.get("refused")
    assert refused is None or is_sentence(str(refused))


_ITEMS: Final[tuple[Callable[[str], object], ...]] = (
    people.read_person,
    people.read_counter,
    people.read_code,
    people.read_index,
)


@FUZZED
@given(item=bent("book"))
def test_any_item_of_the_staff_book_is_read_or_damaged(item: bytes) -> None:
    for read in _ITEMS:
        with contextlib.suppress(MachineError):
            read(item.decode(errors="replace"))


@FUZZED
@given(mark=bent("mark"))
def test_any_mark_of_the_journal_is_read_or_none(mark: bytes) -> None:
    with contextlib.suppress(ValueError):
        Standing.read(mark.decode(errors="replace"))


@FUZZED
@given(line=bent("answer"))
def test_any_answer_of_the_guard_is_understood_or_the_right_error(line: bytes) -> None:
    with contextlib.suppress(ConfigError, BrokenPromiseError):
        opened(line)


def _errand(output: bytes) -> None:
    """Let an errand answer so."""
    says = f"import sys; sys.stdout.buffer.write({output!r})"
    errands = Errands({}, (sys.executable, "-I", "-S", "-c", says))
    with or_refused(MachineError):
        errands.erase("a", 20.0)


@settings(FUZZED, max_examples=15)
@given(output=bent("errand"))
def test_any_answer_of_an_errand_is_understood_or_a_machine_error(output: bytes) -> None:
    _errand(output)


def test_whatever_once_went_wrong_is_understood_or_a_machine_error() -> None:
    for output in corpus("errand"):
        _errand(output)
    for line in corpus("answer"):
        with contextlib.suppress(ConfigError, BrokenPromiseError):
            opened(line)


def test_a_keyring_of_brackets_only_is_a_machine_error(tmp_path: Path) -> None:
    says = "import sys; sys.stdin.readline(); print('[' * 9000, flush=True)"
    with (
        KeptStore({}, tmp_path, (sys.executable, "-I", "-S", "-c", says)) as store,
        pytest.raises(MachineError, match="keyring"),
    ):
        store.read("standing")


def test_a_policy_of_brackets_only_forces_nothing(tmp_path: Path) -> None:
    (tmp_path / "brackets.json").write_bytes(corpus("answer")[0])
    assert forced_extensions(tmp_path) == frozenset()


def test_a_right_answer_is_understood() -> None:
    """So the corpora hold what is right, too."""
    assert _read_answer(_only_line(json.dumps(_YES).encode() + b"\n"), "7").staff == "7"
    assert cast("Any", opened(corpus("answer")[-1])) == {"state": "READY"}
