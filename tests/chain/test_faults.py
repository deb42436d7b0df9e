"""Whatever fails in whatever state: covered, nothing of A for B, and the counter serves again."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import time
from typing import TYPE_CHECKING

import pytest

from tests.chain.faults.faults import DEAD, FAULTS, Fault, Kind, Part, Then
from tests.chain.faults.stage import Stage
from tests.support.hostile import hostile_site

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.pcsc import VirtualReader

pytestmark = pytest.mark.chain
pytest_plugins = ("tests.support.pcsc",)

CELLS = [(fault, state) for fault in FAULTS for state in fault.comes_to]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, lasting_reader: VirtualReader) -> Iterator[Stage]:
    with hostile_site() as site:
        stage = Stage(tmp_path_factory.mktemp("stage"), lasting_reader, site)
        yield stage
        stage.end()


def _what_people_do(stage: Stage, then: Then) -> None:
    match then:
        case Then.CARD:
            stage.move_card()
        case Then.END:
            stage.one.ask(cmd="end")
        case Then.COVER:
            stage.one.ask(cmd="cover")


def _b_comes(stage: Stage, since: float) -> None:
    """The counter serves again, A is proven gone, and B finds nothing of them."""
    stage.serve_again()
    stage.wiped()
    if stage.session:
        stage.capsule_is_gone()
    stage.nothing_is_left(since)
    stage.site.forget()
    stage.come()


@pytest.mark.parametrize(
    ("fault", "state"), [pytest.param(fault, state, id=f"{fault.name}-{state}") for fault, state in CELLS]
)
def test_a_fault_leaves_the_screen_covered_and_nothing_to_the_next_citizen_whom_the_counter_serves(
    stage: Stage, fault: Fault, state: str
) -> None:
    began = time.time()
    stage.bring_to(state)
    then, reached = fault.then.get(state, Then.NOTHING), fault.comes_to[state]
    with fault.inflict(stage):
        stage.slow = fault.kind is Kind.SLOW
        if then is Then.SERVE:
            _b_comes(stage, began)
            if fault.kind is not Kind.SLOW:
                stage.ended_only_when_asked()
        else:
            _what_people_do(stage, then)
            if reached != DEAD:
                stage.comes_to(reached, mute=fault.mute)
            if not fault.blind:
                stage.covered(said=fault.part is not Part.CORE)
            if state not in fault.keeps:
                stage.capsule_is_gone()
    stage.slow = False
    if then is not Then.SERVE:
        _b_comes(stage, began)
    stage.alerted(fault.alerts.get(state, ()), fault.besides)
    stage.in_order = True
