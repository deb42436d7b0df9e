"""Each check finds what is there and names what is not, with its mend."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import gc
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from guard.clock import SystemClock
from guard.control import ControlServer, control_address
from guard.doctor import Doctor, LackError, State, finding
from guard.ground import runtime_folder
from guard.readers.scard import Code, Context, Handle
from tests.staff.vault_lab import vault_lab
from tests.support.xvfb import Xvfb

NOWHERE = Path("/nowhere")


@dataclass
class FakeScard:
    """A PC/SC service with these readers."""

    answer: int = Code.SUCCESS
    readers: tuple[str, ...] = ()
    released: list[Context] = field(default_factory=list)

    def establish(self) -> tuple[int, Context]:
        return self.answer, Context(7)

    def release(self, context: Context) -> None:
        self.released.append(context)

    def list_readers(self, context: Context) -> tuple[int, tuple[str, ...]]:
        del context
        return Code.SUCCESS, self.readers

    def status_change(self, context: Context, timeout: float, reader: str, known: int) -> tuple[int, int]:
        raise NotImplementedError

    def connect(self, context: Context, reader: str) -> tuple[int, Handle]:
        raise NotImplementedError

    def handle_status(self, handle: Handle) -> int:
        raise NotImplementedError

    def disconnect(self, handle: Handle) -> None:
        raise NotImplementedError


def doctor(scard: FakeScard | None = None, fonts: Path = NOWHERE, **environment: str) -> Doctor:
    return Doctor(environment, lambda: scard or FakeScard(), [fonts], driver=NOWHERE)


def program(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


@pytest.mark.parametrize(
    ("readers", "state", "found"),
    [
        (("Counter",), State.OK, "Counter"),
        ((), State.WARN, "no card reader"),
        (("One", "Two"), State.WARN, '"One", "Two"'),
    ],
)
def test_the_readers_are_named(readers: tuple[str, ...], state: State, found: str) -> None:
    scard = FakeScard(readers=readers)
    result = finding("reader", doctor(scard).reader)
    assert (result.state, bool(result.mend)) == (state, state is not State.OK)
    assert found in result.found
    assert scard.released == [Context(7)]


def test_of_several_readers_the_configuration_s_is_the_counter_s(tmp_path: Path) -> None:
    config = tmp_path / "guard.toml"
    for part, state in (("Tw", State.OK), ("Three", State.WARN)):
        config.write_text(f'[reader]\nname = "{part}"\n')
        one = Doctor({"HOME": "/home/nobody"}, lambda: FakeScard(readers=("One", "Two")), config=config)
        result = finding("reader", one.reader)
        assert (result.state, "Two" in result.found) == (state, True)


def test_a_pcsc_service_that_does_not_answer_is_a_failure() -> None:
    result = finding("reader", doctor(FakeScard(answer=0x8010001D)).reader)
    assert (result.state, "0x8010001D" in result.found, "pcscd" in result.mend) == (State.FAIL, True, True)


@pytest.mark.parametrize("variable", [("WAYLAND_DISPLAY", "wayland-0"), ("XDG_SESSION_TYPE", "wayland")])
def test_wayland_is_refused_even_beside_an_x_server(variable: tuple[str, str]) -> None:
    environment = {"DISPLAY": ":0", **dict([variable])}
    with pytest.raises(LackError, match="Wayland"):
        Doctor(environment, FakeScard).display()


def test_a_missing_display_is_named() -> None:
    with pytest.raises(LackError, match="DISPLAY is not set"):
        doctor().display()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_x_server_that_does_not_answer_is_named() -> None:
    """python-xlib leaves the sockets of its failed tries to the garbage collector, which warns."""
    with pytest.raises(LackError, match=":4242"):
        doctor(DISPLAY=":4242").display()
    gc.collect()  # here, where the warning is expected, and not in the middle of some later test


def test_a_hotkey_that_cannot_be_heard_is_a_warning_with_a_way_round_it() -> None:
    result = finding("hotkey", doctor().hotkey)
    assert (result.state, "staff buttons" in result.mend) == (State.WARN, True)


@pytest.mark.chain
def test_a_hotkey_that_can_be_heard_is_named() -> None:
    with Xvfb() as server:
        assert doctor(DISPLAY=server.display).hotkey() == "ctrl+alt+shift+l (the default), XInput 2"


def test_a_bubblewrap_that_may_not_make_namespaces_is_told_in_its_words(tmp_path: Path) -> None:
    program(tmp_path, "bwrap", "echo no permissions >&2; exit 1")
    with pytest.raises(LackError, match="no permissions") as lack:
        doctor(PATH=str(tmp_path)).container()
    assert "user.max_user_namespaces" in lack.value.mend


def test_a_bubblewrap_that_works_is_found(tmp_path: Path) -> None:
    program(tmp_path, "bwrap", "exit 0")
    assert doctor(PATH=str(tmp_path)).container() == str(tmp_path / "bwrap")


def test_a_missing_bubblewrap_is_a_failure(tmp_path: Path) -> None:
    result = finding("container", doctor(PATH=str(tmp_path)).container)
    assert (result.state, result.mend) == (State.FAIL, "apt-get install bubblewrap")


def test_missing_fonts_are_a_warning(tmp_path: Path) -> None:
    assert finding("fonts", doctor(fonts=tmp_path).fonts).state is State.WARN
    (tmp_path / "noto").mkdir()
    (tmp_path / "noto" / "NotoSansCJK-Regular.ttc").touch()
    assert finding("fonts", doctor(fonts=tmp_path).fonts).state is State.OK


def test_a_loudspeaker_is_opened_for_real(tmp_path: Path) -> None:
    settings = tmp_path / "asound.conf"
    settings.write_text("pcm.!default { type null }\n", encoding="utf-8")
    here = doctor(PATH=os.environ["PATH"], ALSA_CONFIG_PATH=str(settings))
    assert finding("sound", here.sound).state is State.OK
    settings.write_text("", encoding="utf-8")
    result = finding("sound", here.sound)
    assert (result.state, "no loudspeaker" in result.found) == (State.WARN, True)
    assert "group audio" in result.mend


def test_a_missing_aplay_is_a_warning(tmp_path: Path) -> None:
    result = finding("sound", doctor(PATH=str(tmp_path)).sound)
    assert (result.state, result.mend) == (State.WARN, "apt-get install alsa-utils")


def test_a_journal_folder_that_cannot_be_made_is_a_failure(tmp_path: Path) -> None:
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    result = finding("journal", doctor(XDG_STATE_HOME=str(tmp_path)).journal)
    tmp_path.chmod(stat.S_IRWXU)
    assert (result.state, str(tmp_path) in result.found) == (State.FAIL, True)


def test_a_runtime_folder_that_cannot_be_made_is_a_failure(tmp_path: Path) -> None:
    result = finding("runtime", doctor(XDG_RUNTIME_DIR=str(tmp_path / "gone")).runtime)
    assert (result.state, "cannot be made" in result.found) == (State.FAIL, True)


def test_what_only_the_demo_needs_is_a_warning(tmp_path: Path) -> None:
    for name in ("pcscd", "Xvfb"):
        program(tmp_path, name, "exit 0")
    result = finding("practice", doctor(PATH=str(tmp_path)).practice)
    assert (result.state, result.mend) == (State.WARN, "apt-get install vsmartcard-vpcd")


def test_a_missing_keyring_is_a_failure(tmp_path: Path) -> None:
    for name in ("dbus-daemon", "setpriv"):
        program(tmp_path, name, "exit 1")
    result = finding("keyring", doctor(PATH=str(tmp_path)).keyring)
    assert (result.state, result.mend) == (State.FAIL, "apt-get install gnome-keyring")


@pytest.mark.chain
def test_the_keyring_is_tried_for_real_and_a_staff_book_without_staff_is_a_warning() -> None:
    with vault_lab() as lab:
        here = Doctor(lab.environment, FakeScard)
        assert finding("keyring", here.keyring).state is State.OK
        nobody = finding("staff", here.staff)
        assert (nobody.state, nobody.mend) == (State.WARN, "guard staff add NUMBER --name NAME")
        lab.enrol()
        assert finding("staff", here.staff).state is State.OK
        lab.keyring.write_bytes(b"junk")
        for result in (finding("keyring", here.keyring), finding("staff", here.staff)):
            assert (result.state, "login.keyring is damaged" in result.found) == (State.FAIL, True)
            assert result.mend


@pytest.mark.parametrize(
    ("status", "state", "found"),
    [
        ({"drift": []}, State.OK, "version 1, program c, settings p"),
        ({"drift": [{"what": "settings", "sentence": "of hash q"}]}, State.WARN, "of hash q"),
        ({}, State.WARN, "older version"),
        ({"drift": [], "code_hash": "d"}, State.WARN, "not the program of this command"),
    ],
    ids=["as installed", "drifted", "older", "of another folder"],
)
def test_a_running_guard_that_is_not_what_lies_on_the_disk_is_a_warning(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    status: dict[str, object],
    state: State,
    found: str,
) -> None:
    monkeypatch.setattr("guard.doctor.common.code_hash", lambda: "c")
    told = {"version": "1", "code_hash": "c", "policy_hash": "p", **status}
    socket = control_address(runtime_folder({"XDG_RUNTIME_DIR": str(tmp_path)}))
    server = ControlServer(socket, {"status": lambda _request: told}, SystemClock())
    server.start()
    result = finding("running", doctor(XDG_RUNTIME_DIR=str(tmp_path)).running)
    server.close()
    assert (result.state, bool(result.mend)) == (state, state is State.WARN)
    assert found in result.found


def test_where_no_guard_runs_there_is_nothing_to_compare(tmp_path: Path) -> None:
    assert finding("running", doctor(XDG_RUNTIME_DIR=str(tmp_path)).running).state is State.OK


def test_every_check_has_its_outcome(tmp_path: Path) -> None:
    findings = doctor(HOME=str(tmp_path), XDG_RUNTIME_DIR=str(tmp_path)).findings()
    assert len({each.name for each in findings}) == len(findings)
    assert {each.state for each in findings if each.name in {"account", "packages"}} == {State.OK}
    assert all(bool(each.mend) == (each.state is not State.OK) for each in findings)
