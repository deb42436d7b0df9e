"""A short soak of a real counter, and that a soak notices what it is there to notice."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import faulthandler
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.soak import counter as soaking
from tests.soak.happenings import DEEDS, LOGOUT_FAILS
from tests.soak.plan import Happening, Planned, plan
from tests.soak.run import Soak, WrongError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.soak.counter import Citizen, SoakCounter

pytestmark = pytest.mark.chain

SEED = 20260401


def test_two_hundred_citizens_with_everything_that_can_happen_leave_nothing_and_nothing_grows() -> None:
    faulthandler.cancel_dump_traceback_later()  # it is long, and tells by itself where it hangs
    told: list[str] = []
    Soak(tell=told.append).run(plan(SEED, 200), SEED, "embedded")
    assert told[-1] == "200 of 200 sessions"


@pytest.fixture
def soak(tmp_path: Path) -> Iterator[SoakCounter]:
    with soaking.soak_counter(tmp_path, "embedded") as counter:
        yield counter


def test_a_soak_notices_what_somebody_before_has_left(soak: SoakCounter) -> None:
    soak.site.head = "<script>document.cookie = 'lasting=somebody; max-age=99'</script>"
    first = soak.come()  # this one's page was made before
    soak.take_card(first)
    soak.wait_ready()
    soak.check_gone(first.number, LOGOUT_FAILS)
    with pytest.raises(AssertionError, match=r"the page found .*somebody"):
        soak.come()


def test_a_soak_notices_one_process_too_many_and_a_file_with_a_secret(
    soak: SoakCounter, tmp_path: Path
) -> None:
    base = soak.sample(0, None)
    with subprocess.Popen(["sleep", "600"], env=soak.one.environment) as stray:
        with pytest.raises(AssertionError, match="process: sleep"):
            soak.sample(1, base)
        stray.kill()
    soak.check_left()
    (tmp_path / "left").write_text(f"…{soak.prefix}abc", encoding="utf-8")
    with pytest.raises(AssertionError, match="a file has a secret"):
        soak.check_left()


def test_a_soak_that_finds_something_says_where_and_by_which_seed_it_comes_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def leave_a_mark(counter: SoakCounter, _citizen: Citizen) -> None:
        counter.site.marked.append("somebody")
        counter.reader.remove()

    monkeypatch.setattr("tests.soak.run.DEEDS", {**DEEDS, Happening.GUARD_END: leave_a_mark})
    planned = [Planned(41, Happening.GUARD_END), Planned(42, Happening.ORDINARY)]
    with pytest.raises(WrongError, match=r"session 42 \(ordinary\), seed 5: .*asked for with a cookie"):
        Soak(tell=lambda _: None).run(planned, 5, "embedded")
