"""The page about the session says what the table says."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from guard.session import diagram
from guard.session import events as ev
from guard.session.table import TABLE, Card, Facts, State, learn

if TYPE_CHECKING:
    from collections.abc import Mapping

_PAGE = Path(__file__).parents[2] / "docs" / "session.md"


def test_the_committed_page_is_what_the_table_draws() -> None:
    """When it is not: python -m guard.session.diagram."""
    assert _PAGE.read_text(encoding="utf-8") == diagram.draw()
    assert diagram.PAGE == _PAGE


def test_every_event_and_state_is_on_the_page() -> None:
    """Nothing of the table is left out."""
    page = diagram.draw()
    assert [event for event in ev.EVENTS if page.count(f"| `{event.__name__}` |") != 2] == []
    assert [state for state in State if f"--> {state}:" not in page] == []


_KINDS: Mapping[str, object] = {
    "SessionId": ev.SessionId("…"),
    "StaffId": ev.StaffId("…"),
    "int": 0,
    "ReaderLoss": ev.ReaderLoss.SILENT,
    "EndedBy": ev.EndedBy.CITIZEN,
    "SystemChange": ev.SystemChange.LOCK,
}


@pytest.mark.parametrize("event", set(ev.EVENTS) - {type(telling) for telling in diagram.TELLING})
def test_an_event_that_is_not_drawn_between_sessions_changes_no_facts(event: type[ev.Event]) -> None:
    """The second diagram misses no event that could lead from one state to another."""
    sample = event(**{field.name: _KINDS[str(field.type)] for field in fields(event)})
    facts = Facts(swept=True, curtain=True, card=Card.ABSENT, spare=ev.SessionId("…"))
    assert learn(facts, sample) == facts


def test_a_wrong_table_draws_another_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page is drawn from the table, not remembered."""
    page = diagram.draw()
    monkeypatch.setattr(diagram, "TABLE", {**TABLE, State.ACTIVE: TABLE[State.HELD]})
    assert diagram.draw() != page
