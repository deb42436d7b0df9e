"""What lies on the disk beside what runs."""

from __future__ import annotations

import shutil
import sys
import threading
from functools import partial
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import guard
from guard import installed
from guard.errors import MachineError
from guard.installed import Differs, DiskLook, Running, code_hash
from guard.settings.load import load
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.settings.model import Settings

HOME = {"HOME": "/home/counter", "LOCALAPPDATA": r"C:\Users\counter\AppData\Local"}
NOW = Running(version="0.2.0", code_hash="c1", policy_hash="p1")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "guard.toml"
    path.write_text("[session]\nidle_seconds = 90\n", encoding="utf-8")
    return path


@pytest.fixture
def read(file: Path) -> Callable[[], Settings]:
    return partial(load, file, HOME)


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the program, which is the one that is installed."""
    folder = tmp_path / "guard"
    shutil.copytree(Path(guard.__file__).parent, folder)
    monkeypatch.setattr(guard, "__file__", str(folder / "__init__.py"))
    return folder


def drift(running: Running, read: Callable[[], Settings]) -> dict[Differs, str]:
    return {one.what: one.sentence for one in running.drift(read)}


def test_nothing_differs_right_after_the_start_or_when_only_a_comment_is_new(
    file: Path, read: Callable[[], Settings]
) -> None:
    running = Running.beginning(read())
    assert drift(running, read) == {}
    file.write_text(f"# for the counter at the door\n{file.read_text(encoding='utf-8')}", encoding="utf-8")
    assert drift(running, read) == {}


def test_other_settings_on_the_disk_are_told_with_their_hash(
    file: Path, read: Callable[[], Settings]
) -> None:
    running = Running.beginning(read())
    file.write_text("[session]\nidle_seconds = 91\n", encoding="utf-8")
    found = drift(running, read)
    assert list(found) == [Differs.SETTINGS]
    assert read().fingerprint() in found[Differs.SETTINGS]


@pytest.mark.parametrize("spoilt", ["[session]\nidle_seconds = 0\nlongest_minutes = 0\n", "[session", None])
def test_settings_that_a_new_start_would_refuse_are_told_with_every_reason_on_one_line(
    file: Path, read: Callable[[], Settings], spoilt: str | None
) -> None:
    running = Running.beginning(read())
    if spoilt is None:
        file.unlink()
    else:
        file.write_text(spoilt, encoding="utf-8")
    found = drift(running, read)
    assert list(found) == [Differs.SETTINGS]
    assert str(file) in found[Differs.SETTINGS]
    assert "\n" not in found[Differs.SETTINGS]


def _changed(folder: Path) -> None:
    (folder / "core.py").write_text("", encoding="utf-8")


def _added(folder: Path) -> None:
    (folder / "new.py").write_text("", encoding="utf-8")


def _gone(folder: Path) -> None:
    (folder / "words.json").unlink()


def _renamed(folder: Path) -> None:
    (folder / "core.py").rename(folder / "heart.py")


@pytest.mark.parametrize("change", [_changed, _added, _gone, _renamed])
def test_a_program_whose_files_are_others_differs_though_its_version_is_the_same(
    program: Path, read: Callable[[], Settings], change: Callable[[Path], None]
) -> None:
    running = Running.beginning(read())
    change(program)
    found = drift(running, read)
    assert list(found) == [Differs.PROGRAM]
    assert code_hash() in found[Differs.PROGRAM]


def test_what_python_compiles_is_no_change_of_the_program(
    program: Path, read: Callable[[], Settings]
) -> None:
    running = Running.beginning(read())
    (program / "__pycache__").mkdir(exist_ok=True)
    (program / "__pycache__" / "core.cpython-399.pyc").write_bytes(b"compiled")
    assert drift(running, read) == {}


def test_another_installed_version_is_named(
    read: Callable[[], Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    running = Running.beginning(read())
    monkeypatch.setattr(installed, "version", lambda _name: "99.0")
    assert "version 99.0" in drift(running, read)[Differs.PROGRAM]


def test_a_program_that_is_half_installed_or_cannot_be_read_differs(
    program: Path, read: Callable[[], Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    running = Running.beginning(read())
    if sys.platform == "linux":  # Windows has no mode that keeps its owner from reading
        (program / "core.py").chmod(0)
        assert "cannot be read" in drift(running, read)[Differs.PROGRAM]

    def nothing(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(installed, "version", nothing)
    assert "no program" in drift(running, read)[Differs.PROGRAM]


@pytest.mark.parametrize(
    ("before", "end"),
    [
        (None, "; no run before this one is in the journal"),
        ({"version": "0.2.0", "code_hash": "c1", "policy_hash": "p1"}, "; as in the run before"),
        (
            {"version": "0.1.0", "code_hash": "c0", "policy_hash": "p1"},
            "; new since the run before: version (was 0.1.0), program (was c0)",
        ),
        (
            {"version": "0.2.0", "policy_hash": "p0"},
            "; new since the run before: program (was not written down), settings (was p0)",
        ),
    ],
    ids=["first", "same", "updated", "of a version without a program's hash"],
)
def test_a_start_names_what_starts_and_what_is_new(before: dict[str, object] | None, end: str) -> None:
    assert NOW.announcement(before) == f"version 0.2.0, program c1, settings p1{end}"


def test_a_disk_that_hangs_holds_up_one_look_and_no_question(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = threading.Event()
    looks = list[None]()

    def read() -> Settings:
        looks.append(None)
        answers.wait()
        raise MachineError("the settings cannot be read")

    monkeypatch.setattr(installed, "LOOK_SECONDS", 0.01)
    disk = DiskLook(NOW, read)
    for _ in range(3):
        assert [one.sentence for one in disk.drift()] == ["the disk does not answer, so nobody knows"]
    assert len(looks) == 1
    answers.set()
    until(lambda: Differs.SETTINGS in {one.what for one in disk.drift()})
