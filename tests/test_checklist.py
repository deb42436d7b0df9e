"""The page for the first real PC asks what it must, has room for every answer, and touches no card."""

from __future__ import annotations

import ast
import re
from itertools import groupby
from pathlib import Path

from guard.journal.forward.events import IDS

PAGE = (Path(__file__).parent.parent / "docs" / "windows-checklist.md").read_text(encoding="utf-8")
STEPS = [
    tuple(cell.strip() for cell in line.split("|")[1:-1]) for line in re.findall(r"(?m)^\| [A-Z]\d.*$", PAGE)
]


def test_the_first_question_is_how_the_portals_app_connects_the_card() -> None:
    number, what, *_ = STEPS[0]
    assert number == "A1"
    assert all(word in what for word in ("マイナポータルアプリ", "共有", "独占"))


def test_every_step_has_what_to_do_what_should_happen_and_room_for_what_was_seen() -> None:
    for number, *cells in STEPS:
        assert [bool(cell) for cell in cells] == [True, True, False], number


def test_no_number_of_a_step_is_left_out_or_given_twice() -> None:
    for letter, steps in groupby((step[0] for step in STEPS), key=lambda number: number[0]):
        numbers = list(steps)
        assert numbers == [f"{letter}{count}" for count in range(1, len(numbers) + 1)]


def test_the_short_list_for_further_pcs_names_steps_that_are_there() -> None:
    (short,) = re.findall(r"(?m)^\d+\. 次の1台からは、(.*?) ?だけを試します。$", PAGE)
    assert set(short.split("・")) < {step[0] for step in STEPS}


def test_the_numbers_of_events_are_those_that_are_written() -> None:
    (row,) = [step for step in STEPS if "ソース MadoguchiGuard" in step[1]]
    asked = {int(number) for number in re.findall(r"\b1\d\d\b", row[2])}
    assert asked == {IDS[kind] for kind in ("start", "covered", "receipt")}


def test_the_trial_of_the_reader_only_looks_and_connects_to_no_card() -> None:
    (program,) = re.findall(r"(?ms)^```python\n(.*?)^```", PAGE)
    called = {
        node.func.id
        for node in ast.walk(ast.parse(program))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert called == {"SCardEstablishContext", "SCardListReaders", "SCardGetStatusChange", "print"}
