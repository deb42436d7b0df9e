"""How fast the main job is done, seen from outside, beside a bare C client of PC/SC in the same run.

    .venv/bin/python -m tests.bench.main_job [--sessions 100] [--cold 20] [--json FILE]

Real parts: pcscd with an event-driven virtual reader (see tests/support/virtual_reader.c), Xvfb, ``guard
run``, a real browser engine. Three witnesses that know nothing of the guard: the bare client says when PC/SC
reported, an X client looks at the whole picture a thousand times a second, and the journal says when the wipe
was proven. All figures are milliseconds of CLOCK_MONOTONIC. In the sessions the next citizen's browser is
warm before the card is taken; cold is the first session of a guard just started, whose card is taken as soon
as the portal is seen.
"""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import argparse
import json
import os
import platform
import subprocess
import tempfile
import threading
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from guard.browser.site import BrowserKind
from guard.clock import SystemClock
from guard.containers.processes import taken
from tests.support.counter import Counter, counter
from tests.support.pcsc import VirtualReader, build_driver
from tests.support.site import PORTAL_COLOUR, web_site
from tests.support.xvfb import Xvfb

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.counter import Record

HERE = Path(__file__).parent
PATIENCE_MS = 20_000
IDLE_SECONDS = 60.0
SETTLE_SECONDS = 15.0
"""Until the last spare has done with starting."""


class Witness:
    """A helper program that answers in lines."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin
        assert process.stdout
        self._in: IO[str] = process.stdin
        self._out: IO[str] = process.stdout

    def ask(self, question: str) -> float:
        """Ask, and return when it began to watch."""
        print(question, file=self._in, flush=True)
        return self._until("watching")

    def answer(self) -> float:
        return self._until("done")

    def outcome(self) -> float | None:
        """Return when it saw what it watches for, None when it waited in vain."""
        for line in self._out:
            first, second = line.split()
            if first in {"done", "timeout"}:
                return float(second) if first == "done" else None
        raise AssertionError("the observer died")

    def _until(self, word: str) -> float:
        for line in self._out:
            first, second = line.split()
            if first == word:
                return float(second)
            if first == "timeout":
                raise AssertionError(f"the observer waited in vain for {word}")
        raise AssertionError("the observer died")

    def report(self, what: str) -> float:
        """Return the time of the bare client's next report of this kind."""
        for line in self._out:
            at, kind = line.split()
            if kind == what:
                return float(at)
        raise AssertionError("the bare client died")


@dataclass(frozen=True, slots=True)
class Figure:
    """A distribution in milliseconds."""

    name: str
    n: int
    p50: float
    p99: float
    max: float


def figure(name: str, values: list[float]) -> Figure:
    """Summarise; p99 is the smallest value that 99 % do not exceed."""
    ordered = sorted(values)

    def at(share: float) -> float:
        return ordered[min(len(ordered) - 1, max(0, -(-int(share * len(ordered) * 100) // 100) - 1))]

    return Figure(name, len(values), round(at(0.5), 2), round(at(0.99), 2), round(ordered[-1], 2))


@contextmanager
def witnesses(folder: Path, environment: dict[str, str], reader: str) -> Iterator[tuple[Witness, Witness]]:
    for name, flags in (
        ("observer", ["-lX11", "-lXext"]),
        ("bare_client", ["-I/usr/include/PCSC", "-lpcsclite"]),
    ):
        subprocess.run(["gcc", "-O2", "-o", folder / name, HERE / f"{name}.c", *flags], check=True)
    with ExitStack() as stack:
        processes = [
            stack.enter_context(
                subprocess.Popen(
                    command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
                )
            )
            for command in ([str(folder / "observer")], [str(folder / "bare_client"), reader])
        ]
        for process in processes:
            stack.callback(process.kill)
        yield Witness(processes[0]), Witness(processes[1])


def _sessions(one: Counter, observer: Witness, bare: Witness, count: int) -> dict[str, list[float]]:
    names = (
        "bare C client: card taken -> PC/SC reported",
        "the observer's own bare window mapped -> no portal pixel",
        "PC/SC reported -> no portal pixel on the screen",
        "the core's own view: cover asked for -> confirmed by the X server",
        "PC/SC reported -> wiped and verified (without the portal's logout)",
        "PC/SC reported -> READY again (without the portal's logout)",
        "portal's own logout (loopback site)",
        "card laid: PC/SC reported -> portal seen",
    )
    values: dict[str, list[float]] = {name: [] for name in names}
    floor, bare_window, cover, confirmed, wiped, ready, logout, seen = values.values()
    colour = f"{PORTAL_COLOUR:06x}"
    for _ in range(count):
        one.until(lambda: bool(one.status()["capsule"]["warm"]), "a warm spare")  # type: ignore[index]
        before = one.now()
        observer.ask(f"seen {colour} {PATIENCE_MS}")
        one.reader.insert()
        seen.append(observer.answer() - bare.report("present"))
        one.wait_state("ACTIVE", after=before)
        one.until(lambda: bool(one.status()["capsule"]["warm"]), "the next spare, warmed in the session")  # type: ignore[index]
        mapped = observer.ask(f"bare {colour} {PATIENCE_MS}")
        bare_window.append(observer.answer() - mapped)
        observer.ask(f"seen {colour} {PATIENCE_MS}")
        observer.answer()
        observer.ask(f"gone {colour} {PATIENCE_MS}")
        taken = one.reader.remove() * 1000
        reported = bare.report("absent")
        floor.append(reported - taken)
        cover.append(observer.answer() - reported)
        end = _end(one, before, reported)
        covered = one.wait_record(lambda record: record["kind"] == "covered", "the cover", after=before)
        confirmed.append(float(str(covered["cover_ms"])))
        logout.append(end.logout)
        wiped.append(end.wiped)
        ready.append(end.ready)
        print(".", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return values


def _cold(one: Counter, observer: Witness, bare: Witness, count: int) -> dict[str, list[float]]:
    names = (
        "cold: guard run started -> READY",
        "cold: PC/SC reported -> wiped and verified (without the portal's logout)",
        "cold: PC/SC reported -> READY again (without the portal's logout)",
    )
    values: dict[str, list[float]] = {name: [] for name in names}
    started, wiped, ready = values.values()
    for _ in range(count):
        assert one.stop() == 0
        before, began = one.now(), SystemClock().monotonic() * 1000
        one.start()
        started.append(_at(one.wait_state("READY", after=before)) - began)
        before = one.now()
        observer.ask(f"seen {PORTAL_COLOUR:06x} {PATIENCE_MS}")
        one.reader.insert()
        observer.answer()
        bare.report("present")
        one.reader.remove()
        end = _end(one, before, bare.report("absent"))
        wiped.append(end.wiped)
        ready.append(end.ready)
        print(".", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return values


@dataclass(frozen=True, slots=True)
class End:
    """How a session ended; ms, those since PC/SC's report without the portal's logout."""

    wiped: float
    ready: float
    logout: float


def _end(one: Counter, before: int, reported: float) -> End:
    again = one.wait_state("READY", after=before)
    receipt = one.wait_record(lambda record: record["kind"] == "receipt", "the receipt", after=before)
    logout = float(str(receipt["logout_ms"]))
    return End(_at(receipt) - reported - logout, _at(again) - reported - logout, logout)


def _at(record: Record) -> float:
    """Return the ms of CLOCK_MONOTONIC at which it was written; a record has those since boot."""
    return float(str(record["boot_ms"])) - _slept_ms()


def _slept_ms() -> float:
    clock = SystemClock()
    return (clock.boot() - clock.monotonic()) * 1000


def _idle(one: Counter, seconds: float) -> dict[str, float]:
    """Return the CPU of all parts together, % of one core, and the memory of core and spare in MiB."""
    assert one.core
    parts = one.guard_processes()
    threading.Event().wait(SETTLE_SECONDS)
    used = [sum(process.cpu_times()[:2]) for process in parts]
    threading.Event().wait(seconds)
    after = [sum(process.cpu_times()[:2]) for process in parts]
    share = (sum(after) - sum(used)) / seconds * 100
    memory = one.core.memory_info().rss / 2**20
    capsule = one.status()["capsule"]
    assert isinstance(capsule, dict)
    spare = sum(taken(pid) for pid in capsule["pids"]) / 2**20
    return {
        "idle CPU of all parts, % of a core": round(share, 2),
        "core resident, MiB": round(memory, 1),
        "a spare's own memory (RssAnon + RssShmem + VmSwap), MiB": round(spare, 1),
    }


def main() -> int:
    """Run, print the table, and write it as JSON where asked."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sessions", type=int, default=100)
    parser.add_argument("--cold", type=int, default=20, help="starts of the guard")
    parser.add_argument("--kind", choices=[kind.value for kind in BrowserKind], default="embedded")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="guard-bench-")))
        screen = stack.enter_context(Xvfb())
        reader = stack.enter_context(VirtualReader(folder / "pcsc", build_driver(folder)))
        site = stack.enter_context(web_site())
        settings = f'[browser]\nkind = "{options.kind}"\n'
        one = stack.enter_context(counter(folder, reader, screen.display, site.profile(folder), settings))
        environment = {**os.environ, **one.environment}
        observer, bare = stack.enter_context(witnesses(folder, environment, reader.reader_name))
        one.wait_state("READY")
        values = _sessions(one, observer, bare, options.sessions)
        one.until(lambda: bool(one.status()["capsule"]["warm"]), "a warm spare")  # type: ignore[index]
        rest = _idle(one, IDLE_SECONDS)
        values |= _cold(one, observer, bare, options.cold)
    figures = [figure(name, one_list) for name, one_list in values.items()]
    system = f"{platform.system()} {platform.release()}, {os.cpu_count()} cores, {options.kind} browser"
    print(f"{system}, Python {platform.python_version()}")
    print(f"{'':74}{'n':>5}{'p50':>9}{'p99':>9}{'max':>9}   ms")
    for each in figures:
        print(f"{each.name:74}{each.n:>5}{each.p50:>9.2f}{each.p99:>9.2f}{each.max:>9.2f}")
    for name, value in rest.items():
        print(f"{name:74}{value:>14}")
    if options.json:
        options.json.write_text(
            json.dumps({"figures": [asdict(each) for each in figures], **rest}, indent=2) + "\n",
            encoding="utf-8",
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
