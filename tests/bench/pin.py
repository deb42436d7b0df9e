"""What a PIN costs, and whether the time tells a wrong number from a wrong PIN.

    .venv/bin/python -m tests.bench.pin [--tries 40]

Real parts: argon2id with the product's parameters; the whole vault process with a private D-Bus and
gnome-keyring. Before each try the staff book's files are put back as they were, so that no try has to wait
and all begin alike. Each round has one try of each kind, in random order.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import shutil
import statistics
import time
from typing import TYPE_CHECKING

from guard.secret import Secret
from guard.staff.hashing import MEMORY_KIB, PASSES, Argon2Hasher
from tests.staff.vault_lab import PIN, VaultLab, vault_lab

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SHUFFLES = 20_000
WRONG = "729305"


def distribution(name: str, milliseconds: Sequence[float]) -> str:
    found = sorted(milliseconds)
    p99 = found[min(len(found) - 1, int(0.99 * len(found)))]
    return (
        f"{name:32} n={len(found)} p50={statistics.median(found):.1f} ms "
        f"p99={p99:.1f} ms max={found[-1]:.1f} ms"
    )


def p_value(one: Sequence[float], other: Sequence[float], dice: random.Random) -> float:
    """How often a random split of the same times has medians at least as far apart (two-sided)."""
    seen = abs(statistics.median(one) - statistics.median(other))
    together, far = [*one, *other], 0
    for _ in range(SHUFFLES):
        dice.shuffle(together)
        apart = statistics.median(together[: len(one)]) - statistics.median(together[len(one) :])
        far += abs(apart) >= seen
    return (far + 1) / (SHUFFLES + 1)


def hashes(tries: int) -> list[float]:
    hasher = Argon2Hasher()
    hashed = hasher.hash(Secret(PIN))
    return [_milliseconds(lambda: hasher.verify(hashed, Secret(WRONG))) for _ in range(tries)]


class Tries:
    """Whole tries at a staff book that is always as it was at the start."""

    def __init__(self, lab: VaultLab) -> None:
        self._lab = lab
        self._kept = lab.folder.parent / "kept"
        lab.enrol("7")
        lab.verify(PIN)
        shutil.copytree(lab.folder, self._kept)

    def milliseconds(self, number: str, pin: str, expected: str) -> float:
        shutil.rmtree(self._lab.folder)
        shutil.copytree(self._kept, self._lab.folder)
        return _milliseconds(lambda: self._expect(number, pin, expected))

    def _expect(self, number: str, pin: str, expected: str) -> None:
        verdict = self._lab.verify(pin, number)
        if verdict != expected:
            raise AssertionError(f"{verdict} instead of {expected}")


def _milliseconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1000


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--tries", type=int, default=40)
    tries: int = options.parse_args().tries
    dice = random.Random(20260401)  # noqa: S311 -- the order of tries
    print(f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} CPUs")
    print(f"argon2id, {MEMORY_KIB // 1024} MiB, {PASSES} passes, 1 thread")
    print(distribution("argon2id verify", hashes(tries)))

    times: dict[str, list[float]] = {"right PIN": [], "wrong PIN": [], "wrong number": []}
    kinds = {
        "right PIN": ("7", PIN, "yes"),
        "wrong PIN": ("7", WRONG, "wrong"),
        "wrong number": ("8", WRONG, "wrong"),
    }
    with vault_lab() as lab:
        whole = Tries(lab)
        for _ in range(tries):
            for kind in dice.sample(sorted(kinds), len(kinds)):
                times[kind].append(whole.milliseconds(*kinds[kind]))
    for kind, found in times.items():
        print(distribution(f"whole vault process, {kind}", found))
    number, pin = times["wrong number"], times["wrong PIN"]
    ratio = statistics.median(number) / statistics.median(pin)
    print(
        f"wrong number / wrong PIN: ratio of medians {ratio:.3f}, permutation test of the difference of "
        f"medians p={p_value(number, pin, dice):.2f} ({SHUFFLES} shuffles, two-sided; n={tries} each)"
    )


if __name__ == "__main__":
    main()
