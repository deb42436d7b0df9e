"""What a record costs to append and to prove, and whether that stays so as the journal grows.

    nice -n 19 .venv/bin/python -m tests.bench.journal [--records 1000000]

Real parts: the guard's writer on a real disk, a day to each tenth, so that the days before are packed
meanwhile; only the keyring is in memory. CPU time is the process's, packing and all; the proof is timed by
it, because the machine may have more to do. The proof is compared with what it cannot do without: reading the
same files, and the SHA-256 and HMAC of the same lines, with nothing looked at.
"""

from __future__ import annotations

import argparse
import hmac
import multiprocessing
import platform
import statistics
import tempfile
import time
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from guard.journal.anchor import Anchor
from guard.journal.chain import next_key
from guard.journal.packing import BLOCK, unpacked
from guard.journal.sealed import SealedJournal
from guard.journal.segments import segments
from guard.journal.verify import verify
from guard.session.events import SessionId
from tests.journal.ear import Ear
from tests.support.clock import TurnedClock
from tests.support.memory_store import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection

    from guard.journal.port import Ticket
    from guard.journal.standing import FirstKey, Standing

SLICES = 10
BATCH = 500
ALONE = 200
"""Records of each slice that are waited for one by one, as the guard waits before the counter is ready."""
DAY = 86_400.0


class Desk:
    """Appends ordinary records with the real writer."""

    def __init__(self, folder: Path) -> None:
        self.anchor = Anchor(MemoryStore())
        self.clock = TurnedClock()
        self._ear = Ear()
        self.journal = SealedJournal(folder, self.anchor, self.clock, self._ear, 1095)

    def slice(self, records: int) -> tuple[float, float, float]:
        """Append so many; return µs and µs of CPU of each, and ms until one that is alone is durable."""
        rest = records - ALONE
        begun, worked = time.perf_counter(), time.process_time()
        for start in range(0, rest, BATCH):
            self._ear.wait_durable([self._record(number) for number in range(min(BATCH, rest - start))][-1])
        batched, worked = time.perf_counter() - begun, time.process_time() - worked
        alone = list[float]()
        for number in range(ALONE):
            begun = time.perf_counter()
            self._ear.wait_durable(self._record(number))
            alone.append(time.perf_counter() - begun)
        return 1e6 * batched / rest, 1e6 * worked / rest, 1e3 * statistics.median(alone)

    def _record(self, number: int) -> Ticket:
        session = SessionId("5eafc0de" * 4)
        state: dict[str, str] = {"before": "READY", "after": "ACTIVE", "cause": "card_present"}
        return self.journal.record("state", session, **state, counter=number, handled_ms=0.437)


def blocks(folder: Path) -> Iterator[bytes]:
    for segment in segments(folder):
        with segment.path.open("rb") as file:
            yield from unpacked(file) if segment.packed else iter(partial(file.read, BLOCK), b"")


def split(folder: Path) -> Iterator[list[bytes]]:
    rest = b""
    for block in blocks(folder):
        *lines, rest = (rest + block).split(b"\n")
        yield lines


def read_only(folder: Path) -> int:
    return sum(map(len, split(folder)))


def floor(folder: Path, key: bytes) -> int:
    count = 0
    for lines in split(folder):
        count += len(lines)
        for line in lines:
            sha256(line).hexdigest()
            hmac.digest(key, line, "sha256")
            key = next_key(key)
    return count


def peak_kib(folder: Path, standing: Standing | None, first_key: FirstKey | None) -> int:
    """Return the peak memory of a process of its own that proves this journal."""
    spawn = multiprocessing.get_context("spawn")
    here, there = spawn.Pipe()
    process = spawn.Process(target=_prove, args=(there, folder, standing, first_key))
    process.start()
    found = int(here.recv())
    process.join()
    return found


def _prove(out: Connection, folder: Path, standing: Standing | None, first_key: FirstKey | None) -> None:
    if verify(folder, standing, first_key).problems:
        raise AssertionError("the journal is not sound")
    status = Path("/proc/self/status").read_text("ascii").splitlines()
    out.send(next(line.split()[1] for line in status if line.startswith("VmHWM")))


def row(name: str, deed: Callable[[], int], records: int) -> None:
    begun = time.process_time()
    found = deed()
    took = time.process_time() - begun
    if found != records:
        raise AssertionError(f"{name}: {found} of {records} records")
    print(f"  {name:58} {1e6 * took / records:6.2f} µs/record {records / took:10,.0f} records/s")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--records", type=int, default=1_000_000)
    each = parser.parse_args().records // SLICES
    if each < 2 * ALONE:
        parser.error(f"--records must be at least {2 * ALONE * SLICES}")
    records = each * SLICES
    print(f"{platform.machine()}, {platform.system()}, Python {platform.python_version()}")
    with tempfile.TemporaryDirectory(prefix="journal") as name:
        folder = Path(name) / "journal"
        desk = Desk(folder)
        print(f"append, {BATCH} at a time, and {ALONE} one by one; a new day, and the one before is packed:")
        memory = list[tuple[int, int]]()
        for number in range(SLICES):
            batched, worked, alone = desk.slice(each)
            print(
                f"  records to {(number + 1) * each:9,}: {batched:6.1f} µs each, {worked:6.1f} µs of CPU;"
                f" alone {alone:6.2f} ms (median)"
            )
            if number == 0:
                peak = peak_kib(folder, desk.anchor.standing(), desk.anchor.first_key())
                memory.append((each, peak))
            if number < SLICES - 1:
                desk.clock.turn(DAY)
        desk.journal.close()
        mark, key = desk.anchor.standing(), desk.anchor.first_key()
        if key is None:
            raise AssertionError("a new journal has a first key")
        size = sum(segment.path.stat().st_size for segment in segments(folder))
        print(f"prove {records:,} records, {size / 1e6:,.0f} MB in {SLICES} files, all but one packed (CPU):")
        row("read, unpack and split only", lambda: read_only(folder), records)
        row(
            "  and SHA-256, HMAC and the next key of each line: floor",
            lambda: floor(folder, key.key),
            records,
        )
        row("verify with the first key", lambda: verify(folder, mark, key).records, records)
        row("verify without it: chain and mark", lambda: verify(folder, mark, None).records, records)
        memory.append((records, peak_kib(folder, mark, key)))
        print("peak memory of a process that proves:")
        for count, kib in memory:
            print(f"  {count:9,} records: {kib / 1024:6.1f} MiB")


if __name__ == "__main__":
    main()
