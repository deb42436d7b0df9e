"""A whole counter for chain tests: private reader, private screen, private home, and ``guard run`` itself."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import weakref
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Self

import psutil
from PIL import Image, ImageGrab
from Xlib import XK, X
from Xlib.display import Display
from Xlib.ext import xtest

from guard.clock import SystemClock
from guard.paths import container_mark
from tests.support.site import PORTAL_COLOUR

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.pcsc import VirtualReader

PATIENCE = 60.0
"""s; how long a test waits for what must happen. Nothing is asserted about how long it took."""

_TRIES = 3
"""Cards that are laid until one citizen gets to see the portal."""
CHECKOUT = Path(__file__).parents[2]
Record = dict[str, object]


class Counter:
    """One running guard and everything around it."""

    def __init__(
        self, folder: Path, reader: VirtualReader, display: str, site: Path | list[Path], settings: str = ""
    ) -> None:
        self.reader = reader
        self.display = display
        self._home = folder / "home"
        # Short, for sockets lie in it: a test's own folder is often too long for their names.
        self._runtime = Path(mkdtemp(prefix="guard-"))
        weakref.finalize(self, shutil.rmtree, self._runtime, ignore_errors=True)
        self._home.mkdir(exist_ok=True)
        self.journal_folder = folder / "journal"
        self.config = folder / "guard.toml"
        self.config.write_text(
            f"[portal]\nsite = {json.dumps(site, default=os.fspath)}\n"
            f'[journal]\ndirectory = "{self.journal_folder}"\n'
            f'[reader]\nname = "{reader.reader_name}"\n{settings}',
            encoding="utf-8",
        )
        self.system_bus = self._runtime / "system-bus"
        """Where the guard looks for the system bus; nothing is there unless the test puts it there."""
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": os.fspath(self._home),
            "LANG": "C.UTF-8",
            "XDG_RUNTIME_DIR": os.fspath(self._runtime),
            "DISPLAY": display,
            "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={self.system_bus}",
            "PCSCLITE_CSOCK_NAME": os.fspath(reader.socket_path),
            "PYTHONPATH": os.fspath(CHECKOUT),
        }
        self._log = folder / "guard.log"
        self._read: dict[Path, tuple[bytes, list[Record]]] = {}
        """Of each file of the journal what was read, and its records."""
        self.core: psutil.Popen | None = None
        self.patience = PATIENCE
        """s until what is waited for counts as not happening."""

    # --- the daemon

    def start(self) -> Self:
        """Start ``guard run``; does not wait."""
        with self._log.open("ab") as log:
            self.core = psutil.Popen(
                [sys.executable, "-m", "guard", "run", "--config", os.fspath(self.config)],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        return self

    def stop(self) -> int:
        """Ask the daemon to stop, wait, and return its exit code."""
        assert self.core
        if self.core.is_running():
            self.core.send_signal(signal.SIGTERM)
        code: int = self.core.wait(PATIENCE)
        return code

    def kill(self) -> None:
        """Kill the core as nothing can be caught."""
        assert self.core
        self.core.send_signal(signal.SIGKILL)
        self.core.wait(PATIENCE)

    def come_back(self) -> None:
        """Start a core anew whose last run ended in a session, and serve until it is ready.

        The card lies there still, and the portal was not logged out of.
        """
        before = self.now()
        self.start()
        self.wait_state("TAKE_CARD", after=before)
        assert self.status()["alerts_open"] == 1, "the portal was not logged out of"
        self.reader.remove()
        self.wait_state("READY", after=before)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Stop the core while the block runs; when that begins, none of its threads runs any more."""
        assert self.core
        self.core.suspend()
        try:
            os.waitid(os.P_PID, self.core.pid, os.WSTOPPED | os.WNOWAIT)
            yield
        finally:
            self.core.resume()

    def log(self) -> str:
        """Return what the daemon wrote to stderr."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def command(self, *words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        """Run ``guard`` with these words beside the daemon, and these lines on its standard input."""
        return subprocess.run(
            [sys.executable, "-m", "guard", *words],
            env=self.environment,
            input=typed,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    def ask(self, **request: str) -> dict[str, object]:
        """Knock at the control socket itself, as a program would that does not bother with the command."""
        path = os.fspath(self._runtime / "madoguchi-guard" / "control.sock")
        with socket.socket(socket.AF_UNIX) as sock, sock.makefile("rb") as answers:
            sock.settimeout(PATIENCE)
            sock.connect(path)
            sock.sendall(json.dumps({"v": 1, **request}).encode() + b"\n")
            return dict(json.loads(answers.readline()))

    def status(self) -> dict[str, object]:
        """Return ``guard status --json``; empty while nobody answers."""
        answer = self.command("status", "--json")
        return dict(json.loads(answer.stdout)) if answer.returncode == 0 else {}

    # --- waiting

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait until the condition holds."""
        clock = SystemClock()
        end = clock.monotonic() + self.patience
        pause = threading.Event()
        while not condition():
            assert clock.monotonic() < end, f"{what} did not happen; the daemon said:\n{self.log()[-4000:]}"
            assert self.core is None or self.core.is_running(), f"the daemon died:\n{self.log()[-4000:]}"
            pause.wait(0.02)

    def journal(self) -> list[Record]:
        """Return every record written so far; each line is read once, as long as it stays as it was."""
        records: list[Record] = []
        for path in sorted(self.journal_folder.glob("journal-*.jsonl")):
            text = path.read_bytes()
            whole = text[: text.rfind(b"\n") + 1]
            read, known = self._read.get(path, (b"", []))
            if not whole.startswith(read):
                read, known = b"", []
            known = known + [json.loads(line) for line in whole[len(read) :].splitlines()]
            self._read[path] = whole, known
            records += known
        return records

    def wait_state(self, state: str, *, after: int = 0) -> Record:
        """Wait for a change to this state in a record after this number; return the record."""
        return self.wait_record(
            lambda record: record["kind"] == "state" and record["after"] == state,
            f"state {state}",
            after=after,
        )

    def wait_record(self, wanted: Callable[[Record], bool], what: str, *, after: int = 0) -> Record:
        """Wait for a record; return it."""
        found: list[Record] = []

        def came() -> bool:
            found[:] = [one for one in self.journal() if int(str(one["seq"])) > after and wanted(one)]
            return bool(found)

        self.until(came, what)
        return found[0]

    def now(self) -> int:
        """Return the number of the newest record."""
        return max((int(str(record["seq"])) for record in self.journal()), default=0)

    # --- a citizen

    def open_session(self) -> int:
        """Lay a card once the counter is ready; return the number of the record that opened the session.

        The portal is seen then. Where a busy PC did not paint it in time, the guard has ended that session,
        and the card is laid again.
        """
        self.wait_state("READY")
        return int(str(self.lay_card(lambda: self.shows(PORTAL_COLOUR), self.reader.insert)["seq"]))

    def lay_card(self, seen: Callable[[], bool], lay: Callable[[], object]) -> Record:
        """Lay a card like this until its portal is seen; return the record that opened the session."""
        for _ in range(_TRIES):
            before = self.now()
            lay()
            opened = self.wait_state("ACTIVE", after=before)
            self.until(lambda: self.gave_up(opened) or seen(), "the portal on the screen, or the end")  # noqa: B023 -- asked at once
            if not self.gave_up(opened):
                return opened
            self.reader.remove()
            self.wait_state("READY", after=int(str(opened["seq"])))
        raise AssertionError("no citizen got to see the portal")

    def gave_up(self, opened: Record) -> bool:
        """Tell whether the guard ended the session that this record opened because its browser was lost."""
        return any(
            (record["session"], record.get("cause")) == (opened["session"], "capsule_lost")
            for record in self.journal()
        )

    # --- the screen

    def picture(self) -> Image.Image:
        """Return what is on the screen."""
        return ImageGrab.grab(xdisplay=self.display)

    def shows(self, colour: int) -> bool:
        """Tell whether at least one pixel of this colour is on the screen."""
        wanted = colour.to_bytes(3, "big")
        data = self.picture().convert("RGB").tobytes()
        start = data.find(wanted)
        while start >= 0 and start % 3:
            start = data.find(wanted, start + 1)
        return start >= 0

    def type_key(self, *names: str) -> None:
        """Press these keys one after the other and release them backwards, as a hand on a keyboard would."""
        with closing(Display(self.display)) as client:
            codes = [client.keysym_to_keycode(XK.string_to_keysym(name)) for name in names]
            for code in codes:
                xtest.fake_input(client, X.KeyPress, code)
            for code in reversed(codes):
                xtest.fake_input(client, X.KeyRelease, code)
            client.sync()

    def press_until(self, name: str, true: Callable[[], bool], what: str) -> None:
        """Press this key again and again: one of the first moment may come before a page hears it."""

        def pressed() -> bool:
            self.type_key(name)
            return true()

        self.until(pressed, what)

    def press_hotkey(self) -> None:
        """Press the default staff hotkey."""
        self.type_key("Control_L", "Alt_L", "Shift_L", "l")

    def keyboard_is_taken(self) -> bool:
        """Tell whether somebody, that is the pad, holds the keyboard."""
        with closing(Display(self.display)) as client:
            answer = client.screen().root.grab_keyboard(
                owner_events=False,
                pointer_mode=X.GrabModeAsync,
                keyboard_mode=X.GrabModeAsync,
                time=X.CurrentTime,
            )
            client.ungrab_keyboard(X.CurrentTime)
            client.sync()
            return bool(answer == X.AlreadyGrabbed)

    # --- staff

    def enroll(self, number: str, name: str, pin: str) -> None:
        """Put somebody into the staff book, as the IT section does."""
        answer = self.command("staff", "add", number, "--name", name, typed=f"{pin}\n{pin}\n")
        assert answer.returncode == 0, answer.stderr

    def enter_pin(self, number: str, pin: str) -> Record:
        """Type number and PIN on the open pad; return the record of what came of it."""
        before = self.now()
        for key in (*number, "Return", *pin, "Return"):
            self.type_key(key)
        return self.wait_record(lambda record: record["kind"] == "pin", "the check of the PIN", after=before)

    def open_pad(self) -> None:
        """Call staff with the hotkey; the keyboard belongs to the pad afterwards.

        A pad that was closed by something else than staff keeps the keyboard for a moment.
        """
        self.until(lambda: not self.keyboard_is_taken(), "the end of the pad before")
        self.press_hotkey()
        self.until(self.keyboard_is_taken, "the pad")

    # --- processes

    def guard_processes(self) -> list[psutil.Process]:
        """Return the daemon and everything it started that is alive.

        Found by the private runtime folder, or by the mark that containers carry: made of that folder's name.
        """
        mark = container_mark(self._runtime / "madoguchi-guard")
        mine: list[psutil.Process] = []
        for process in psutil.process_iter():
            try:
                environment, words = process.environ(), process.cmdline()
            except (psutil.AccessDenied, psutil.NoSuchProcess, psutil.ZombieProcess):
                continue
            ours = environment.get("XDG_RUNTIME_DIR") == os.fspath(self._runtime)
            if ours or any(word.startswith(f"{mark}/") for word in (*words, *environment.values())):
                mine.append(process)
        return mine

    def vault_processes(self) -> list[psutil.Process]:
        """Return those of the core's that look at PINs; one lives less than a second."""
        assert self.core
        found: list[psutil.Process] = []
        for process in self.core.children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                if "guard.staff.vault" in process.cmdline():
                    found.append(process)
        return found

    def curtain_processes(self) -> list[psutil.Process]:
        """Return the curtain's processes and its container's that are alive."""
        found: list[psutil.Process] = []
        for process in self.guard_processes():
            with suppress(psutil.NoSuchProcess):  # a zombie counts as gone, too
                if "guard.screens.curtain_window" in process.cmdline():
                    found.append(process)
        return found


@contextmanager
def running(one: Counter) -> Iterator[Counter]:
    """Run this counter and leave nothing of it behind."""
    with left_in_order(one.start()):
        yield one


@contextmanager
def left_in_order(one: Counter) -> Iterator[Counter]:
    """Leave nothing of it behind, whoever starts it."""
    try:
        yield one
    finally:
        if one.core and one.core.is_running():
            try:
                one.stop()
            except psutil.TimeoutExpired:
                one.kill()
                raise


@contextmanager
def counter(
    folder: Path, reader: VirtualReader, display: str, site: Path | list[Path], settings: str = ""
) -> Iterator[Counter]:
    """Run a counter and leave nothing of it behind."""
    with running(Counter(folder, reader, display, site, settings)) as one:
        yield one
