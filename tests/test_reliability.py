"""docs/reliability.md says of every fault what its test expects, and names no test that does not exist."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import ast
import re
from typing import TYPE_CHECKING

import pytest

from guard import core, covering
from guard.browser import capsule, pool
from guard.browser.site import LogoutRecipe
from guard.containers import bounds
from guard.journal import anchor, sealed
from guard.journal.forward.messages import Timing
from guard.journal.forward.trouble import TROUBLE_SECONDS
from guard.keyring import kept
from guard.readers import pcsc
from guard.screens.curtain import CurtainSetup
from guard.screens.curtain_window import CORE_SILENT
from guard.screens.stage import Stage
from guard.session.effects import AlertKind
from guard.settings.model import Language
from guard.staff import throttle, vault_client
from tests.chain.faults import stage
from tests.chain.faults.faults import ELSEWHERE, FAULTS, Elsewhere, Fault, Kind, Part
from tests.chain.faults.stage import STATES
from tests.chain.test_faults import CELLS
from tests.test_docs import ROOT, table, text, words

if TYPE_CHECKING:
    from collections.abc import Mapping

RELIABILITY = ROOT / "docs" / "reliability.md"
ROWS: tuple[Fault | Elsewhere, ...] = (*FAULTS, *ELSEWHERE)
KINDS = {
    "killed": Kind.KILLED,
    "stopped": Kind.STOPPED,
    "slow": Kind.SLOW,
    "full or absent": Kind.FULL,
    "restarted": Kind.RESTARTED,
    "gone for good": Kind.GONE,
}
_SLOW = (stage._STOPPED_SECONDS,)
_LOGOUT = LogoutRecipe(done="").deadline_ms / 1000
_CURTAIN = CurtainSetup(stage=Stage(), language=Language.JA).painted_seconds
_BACK_OFF = (pool.BACK_OFF_FIRST, pool.BACK_OFF_MOST)
_SERVICE = (pcsc.BACKOFF_FIRST, pcsc.BACKOFF_LONGEST)
TIMES: Mapping[str, tuple[float, ...]] = {
    "core-stopped": (CORE_SILENT, core.CURTAIN_PAUSE),
    "core-slow": _SLOW,
    "curtain-killed": (core.CURTAIN_PAUSE,),
    "curtain-stopped": (_CURTAIN, core.CURTAIN_CHECK),
    "curtain-slow": _SLOW,
    "curtain-gone": (core.CURTAIN_PAUSE,),
    "capsule-killed": _BACK_OFF,
    "capsule-stopped": (capsule.BEGUN_WITHIN, _LOGOUT),
    "capsule-slow": _SLOW,
    "capsule-gone": _BACK_OFF,
    "container-killed": _BACK_OFF,
    "container-stopped": (_LOGOUT,),
    "vault-killed": (throttle.wait_after(1), throttle.LONGEST_WAIT),
    "vault-stopped": (vault_client.TIMEOUT,),
    "vault-slow": (*_SLOW, vault_client.TIMEOUT),
    "pcscd-killed": _SERVICE,
    "pcscd-stopped": (pcsc.HEARTBEAT + core.SILENCE,),
    "pcscd-slow": _SLOW,
    "pcscd-restarted": _SERVICE,
    "reader-gone": _SERVICE,
    "display-stopped": (core.RETRY_WIPE, core.RETRY_WIPE_MOST),
    "display-slow": _SLOW,
    "keeper-stopped": (kept.PATIENCE,),
    "keeper-gone": (anchor.RETRY_SECONDS,),
    "keyring-full": (anchor.RETRY_SECONDS,),
    "disk-stopped": (core.STALLED_AFTER,),
    "disk-full": (sealed.RETRY_SECONDS,),
    "clock-restarted": (core.PULSE,),
    "memory-full": (bounds.LOOK_AGAIN,),
    "network-killed": _BACK_OFF,
    "network-stopped": (pool.WARM_WITHIN, *_BACK_OFF),
    "network-slow": _SLOW,
    "network-gone": _BACK_OFF,
    "syslog-killed": (TROUBLE_SECONDS, Timing().first_pause, Timing().longest_pause),
}
"""s, as they stand in a row about what people see."""
SECONDS = {"ms": 0.001, "s": 1.0, "minutes": 60.0}


def _times(row: tuple[str, ...]) -> list[float]:
    found = re.findall(r"([\d.]+)(?:–([\d.]+))? (ms|s|minutes)\b", " | ".join(row))
    return [float(number) * SECONDS[unit] for *numbers, unit in found for number in numbers if number]


def _heads(first: str) -> list[str]:
    (found,) = re.findall(rf"(?m)^\| {first} \| (.*) \|$", text(RELIABILITY))
    return str(found).split(" | ")


def _reason(cell: str) -> str:
    found = re.fullmatch(r"– (\w+)", cell)
    assert found, f"{cell!r} is neither a test nor a word that says why there is none"
    return found[1]


def _numbered() -> dict[str, str]:
    """Return the tests of other files by the numbers that stand for them."""
    return {f"({number})": test for number, test in re.findall(r"(?m)^(\d+)\. `(.+)`$", text(RELIABILITY))}


def _proofs(row: Fault | Elsewhere) -> dict[str, str]:
    """Return what each cell of this row has to be."""
    if isinstance(row, Fault):
        return {state: f"`{reached}`" for state, reached in row.comes_to.items()}
    numbers = {test: number for number, test in _numbered().items()}
    return {state: numbers[test] for state, test in row.tests.items()}


def test_no_fault_stands_there_twice() -> None:
    assert len({row.name for row in ROWS}) == len(ROWS)


def test_every_part_and_every_fault_has_a_row_or_a_word_that_says_why_not() -> None:
    assert [KINDS[head] for head in _heads("part")] == list(Kind)
    rows = table("part", RELIABILITY)
    assert list(rows) == list(Part)
    legend = set(table("word", RELIABILITY))
    for part, cells in rows.items():
        for kind, cell in zip(Kind, cells, strict=True):
            shown = (part, kind) in {(row.part, row.kind) for row in ROWS}
            assert cell == "✓" if shown else _reason(cell) in legend, f"{part} {kind}"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_cell_says_what_its_test_expects_or_why_there_is_none(row: Fault | Elsewhere) -> None:
    assert _heads("fault") == list(STATES)
    proofs, legend = _proofs(row), set(table("word", RELIABILITY))
    for state, cell in zip(STATES, table("fault", RELIABILITY)[row.name], strict=True):
        assert cell == proofs[state] if state in proofs else _reason(cell) in legend, state


def test_what_people_see_is_told_of_every_fault_and_of_no_other() -> None:
    told, cells = table("what fails", RELIABILITY), table("fault", RELIABILITY)
    assert set(told) == set(cells) == {row.name for row in ROWS}
    assert all(cell for row in told.values() for cell in row)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_every_alert_that_is_told_of_is_one_that_its_test_waits_for(fault: Fault) -> None:
    row = table("what fails", RELIABILITY)[fault.name]
    waited = {alert for state, alerts in fault.alerts.items() if state in fault.comes_to for alert in alerts}
    assert words(" | ".join(row)) & set(AlertKind) == waited


def test_every_time_is_the_one_in_the_code() -> None:
    found = {name: _times(row) for name, row in table("what fails", RELIABILITY).items()}
    assert {name: times for name, times in found.items() if times} == {
        name: pytest.approx(times) for name, times in TIMES.items()
    }
    assert f"beyond {capsule.MEMORY >> 30} GiB" in text(RELIABILITY)
    assert f"more than {core.CLOCK_DRIFT.seconds} s between two looks" in text(RELIABILITY)
    busy = f"its {covering.COVER_WITHIN * 1000:g} ms and a browser its {capsule.BEGUN_WITHIN:g} s"
    assert busy in text(RELIABILITY)


def test_every_word_of_the_legend_is_used() -> None:
    cells = [
        cell for first in ("part", "fault") for row in table(first, RELIABILITY).values() for cell in row
    ]
    assert {_reason(cell) for cell in cells if cell.startswith("–")} == set(table("word", RELIABILITY))


def test_every_test_that_is_named_exists() -> None:
    named = {word for word in words(text(RELIABILITY)) if "::" in word}
    assert set(_numbered().values()) == {test for row in ELSEWHERE for test in row.tests.values()}
    assert len(named) > len(ELSEWHERE)
    for test in named:
        path, _, name = test.partition("::")
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, test


def test_every_cell_that_names_a_state_is_run() -> None:
    run = {(fault.name, state) for fault, state in CELLS}
    shown = {
        (name, state)
        for name, cells in table("fault", RELIABILITY).items()
        for state, cell in zip(STATES, cells, strict=True)
        if cell.startswith("`")
    }
    assert run == shown
