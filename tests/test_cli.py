"""The commands as people type them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from guard import __version__
from guard.clock import SystemClock
from guard.control import ControlServer, control_address
from guard.errors import ConfigError
from guard.ground import runtime_folder
from guard.journal.anchor import Anchor
from guard.journal.sealed import SealedJournal
from tests.journal.ear import Ear
from tests.support.memory_store import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Iterator

STATUS: Mapping[str, object] = {
    "state": "READY",
    "session": None,
    "since": "2026-01-02T03:04:05Z",
    "reader": {"name": "Counter Reader 00 00", "state": "absent", "counter": 4},
    "capsule": {"pids": [11, 12], "warm": True},
    "covered": True,
    "asleep": True,
    "system": [{"sentence": "logind is not on the system bus", "mend": "start it"}],
    "alerts_open": 2,
    "forwarding": [{"target": "journald", "health": "fine", "behind": 0, "sentence": None}],
    "version": "0.1.0",
    "code_hash": "c0de",
    "policy": "wipe",
    "policy_hash": "9f2c",
    "drift": [{"what": "settings", "sentence": "the disk has settings of hash 77aa"}],
}


NOWHERE = Path("/nonexistent")


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    own = {"HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path), "LANG": "C.UTF-8"}
    if sys.platform == "win32":
        own |= {"LOCALAPPDATA": str(tmp_path), "PYTHONIOENCODING": "utf-8"}
    return {**os.environ, **own}


@pytest.fixture
def asked(environment: dict[str, str]) -> Iterator[list[object]]:
    """The commands that a running guard got."""
    commands = list[object]()

    def status(request: Mapping[str, object]) -> Mapping[str, object]:
        commands.append(request["cmd"])
        return STATUS

    def end(_: Mapping[str, object]) -> Mapping[str, object]:
        raise ConfigError("no session is open.")

    handlers = {"status": status, "cover": status, "end": end}
    server = ControlServer(control_address(runtime_folder(environment)), handlers, SystemClock())
    server.start()
    yield commands
    server.close()


def guard(environment: dict[str, str], *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-m", "guard", *arguments]
    return subprocess.run(
        command,
        env=environment,
        input=typed,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=60,
    )


def test_the_version_is_the_distributions(environment: dict[str, str]) -> None:
    assert guard(environment, "--version").stdout == f"guard {__version__}\n"


@pytest.mark.parametrize(
    "arguments", [[], ["open"], ["status", "--jso"], ["config"], ["config", "edit"], ["staff"]]
)
def test_wrong_usage_ends_with_2(environment: dict[str, str], arguments: list[str]) -> None:
    ended = guard(environment, *arguments)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("usage: guard")


@pytest.mark.parametrize("command", ["status", "end", "cover"])
def test_without_a_guard_the_commands_say_so(environment: dict[str, str], command: str) -> None:
    ended = guard(environment, command)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == "guard: no guard is running for this account; start it with guard run.\n"


@pytest.mark.usefixtures("asked")
def test_status_for_programs_is_what_the_guard_said(environment: dict[str, str]) -> None:
    ended = guard(environment, "status", "--json")
    assert (ended.returncode, json.loads(ended.stdout)) == (0, STATUS)


@pytest.mark.usefixtures("asked")
def test_status_for_people_says_everything_in_words(environment: dict[str, str]) -> None:
    lines = guard(environment, "status").stdout.splitlines()
    assert len(lines) == len(STATUS) - 1, "what the system does and what it does not tell share a line"
    for line, text in zip(
        lines,
        [
            "カード待ち / ready for a card",
            "なし / none",
            "2026-01-02T03:04:05Z",
            "カードなし / no card  Counter Reader 00 00",
            "隠しています / covered",
            "予備あり、プロセス 2 / spare ready, 2 processes",
            "スリープの前か途中 / before or in a sleep; logind is not on the system bus → start it",
            "2",
            "journald: 届いています / fine",
            "wipe",
            "9f2c",
            "0.1.0",
            "c0de",
            "設定 / settings (the disk has settings of hash 77aa)",
        ],
        strict=True,
    ):
        assert line.endswith(f"  {text}")


def test_cover_is_handed_to_the_guard(environment: dict[str, str], asked: list[object]) -> None:
    assert guard(environment, "cover").returncode == 0
    assert asked == ["cover"]


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("7\n482913\n", ("7", "482913")),
        ("\n4829\n", ("emergency", "4829")),
        ("emergency\n1\n", ("emergency", "1")),
    ],
)
def test_logout_hands_number_and_pin_to_the_guard(
    environment: dict[str, str], sent: tuple[str, str], typed: str
) -> None:
    requests = list[Mapping[str, object]]()

    def logout(request: Mapping[str, object]) -> Mapping[str, object]:
        requests.append(request)
        return {}

    server = ControlServer(control_address(runtime_folder(environment)), {"logout": logout}, SystemClock())
    server.start()
    ended = guard(environment, "logout", typed=typed)
    server.close()
    assert (ended.returncode, len(ended.stdout.splitlines()), ended.stderr) == (0, 1, "")
    assert requests == [{"v": 1, "cmd": "logout", "staff": sent[0], "pin": sent[1]}]


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "nothing was typed."),
        ("7\n", "nothing was typed."),
        ("x\n482913\n", "a staff number has 1 to 8 digits and nothing else."),
        ("7\n482913\n", "no guard is running for this account; start it with guard run."),
    ],
)
def test_a_refused_logout_is_one_sentence_without_the_pin(
    environment: dict[str, str], typed: str, sentence: str
) -> None:
    ended = guard(environment, "logout", typed=typed)
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, "", f"guard: {sentence}\n")


@pytest.mark.usefixtures("asked")
def test_a_refused_command_is_one_sentence(environment: dict[str, str]) -> None:
    ended = guard(environment, "end")
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, "", "guard: no session is open.\n")


def test_good_settings_are_one_line(environment: dict[str, str]) -> None:
    ended = guard(environment, "config", "check")
    assert (ended.returncode, len(ended.stdout.splitlines()), ended.stderr) == (0, 1, "")


@pytest.mark.parametrize("command", [["run"], ["config", "check"], ["config", "show"]])
def test_bad_settings_start_nothing(environment: dict[str, str], tmp_path: Path, command: list[str]) -> None:
    (tmp_path / "bad.toml").write_text("[browser]\nwarm = 9\n")
    ended = guard(environment, *command, "--config", str(tmp_path / "bad.toml"))
    assert (ended.returncode, ended.stdout) == (1, "")
    allowed = "allowed is a whole number from 1 to 3"
    assert ended.stderr == f"guard: {tmp_path / 'bad.toml'}: [browser] warm = 9 is refused; {allowed}.\n"


def test_the_schema_is_json(environment: dict[str, str]) -> None:
    assert "session" in json.loads(guard(environment, "config", "schema").stdout)["properties"]


if sys.platform == "linux":

    def test_doctor_ends_with_1_where_the_guard_cannot_run(environment: dict[str, str]) -> None:
        ended = guard({**environment, "XDG_SESSION_TYPE": "wayland"}, "doctor", "--json")
        checks = {check["name"]: check for check in json.loads(ended.stdout)["checks"]}
        assert ended.returncode == 1
        assert checks["display"]["state"] == "fail"
        assert checks["packages"]["state"] == "ok"

    def test_doctor_for_people_gives_each_failure_its_mend(environment: dict[str, str]) -> None:
        lines = guard({**environment, "XDG_SESSION_TYPE": "wayland"}, "doctor").stdout.splitlines()
        (failed,) = (number for number, line in enumerate(lines) if "Wayland" in line)
        assert lines[failed].startswith("要対応 / fail")
        assert "X11 (Xorg)" in lines[failed + 1]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("journal", "verify"), "journal folder"),
        (("journal", "show"), "journal folder"),
        (("journal", "stats", "--day", ""), "--day takes YYYY-MM-DD"),
        (("journal", "show", "--day", "2026-02-30"), "--day takes YYYY-MM-DD"),
        (("journal", "show", "--month", "2026-13"), "--month takes YYYY-MM"),
        (("journal", "verify", "--key", "/nonexistent"), f"--key {NOWHERE} must be a file"),
        (("journal", "verify", "--directory", "/nonexistent"), f"{NOWHERE} cannot be read"),
        (("journal", "key"), "first key is not on this PC"),
        (("report", "--day", "x"), "--day takes YYYY-MM-DD"),
        (("alerts", "list"), "no guard is running"),
        (("alerts", "acknowledge", "cover_late", "--reason", "checked"), "nothing was typed"),
    ],
)
def test_what_cannot_be_told_of_a_journal_is_one_sentence(
    environment: dict[str, str], arguments: tuple[str, ...], sentence: str
) -> None:
    ended = guard(environment, *arguments)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert sentence in ended.stderr
    assert ended.stderr.startswith("guard: ")
    assert len(ended.stderr.splitlines()) == 1
    assert not (Path(environment["HOME"]) / ".local").exists(), "looking made something"


def _journal(folder: Path) -> Path:
    """Make a journal that a copy can be read of."""
    store = MemoryStore()
    journal = SealedJournal(folder, Anchor(store), SystemClock(), Ear(), 1095)
    for _ in range(3000):
        journal.record("refused", what="request", host="例.example")
    journal.close()
    (folder / "key").write_text(store.items["first-key"], encoding="ascii")
    return folder


def test_a_copy_is_proven_with_its_key_and_not_without(environment: dict[str, str], tmp_path: Path) -> None:
    copy = _journal(tmp_path / "copy")
    key = str(copy / "key")
    assert guard(environment, "journal", "verify", "--directory", str(copy), "--key", key).returncode == 0
    ended = guard(environment, "journal", "verify", "--directory", str(copy))
    assert ended.returncode == 1
    assert "give it with --key" in ended.stderr


def test_whoever_has_read_enough_is_no_error_and_a_terminal_without_japanese_shows_code_points(
    environment: dict[str, str], tmp_path: Path
) -> None:
    copy = _journal(tmp_path / "copy")
    command = [sys.executable, "-P", "-m", "guard", "journal", "show", "--directory", str(copy)]
    plain = {**environment, "LANG": "C", "LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    if sys.platform == "win32":  # where the code page says it, not the environment
        plain["PYTHONIOENCODING"] = "ascii"
    with subprocess.Popen(command, env=plain, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as showing:
        assert showing.stdout
        assert showing.stderr
        assert b"\\u" in showing.stdout.readline()
        showing.stdout.close()
        assert showing.stderr.read() == b""
