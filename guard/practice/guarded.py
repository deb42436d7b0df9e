"""A `Counter` with the guard: the real daemon, a practice reader, and its journal as the witness."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Self

if sys.platform == "win32":
    raise ImportError("this is Linux's part")

from guard.errors import BrokenPromiseError, MachineError
from guard.paths import shipped_config
from guard.practice.incident import Deed, Happened, Moment
from guard.practice.pcscd import PracticeReader

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from guard.clock import Clock
    from guard.practice.clerk import Clerk
    from guard.practice.timeline import Timeline

_PATIENCE = 60.0
"""s; a cold start of two browser windows on a slow old PC."""
_STOP_SECONDS = 20.0
_LOOK = 0.005
"""s between two looks at the journal; far below what the timeline is read for."""

_PLACES = {Deed.RESUME: 1, Deed.LOGOUT: 2}
"""Where the pad offers them while a session is held."""

Record = Mapping[str, object]


class GuardedCounter:
    """`guard.practice.daemon` on a display, with its own reader, journal and folders; a context manager."""

    def __init__(self, display: str, clock: Clock, timeline: Timeline, clerk: Clerk | None = None) -> None:
        """With a clerk the card's removal is held for them; without one it wipes."""
        self.key = "guarded" if clerk is None else "held"
        self.waits_for_staff = clerk is not None
        self._clerk = clerk
        self._display = display
        self._clock = clock
        self._timeline = timeline
        self._resources = contextlib.ExitStack()
        self._taken_at = 0.0
        self._mark = 0

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="guard-demo-")))
            self._reader = stack.enter_context(PracticeReader(folder / "reader"))
            self._journal = folder / "journal"
            self._log = folder / "log"
            runtime = folder / "runtime"
            runtime.mkdir(mode=0o700)
            environment = {
                **os.environ,
                "DISPLAY": self._display,
                "XDG_RUNTIME_DIR": os.fspath(runtime),
                "XDG_STATE_HOME": os.fspath(folder / "state"),  # no real staff book is touched
                "PCSCLITE_CSOCK_NAME": os.fspath(self._reader.socket_path),
            }
            if self._clerk:
                self._clerk.enrol(environment)
            with self._log.open("wb") as log:
                self._daemon = subprocess.Popen(
                    [sys.executable, "-P", "-m", "guard.practice.daemon", os.fspath(self._config(folder))],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    env=environment,
                )
            stack.callback(self._stop)
            self._resources = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._resources.close()

    def card_in(self) -> float:
        """See `Counter.card_in`."""
        self._mark = self._newest()
        return self._reader.insert()

    def card_out(self) -> float:
        """See `Counter.card_out`."""
        self._mark = self._newest()
        self._taken_at = self._reader.remove()
        return self._taken_at

    def wait_for(self, moment: Moment) -> Happened:
        """See `Counter.wait_for`."""
        match moment:
            case Moment.READY:
                return self._happened(self._wait(kind="state", after="READY"))
            case Moment.OPENED:
                return self._happened(self._wait(kind="state", after="ACTIVE"))
            case Moment.COVERED:
                return self._covered()
            case Moment.WIPED:
                return self._wiped()

    def staff(self, deed: Deed, look: Callable[[str], None]) -> Happened:
        """See `Counter.staff`; raises BrokenPromiseError where no clerk works."""
        if self._clerk is None:
            raise BrokenPromiseError("this counter has no practice clerk")
        self._clerk.call()
        look("staff-who")
        self._mark = self._newest()
        self._clerk.enter_pin()
        self._wait(kind="pin", verdict="yes")
        look("staff-choose")
        self._clerk.pick(_PLACES[deed])
        return self._happened(self._wait(kind="staff", act=deed.value))

    def _covered(self) -> Happened:
        hidden = self._wait(kind="state", after="HELD" if self._clerk else "ENDING")
        covered = self._happened(self._wait(kind="covered"))
        reported = self._happened(hidden).at - _number(hidden, "handled_ms") / 1000
        note = self._timeline.words(
            "note_covered",
            pcsc_ms=f"{(reported - self._taken_at) * 1000:.1f}",
            guard_ms=f"{(covered.at - reported) * 1000:.1f}",
        )
        return Happened(at=covered.at, note=note)

    def _wiped(self) -> Happened:
        receipt = self._wait(kind="receipt")
        figures = {
            name: f"{_number(receipt, name):.0f}"
            for name in ("logout_ms", "kill_ms", "verify_ms", "clipboard_ms")
        }
        left = _number(receipt, "processes_left")
        note = self._timeline.words(
            "note_wiped" if receipt["good"] else "note_not_wiped", left=left, **figures
        )
        return Happened(at=self._happened(receipt).at, note=note)

    def _config(self, folder: Path) -> Path:
        """Write the settings: the shipped practice profile, its portal served by the demo itself."""
        profile = (shipped_config() / "sites" / "practice.toml").read_text(encoding="utf-8")
        site = folder / "practice.toml"
        site.write_text(profile.replace("practice = true", "practice = false"), encoding="utf-8")
        file = folder / "guard.toml"
        file.write_text(
            f'[reader]\nname = "{self._reader.reader_name}"\n'
            f'[portal]\nsite = "{site}"\n'
            f'[journal]\ndirectory = "{self._journal}"\n'
            f'[session]\non_removal = "{"hold" if self._clerk else "wipe"}"\n',
            encoding="utf-8",
        )
        return file

    def _happened(self, record: Record) -> Happened:
        slept = self._clock.boot() - self._clock.monotonic()
        return Happened(at=_number(record, "boot_ms") / 1000 - slept)

    def _wait(self, **wanted: str) -> Record:
        """Return the first record since the last card that has these fields."""
        end = self._clock.monotonic() + _PATIENCE
        pause = threading.Event()
        while self._clock.monotonic() < end and self._daemon.poll() is None:
            for record in self._records():
                if _number(record, "seq") > self._mark and wanted.items() <= record.items():
                    return record
            pause.wait(_LOOK)
        said = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        raise MachineError(
            f"the guard did not come to {wanted}; it last said: {said[-1] if said else 'nothing'}"
        )

    def _records(self) -> list[Record]:
        text = "".join(path.read_text(encoding="utf-8") for path in sorted(self._journal.glob("*.jsonl")))
        return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]

    def _newest(self) -> int:
        return max((int(_number(record, "seq")) for record in self._records()), default=0)

    def _stop(self) -> None:
        self._daemon.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._daemon.wait(_STOP_SECONDS)
        self._daemon.kill()
        self._daemon.wait()


def _number(record: Record, name: str) -> float:
    value = record[name]
    if not isinstance(value, int | float):
        raise MachineError(f"the journal's {name} is no number")
    return value
