"""A whole counter on Windows: ``guard run`` itself on the lab's reader, in a %LOCALAPPDATA% of its own.

It is started as the keeper starts it, with the keeper's end of the line in the test's hands: that is how it
is ended in order. (Wine sends no CTRL_BREAK to a process without a console.)
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import winreg
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

assert sys.platform == "win32"

import pywintypes
import win32cred

from guard.clock import SystemClock
from guard.environment import kept
from guard.ground import runtime_folder, state_home
from guard.ground.windows.rights import own_sid
from guard.keeper.keepers_line import KeepersEnd
from guard.keeper.line_names import LineNames
from guard.keyring.credential_manager import _prefix
from guard.paths import container_mark

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

PATIENCE: Final = 90.0
"""s; how long a test waits for what must happen. Nothing is asserted about how long it took."""
PORT: Final = 0x8C7B
"""Where the lab's reader listens (vpcd's own default)."""
READER: Final = "00 00"
CHECKOUT: Final = Path(__file__).parents[2]
_POLICIES: Final = r"SOFTWARE\Policies\Microsoft\Windows\System"
_FORBIDDEN: Final = ("AllowClipboardHistory", "AllowCrossDeviceClipboard")
_KEEPERS_PATIENCE: Final = 60.0
Record = dict[str, object]


@contextlib.contextmanager
def clipboard_policies() -> Iterator[None]:
    """Lay down what companion.reg lays down of the clipboard, and take it away again."""
    with winreg.CreateKey(winreg.HKEY_LOCAL_MACHINE, _POLICIES) as key:
        for name in _FORBIDDEN:
            winreg.SetValueEx(key, name, 0, winreg.REG_DWORD, 0)
    try:
        yield
    finally:
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, _POLICIES, 0, winreg.KEY_SET_VALUE) as key:
            for name in _FORBIDDEN:
                winreg.DeleteValue(key, name)


class Counter:
    """One guard and everything around it; ``program`` is what is run instead of ``python -m guard run``."""

    def __init__(self, folder: Path, settings: str = "", program: Sequence[str] = ("guard", "run")) -> None:
        self.local = folder / "local"
        self.local.mkdir(exist_ok=True)
        self.config = folder / "guard.toml"
        self.config.write_text(
            f'[reader]\nname = "{READER}"\n[screens]\nsound = false\n{settings}', encoding="utf-8"
        )
        self.environment = {**kept(os.environ), "LOCALAPPDATA": str(self.local), "PYTHONPATH": str(CHECKOUT)}
        self._program = program
        self._log = folder / "guard.log"
        self._line: KeepersEnd | None = None
        self.core: subprocess.Popen[bytes] | None = None

    # --- the guard

    def start(self) -> Self:
        """Start it as the keeper does; does not wait."""
        self._line = KeepersEnd(LineNames.new(_KEEPERS_PATIENCE), own_sid())
        with self._log.open("ab") as log:
            self.core = subprocess.Popen(
                [sys.executable, "-m", *self._program, "--config", str(self.config)],
                env={**self.environment, **self._line.variables},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._line.expect(self.core.pid)
        return self

    def serving(self) -> Self:
        """Return once it answers."""
        self.until(lambda: bool(self.status()), "an answer to guard status")
        return self

    def stop(self) -> int:
        """Ask it to end as the keeper does, and return its exit code."""
        assert self.core
        assert self._line
        line = self._line
        line.ask_to_end()

        def ended() -> bool:
            line.hear()  # the keeper's end lets the guard in once, and reads what it says
            assert self.core
            return self.core.poll() is not None

        self._wait(ended, "an end in order")
        self._hang_up()
        return self.core.wait()

    def kill(self) -> None:
        """End it as Task Manager does (TerminateProcess)."""
        assert self.core
        self.core.kill()
        self.core.wait(PATIENCE)
        self._hang_up()

    def running(self) -> bool:
        """Tell whether it runs."""
        return self.core is not None and self.core.poll() is None

    def _hang_up(self) -> None:
        line, self._line = self._line, None
        if line:
            line.close()

    def forget(self) -> None:
        """Take away what it has kept in the Credential Manager."""
        for what in ("staff", "journal-keyring"):
            with contextlib.suppress(pywintypes.error):
                for one in win32cred.CredEnumerate(f"{_prefix(self.state / what)}*", 0):
                    win32cred.CredDelete(one["TargetName"], win32cred.CRED_TYPE_GENERIC)

    @property
    def state(self) -> Path:
        """The folder for what outlives a restart."""
        return state_home(self.environment)

    @property
    def containers(self) -> Path:
        """The folder that the containers' folders are in."""
        return self.state / "capsules" / container_mark(runtime_folder(self.environment))

    def log(self) -> str:
        """Return what the guard wrote to stderr."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def command(self, *words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        """Run ``guard`` with these words beside it, and these lines on its standard input.

        What it prints is in Windows' own code page, but JSON in UTF-8.
        """
        return subprocess.run(
            [sys.executable, "-m", "guard", *words],
            env=self.environment,
            input=typed,
            capture_output=True,
            encoding="utf-8" if "--json" in words else "locale",
            timeout=PATIENCE,
            check=False,
        )

    def status(self) -> dict[str, object]:
        """Return ``guard status --json``; empty while nobody answers."""
        answer = self.command("status", "--json")
        return dict(json.loads(answer.stdout)) if answer.returncode == 0 else {}

    # --- waiting

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait until the condition holds, while the guard lives."""

        def holds() -> bool:
            assert self.running(), f"the guard died:\n{self.log()[-4000:]}"
            return condition()

        self._wait(holds, what)

    def _wait(self, condition: Callable[[], bool], what: str) -> None:
        clock, pause = SystemClock(), threading.Event()
        end = clock.monotonic() + PATIENCE
        while not condition():
            assert clock.monotonic() < end, f"{what} did not happen; the guard said:\n{self.log()[-4000:]}"
            pause.wait(0.02)

    def journal(self) -> list[Record]:
        """Return every record that is written."""
        records: list[Record] = []
        for path in sorted((self.state / "journal").glob("journal-*.jsonl")):
            text = path.read_bytes()
            records += [json.loads(line) for line in text[: text.rfind(b"\n") + 1].splitlines()]
        return records

    def now(self) -> int:
        """Return the number of the newest record."""
        return max((int(str(record["seq"])) for record in self.journal()), default=0)

    def wait_record(self, wanted: Callable[[Record], bool], what: str, *, after: int = 0) -> Record:
        """Wait for a record after this number; return it."""
        found: list[Record] = []

        def came() -> bool:
            found[:] = [one for one in self.journal() if int(str(one["seq"])) > after and wanted(one)]
            return bool(found)

        self.until(came, what)
        return found[0]

    def wait_reader(self, event: str, *, after: int = 0) -> Record:
        """Wait for what the reader tells."""
        return self.wait_record(
            lambda record: record["kind"] == "reader" and record["event"] == event, event, after=after
        )

    def wait_state(self, state: str, *, after: int = 0) -> Record:
        """Wait for a change to this state."""
        return self.wait_record(
            lambda record: record["kind"] == "state" and record["after"] == state,
            f"state {state}",
            after=after,
        )


@contextlib.contextmanager
def counter(folder: Path, program: Sequence[str] = ("guard", "run")) -> Iterator[Counter]:
    """Run a guard that serves, and leave nothing of it behind."""
    one = Counter(folder, program=program)
    with clipboard_policies():
        try:
            yield one.start().serving()
        finally:
            try:
                if one.running():
                    one.stop()
            finally:
                if one.running():
                    one.kill()
                one.forget()
