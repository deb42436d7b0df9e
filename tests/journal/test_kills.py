"""kill -9 at a random moment: nothing durable is lost, nothing looks like damage.

`tests/bench/kills.py` does the same hundreds of times.
"""

from __future__ import annotations

import random

from tests.journal.killing import ground


def test_a_guard_killed_at_any_moment_leaves_a_sound_journal_without_a_hole() -> None:
    chance = random.Random()  # noqa: S311 -- moments, not secrets
    with ground() as place:
        kills = [place.kill_once(chance) for _ in range(8)]
    lasts = [killed.last for killed in kills]
    assert lasts == sorted(lasts)
    assert lasts[-1] > 0
