"""What the IT section finds in the Application log about a guard that nobody sees."""

from __future__ import annotations

import sys

assert sys.platform == "win32"

import pytest
import win32evtlog

from guard.ground.windows.rights import own_sid
from guard.keeper.keepers_line import KeepersEnd
from guard.keeper.line import GuardsEnd
from guard.keeper.line_names import LineNames
from guard.machine import ThisMachine

Noted = list[tuple[object, object]]


@pytest.fixture
def noted(monkeypatch: pytest.MonkeyPatch) -> Noted:
    """Kind and texts of whatever is reported from now on."""
    found: Noted = []
    monkeypatch.setattr(win32evtlog, "ReportEvent", lambda *words: found.append((words[1], words[5])))
    return found


def test_a_guard_that_was_started_by_hand_writes_no_note(noted: Noted) -> None:
    ThisMachine({}).refused("why")
    assert noted == []


def test_a_guard_that_the_keeper_started_notes_why_it_does_not_run(
    noted: list[tuple[object, object]],
) -> None:
    keeper = KeepersEnd(LineNames.new(60), own_sid())
    try:
        machine = ThisMachine(keeper.variables)
        machine.refused("guard.toml: is not valid TOML")
        line = machine.supervisor()
        assert isinstance(line, GuardsEnd)
        line.close()
    finally:
        keeper.close()
    assert noted == [(win32evtlog.EVENTLOG_ERROR_TYPE, ["Guard: guard.toml: is not valid TOML", ""])]
