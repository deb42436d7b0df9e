"""What is wrong is said in one clear sentence, and nothing half-started stays behind."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import os
import resource
import socket
import subprocess
import threading
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from Xlib.display import Display

from guard.practice.pcscd import PracticeReader
from guard.practice.reader_room import PCSCD
from tests.support.counter import PATIENCE, Counter, counter
from tests.support.processes import ended
from tests.support.site import PORTAL_COLOUR, WebSite, web_site
from tests.support.xvfb import Xvfb

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from PIL import Image

    from tests.support.pcsc import VirtualReader

pytestmark = pytest.mark.chain
pytest_plugins = ("tests.support.pcsc",)


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    with Xvfb() as server:
        yield server.display


@pytest.fixture(scope="module")
def site() -> Iterator[WebSite]:
    refused = "<script>addEventListener('keydown', () => fetch('http://elsewhere.example/'))</script>"
    with web_site() as site:
        site.pages["/"] += refused
        yield site


@pytest.fixture
def unstarted(tmp_path: Path, practice_reader: VirtualReader, display: str, site: WebSite) -> Counter:
    """A counter with everything in order, not started yet."""
    return Counter(tmp_path, practice_reader, display, site.profile(tmp_path))


@pytest.fixture
def one(tmp_path: Path, practice_reader: VirtualReader, display: str, site: WebSite) -> Iterator[Counter]:
    """A counter that has become READY."""
    with counter(tmp_path, practice_reader, display, site.profile(tmp_path)) as one:
        one.wait_state("READY")
        yield one


def _windows(display: str) -> list[int]:
    with closing(Display(display)) as client:
        return [window.id for window in client.screen().root.query_tree().children]


def _refused(one: Counter, before: Sequence[str] = ()) -> str:
    """Run the guard, which must refuse and leave nothing behind; return its one sentence."""
    windows = _windows(one.display)
    command = [*before, sys.executable, "-m", "guard", "run", "--config", os.fspath(one.config)]
    ended = subprocess.run(
        command, env=one.environment, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert (ended.returncode, ended.stdout) == (1, ""), ended.stderr
    assert ended.stderr.startswith("guard: ")
    assert ended.stderr.count("\n") == 1, ended.stderr
    assert one.guard_processes() == []
    assert _windows(one.display) == windows
    assert [path for path in Path(one.environment["XDG_RUNTIME_DIR"]).rglob("*") if path.is_socket()] == []
    return ended.stderr


def _write(one: Counter, old: str, new: str) -> None:
    """Change the configuration."""
    text = one.config.read_text(encoding="utf-8")
    assert old in text
    one.config.write_text(text.replace(old, new), encoding="utf-8")


def _colours(picture: Image.Image) -> set[int]:
    data = picture.tobytes()
    return {int.from_bytes(data[at : at + 3], "big") for at in range(0, len(data), 3)}


def _without_programs() -> list[str]:
    """Return a command that runs the rest of its line on a PC whose /usr/bin has nothing but Python."""
    command = ["bwrap", "--dev-bind", "/", "/", "--tmpfs", "/usr/bin"]
    path = Path(sys.executable)
    while path.is_symlink():
        target = path.readlink()
        if path.parent == Path("/usr/bin"):
            command += ["--symlink", os.fspath(target), os.fspath(path)]
        path = path.parent / target
    return [*command, *("--ro-bind", os.fspath(path), os.fspath(path)), "--"]


@contextmanager
def _service_without_reader(folder: Path) -> Iterator[Path]:
    """Run a PC/SC service that knows no reader; yield its socket."""
    (folder / "none").mkdir(parents=True)
    service = folder / "pcscd.comm"
    container = [
        "--unshare-net",
        "--die-with-parent",
        "--ro-bind",
        "/",
        "/",
        "--dev",
        "/dev",
        "--tmpfs",
        "/run",
    ]
    with subprocess.Popen(
        [
            *("bwrap", *container, "--bind", os.fspath(folder), "/run/pcscd"),
            *(PCSCD, "--foreground", "--config", "/run/pcscd/none"),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            pause = threading.Event()
            while not service.is_socket():
                assert process.poll() is None, "pcscd ended at once"
                pause.wait(0.02)
            yield service
        finally:
            process.kill()  # --die-with-parent takes pcscd along


@pytest.mark.parametrize(
    ("settings", "parts"),
    [
        ("[screens]\nsoud = true\n", ('in [screens] "soud" is unknown', '"sound"', "allowed are")),
        ('[screens]\nsound = "loud"\n', ('[screens] sound = "loud" is refused', "allowed is true or false")),
        ("[screen]\nsound = true\n", ('"screen" is unknown', '"screens"')),
        ("[screens\n", ("is not valid TOML", "line")),
    ],
    ids=["unknown key", "wrong type", "unknown section", "no TOML"],
)
def test_settings_that_are_not_understood_are_refused_by_file_key_and_what_is_allowed(
    unstarted: Counter, settings: str, parts: tuple[str, ...]
) -> None:
    with unstarted.config.open("a", encoding="utf-8") as file:
        file.write(settings)
    sentence = _refused(unstarted)
    for part in (os.fspath(unstarted.config), *parts):
        assert part in sentence


def test_a_missing_site_profile_is_named(unstarted: Counter, tmp_path: Path) -> None:
    (tmp_path / "site.toml").unlink()
    assert f"{tmp_path / 'site.toml'}: there is no such file" in _refused(unstarted)


def test_a_service_that_is_absent_is_named(unstarted: Counter, tmp_path: Path) -> None:
    unstarted.environment["PCSCLITE_CSOCK_NAME"] = os.fspath(tmp_path / "nobody")
    sentence = _refused(unstarted)
    assert "the PC/SC service (pcscd) does not answer" in sentence
    assert "install and start it" in sentence


def test_a_service_without_a_reader_is_refused(unstarted: Counter, tmp_path: Path) -> None:
    _write(unstarted, f'name = "{unstarted.reader.reader_name}"', 'name = ""')
    with _service_without_reader(tmp_path / "empty") as service:
        unstarted.environment["PCSCLITE_CSOCK_NAME"] = os.fspath(service)
        assert "PC/SC knows no card reader on this PC: plug one in" in _refused(unstarted)


def test_two_readers_of_which_none_is_named_are_both_shown(
    unstarted: Counter, tmp_path_factory: pytest.TempPathFactory
) -> None:
    _write(unstarted, f'name = "{unstarted.reader.reader_name}"', 'name = ""')
    with PracticeReader(tmp_path_factory.mktemp("two")) as two:
        unstarted.environment["PCSCLITE_CSOCK_NAME"] = os.fspath(two.socket_path)
        sentence = _refused(unstarted)
    assert "[reader] name is empty" in sentence
    assert '"Practice Reader 00 00", "Practice Reader 00 01"' in sentence


@pytest.mark.parametrize(
    ("environment", "part"),
    [
        ({}, "DISPLAY is not set"),
        ({"DISPLAY": ":54321"}, "the X server of DISPLAY=:54321 cannot be reached"),
        ({"DISPLAY": ":0", "WAYLAND_DISPLAY": "wayland-0"}, "log in to an X11 session"),
    ],
    ids=["none", "unreachable", "Wayland"],
)
def test_a_display_that_cannot_be_covered_is_refused(
    unstarted: Counter, environment: dict[str, str], part: str
) -> None:
    del unstarted.environment["DISPLAY"]
    unstarted.environment.update(environment)
    assert part in _refused(unstarted)


def test_without_bubblewrap_nothing_starts(unstarted: Counter) -> None:
    assert "install the package bubblewrap" in _refused(unstarted, _without_programs())


def test_a_port_that_is_taken_is_named(unstarted: Counter, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        address = f"127.0.0.1:{port}"
        (tmp_path / "site.toml").write_text(
            f'name = "practice"\nstart = "http://{address}/"\nallow = ["{address}"]\npractice = true\n'
        )
        sentence = _refused(unstarted)
    assert f"port {port} on 127.0.0.1 is taken" in sentence


@pytest.mark.parametrize("kind", ["closed folder", "below a file"])
def test_a_journal_folder_that_cannot_be_used_is_named(unstarted: Counter, kind: str) -> None:
    folder = unstarted.journal_folder
    if kind == "closed folder":
        folder.mkdir(mode=0)
    else:
        folder.write_text("")
        _write(unstarted, os.fspath(folder), os.fspath(folder / "below"))
    sentence = _refused(unstarted)
    assert f"the journal folder {folder}" in sentence
    assert "[journal] directory must name a folder" in sentence


def test_a_second_guard_is_refused_and_the_first_goes_on(one: Counter) -> None:
    assert one.core
    parts = set(one.core.children())
    answer = one.command("run", "--config", os.fspath(one.config))
    assert (answer.returncode, answer.stdout) == (1, "")
    assert answer.stderr == "guard: a guard is already running for this account; see guard status.\n"
    assert one.status()["state"] == "READY"
    assert parts
    assert parts <= set(one.core.children()), "the guard's own parts are the same"


def test_where_no_session_is_there_is_nothing_to_end(one: Counter) -> None:
    answer = one.command("end")
    assert (answer.returncode, answer.stdout) == (1, "")
    assert answer.stderr == ("guard: no session is open (the counter is READY): there is nothing to end\n")
    assert one.status()["state"] == "READY"


def test_a_display_that_dies_in_a_session_takes_everything_with_it(
    tmp_path: Path, practice_reader: VirtualReader, site: WebSite
) -> None:
    with (
        Xvfb() as server,
        counter(tmp_path, practice_reader, server.display, site.profile(tmp_path)) as one,
    ):
        one.open_session()
        assert one.core
        processes = one.core.children(recursive=True)
        server._processes[0].kill()
        assert one.core.wait(PATIENCE) == 1
        assert one.log().splitlines()[-1].startswith("guard: the display was lost: the session is wiped")
        assert processes
        ended(processes, PATIENCE)
        assert one.guard_processes() == []
        receipts = [record for record in one.journal() if record["kind"] == "receipt"]
        assert {record["processes_left"] for record in receipts} == {0}
        assert receipts[-1]["good"] is True


def test_a_journal_that_cannot_be_written_ends_the_session_and_closes_the_counter_until_it_can(
    one: Counter,
) -> None:
    assert one.core
    one.open_session()
    one.until(lambda: bool(one.status()["capsule"]["warm"]), "the next spare")  # type: ignore[index]
    full = sum(path.stat().st_size for path in one.journal_folder.iterdir())
    resource.prlimit(one.core.pid, resource.RLIMIT_FSIZE, (full, resource.RLIM_INFINITY))
    # the page asks for what is refused, and that must be written down
    one.press_until("a", lambda: one.status().get("state") == "OUT_OF_SERVICE", "out of service")
    assert not one.shows(PORTAL_COLOUR)
    assert one.status()["covered"] is True
    assert one.status()["session"] is None
    before = one.now()
    resource.prlimit(one.core.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    one.wait_state("OUT_OF_SERVICE", after=before)
    one.wait_state("TAKE_CARD", after=before)
    one.reader.remove()
    one.wait_state("READY", after=before)
    records = one.journal()
    assert [record["seq"] for record in records] == list(range(1, len(records) + 1)), "nothing was lost"
    assert [record["good"] for record in records if record["kind"] == "receipt"] == [True]
    assert one.status()["alerts"][0]["kind"] == "journal_lost"  # type: ignore[index]


def test_with_two_monitors_the_portal_is_on_the_first_alone_and_both_are_covered(
    tmp_path: Path, practice_reader: VirtualReader, site: WebSite
) -> None:
    with Xvfb() as server:
        for name, area, output in (
            ("left", "640/300x800/200+0+0", "screen"),
            ("right", "640/300x800/200+640+0", "none"),
        ):
            subprocess.run(
                ["xrandr", "--setmonitor", name, area, output],
                env={**os.environ, "DISPLAY": server.display},
                check=True,
            )
        with counter(tmp_path, practice_reader, server.display, site.profile(tmp_path)) as one:
            one.wait_state("READY")
            opened = one.open_session()
            left, right = (one.picture().convert("RGB").crop((x, 0, x + 640, 800)) for x in (0, 640))
            assert PORTAL_COLOUR in _colours(left)
            assert PORTAL_COLOUR not in _colours(right)
            one.reader.remove()
            one.wait_record(lambda record: record["kind"] == "covered", "the cover", after=opened)
            assert not one.shows(PORTAL_COLOUR)
            one.wait_state("READY", after=opened)
            with closing(Display(server.display)) as client:
                intruder = client.screen().root.create_window(
                    600, 300, 80, 80, 0, client.screen().root_depth, background_pixel=PORTAL_COLOUR
                )
                intruder.map()
                client.sync()
                one.until(lambda: not one.shows(PORTAL_COLOUR), "both monitors stay covered")
