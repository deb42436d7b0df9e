"""The core and its parts, whatever becomes of their answers: every way is walked (`tests.support.explorer`).

How many citizens come, and how many faults come together on one way, stands in `_WALKS`. Further than a run
of all tests can go, for half an hour or more:

    GUARD_WALK_DEEP=1 .venv/bin/python -m pytest tests/test_core_protocol.py -k every_promise
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

import pytest

from guard.core import Core
from guard.session import machine
from guard.session.policy import OnRemoval, Policy
from guard.session.table import State
from tests.support.explorer import Explorer, PromiseBrokenError
from tests.support.protocol import World
from tests.support.wrong_machines import WRONG_MACHINES

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.core import _Uncovering
    from guard.journal.port import Ticket
    from tests.support.explorer import Walked

_WIPE, _HOLD = OnRemoval
_WALKS: Final = [(_WIPE, 3, 0), (_HOLD, 3, 0), (_WIPE, 2, 1), (_HOLD, 2, 1)]
"""The policy, how many citizens, how many faults."""
_DEEP: Final = [(_WIPE, 3, 1), (_HOLD, 3, 1), (_WIPE, 2, 2)]


def _walk(on_removal: OnRemoval, *, citizens: int, faults: int) -> Walked:
    return Explorer(World(Policy(on_removal=on_removal)), citizens=citizens, faults=faults).walk()


@pytest.mark.parametrize(
    ("on_removal", "citizens", "faults"), _WALKS + _DEEP * ("GUARD_WALK_DEEP" in os.environ)
)
def test_every_promise_is_kept_whatever_becomes_of_the_answers(
    on_removal: OnRemoval, citizens: int, faults: int
) -> None:
    """Late, lost, doubled, in any order; and with a fault, every state is reached after every citizen."""
    walked = _walk(on_removal, citizens=citizens, faults=faults)
    assert max(seen for _, seen in walked.reached) == citizens
    if faults:
        assert walked.reached >= {(state, seen) for state in State for seen in range(1, citizens + 1)}


# --- the walk can fail


_CAUGHT: Final = (
    "the card alone brings a held session back",
    "staff resume without the card",
    "a hold that is over brings the session back",
    "a late resume opens the next session",
    "a used capsule is taken for a spare",
    "a session begins while the last one is being wiped",
    "removal is taken for proof",
    "a swapped card is overlooked",
    "the end comes without a cover",
    "an end is declared and nobody is asked for it",
    "a failed wipe is not tried again",
    "a counter without a curtain stays ready",
    "a lost journal is no reason to end",
    "the spare is not replaced",
)
"""The wrong machines that break what the core and its parts promise together, with one fault at most; the
others break rules of the table alone, and `tests/session` catches them."""


@pytest.mark.parametrize("mistake", _CAUGHT)
def test_a_wrong_machine_breaks_a_promise(mistake: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, wrong in WRONG_MACHINES[mistake].items():
        monkeypatch.setattr(machine, name, wrong)
    with pytest.raises(PromiseBrokenError):
        _walk(OnRemoval.HOLD, citizens=2, faults=1)


def _at_once(_core: Core, _ticket: Ticket, deed: Callable[[], None]) -> None:
    deed()


def _whatever_was_asked_since(core: Core, asked: _Uncovering) -> None:
    core._covering.uncover(asked.window)


@pytest.mark.parametrize(
    ("method", "wrong"),
    [("_when_durable", _at_once), ("_uncover", _whatever_was_asked_since)],
    ids=["the core waits for no disk", "the core uncovers what was covered again meanwhile"],
)
def test_a_wrong_core_breaks_a_promise(
    method: str, wrong: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Core, method, wrong)
    with pytest.raises(PromiseBrokenError):
        _walk(OnRemoval.HOLD, citizens=2, faults=1)
