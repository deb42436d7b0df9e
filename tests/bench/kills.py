"""``python -m tests.bench.kills --kills 500``: kill -9 at a random moment of a storm of sessions.

Each kill is followed by the proof with the keyring's own mark and first key; the first thing that is not
sound ends the run with an error.
"""

from __future__ import annotations

import argparse
import random
import sys

from tests.journal.killing import ground


def main() -> int:
    """Kill, prove, and print what was seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seed", type=int, default=None)
    options = parser.parse_args()
    chance = random.Random(options.seed)  # noqa: S311 -- moments, not secrets
    with ground() as place:
        kills = [place.kill_once(chance) for _ in range(options.kills)]
    torn = sum(killed.torn > 0 for killed in kills)
    ahead = sum(killed.unanchored > 0 for killed in kills)
    untold = sum(killed.last > killed.told for killed in kills)
    sys.stdout.write(
        f"{len(kills)} kills, {kills[-1].last} records: every proof sound, no durable record lost, no hole\n"
        f"a record torn: {torn} times; the files ahead of the keyring: {ahead} times; "
        f"records written that nobody was told of yet: {untold} times\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
