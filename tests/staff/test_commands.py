"""``guard staff`` as IT types it: at a terminal and in scripts."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import json
import os
import pty
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.staff.vault_lab import PIN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.staff.vault_lab import VaultLab

pytestmark = pytest.mark.chain
OTHER = "729305"


def at_terminal(lab: VaultLab, arguments: Sequence[str], dialogue: Sequence[tuple[str, str]]) -> str:
    """Run a command at a terminal of its own; type each answer when its question is there."""
    ours, theirs = pty.openpty()
    command = ["setsid", "--ctty", "--wait", sys.executable, "-P", "-m", "guard", *arguments]
    with subprocess.Popen(command, env=lab.environment, stdin=theirs, stdout=theirs, stderr=theirs):
        os.close(theirs)
        shown = b""
        for question, reply in dialogue:
            before = len(shown)
            while question.encode() not in shown[before:]:
                shown += os.read(ours, 4096)
            os.write(ours, f"{reply}\n".encode())
        while data := _read(ours):
            shown += data
    os.close(ours)
    return shown.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # EIO: nobody has the other end any more
        return b""


def test_at_a_terminal_the_pin_is_asked_twice_and_never_shown(lab: VaultLab) -> None:
    shown = at_terminal(
        lab, ["staff", "add", "7", "--name", "山田花子"], [("New PIN", PIN), ("Once more", PIN)]
    )
    assert "Number 7 (山田花子) is in the staff book." in shown
    assert PIN not in shown
    assert lab.verify(PIN) == "yes"


def test_at_a_terminal_two_different_pins_are_refused(lab: VaultLab) -> None:
    shown = at_terminal(
        lab, ["staff", "add", "7", "--name", "山田花子"], [("New PIN", PIN), ("Once more", OTHER)]
    )
    assert "guard: the two PINs are not the same." in shown
    assert PIN not in shown


def test_at_a_terminal_logout_shows_the_number_and_not_the_pin(lab: VaultLab) -> None:
    shown = at_terminal(lab, ["logout"], [("Staff number", "7"), ("PIN", PIN)])
    assert "guard: no guard is running for this account" in shown
    assert PIN not in shown
    shown = at_terminal(lab, ["logout"], [("Staff number", ""), ("Emergency code", "1234")])
    assert "1234" not in shown


def test_a_script_pipes_the_pin_in(lab: VaultLab) -> None:
    ended = lab.guard("staff", "add", "7", "--name", "山田花子", typed=f"{PIN}\n{PIN}\n")
    assert (ended.returncode, len(ended.stdout.splitlines()), ended.stderr) == (0, 1, "")
    assert lab.verify(PIN) == "yes"


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "nothing was typed."),
        (f"{PIN}\n", "nothing was typed."),
        (f"{PIN}\n{OTHER}\n", "the two PINs are not the same."),
        ("1234\n1234\n", "a PIN has 6 to 12 digits and nothing else."),
        ("123456\n123456\n", "this PIN counts up or down, which is easily guessed; take another one."),
    ],
)
def test_a_refused_pin_is_one_sentence_and_enrols_nobody(lab: VaultLab, typed: str, sentence: str) -> None:
    ended = lab.guard("staff", "add", "7", "--name", "山田花子", typed=typed)
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, "", f"guard: {sentence}\n")
    assert "Nobody is in the staff book." in lab.guard("staff", "list").stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["add"],
        ["add", "7"],
        ["add", "7", "--name", "x", "--expires", "tomorrow"],
        ["add", "7", "--name", "x", "--pin", PIN],
        ["expire", "7"],
        ["emergency", "--hours", "x"],
    ],
)
def test_wrong_usage_ends_with_2(lab: VaultLab, arguments: list[str]) -> None:
    assert lab.guard("staff", *arguments).returncode == 2


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["add", "seven", "--name", "x"], "a staff number has 1 to 8 digits and nothing else."),
        (
            ["add", "7", "--name", " "],
            "a name has 1 to 40 characters on one line, without spaces at its ends.",
        ),
        (
            ["add", "7", "--name", "x", "--expires", "2020-01-01"],
            "2020-01-01 is over already; give a later day.",
        ),
        (["reset", "8"], "there is no such number in the staff book; see guard staff list."),
        (["disable", "8"], "there is no such number in the staff book; see guard staff list."),
        (
            ["expire", "8", "--on", "2030-01-01"],
            "there is no such number in the staff book; see guard staff list.",
        ),
        (["emergency", "--hours", "0"], "an emergency code is valid for 1 to 168 hours."),
    ],
)
def test_what_is_refused_is_one_sentence(lab: VaultLab, arguments: list[str], sentence: str) -> None:
    ended = lab.guard("staff", *arguments, typed=f"{PIN}\n{PIN}\n")
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, "", f"guard: {sentence}\n")


def test_the_life_of_a_pin(lab: VaultLab) -> None:
    lab.enrol()
    assert lab.guard("staff", "disable", "7").returncode == 0
    assert lab.verify(PIN) == "wrong"
    again = lab.guard("staff", "reset", "7", typed=f"{PIN}\n{PIN}\n")
    assert again.stderr == "guard: this is the PIN of before; take another one.\n"
    assert lab.guard("staff", "reset", "7", typed=f"{OTHER}\n{OTHER}\n").returncode == 0
    assert lab.verify(OTHER) == "yes"
    assert lab.guard("staff", "expire", "7", "--on", "2020-01-01").returncode == 0
    assert lab.verify(OTHER) == "wrong"
    listed = json.loads(lab.guard("staff", "list", "--json").stdout)
    assert listed == {
        "staff": [
            {
                "number": "7",
                "name": "山田花子",
                "standing": "expired",
                "failures": 1,
                "expires": "2020-01-01",
            }
        ],
        "emergency": None,
    }
    title, line = lab.guard("staff", "list").stdout.splitlines()
    assert "番号 / Number" in title
    assert line.split() == ["7", "山田花子", "期限切れ", "/", "expired", "2020-01-01", "1"]


def test_the_emergency_code_is_printed_once_in_groups_of_four(lab: VaultLab) -> None:
    first, second = lab.guard("staff", "emergency", "--hours", "2").stdout.splitlines()
    assert [len(group) for group in first.split()] == [4, 4, 4, 4]
    assert "it is not shown again" in second
    listed = lab.guard("staff", "list").stdout
    assert "An emergency code is valid until" in listed
    assert not any(group in listed.split() for group in first.split())
    assert lab.verify(first, "emergency") == "yes"
