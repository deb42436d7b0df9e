"""The real vault on a real gnome-keyring in a D-Bus session of its own."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import concurrent.futures
import contextlib
import fcntl
import json
import os
import shutil
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from guard.errors import MachineError
from guard.secret import Secret
from guard.staff.port import EMERGENCY
from guard.staff.vault import LINE_MOST
from tests.staff.vault_lab import PIN
from tests.support.waiting import until

if TYPE_CHECKING:
    from tests.staff.vault_lab import VaultLab

pytestmark = pytest.mark.chain
WRONG = "729305"
HASHING = 100 * 1024 * 1024
"""Bytes of memory that the vault has only while argon2 is at work."""
PATIENCE = 20.0


def test_a_right_pin_is_a_yes_and_a_wrong_one_is_not_and_is_still_known_to_the_next_process(
    lab: VaultLab,
) -> None:
    lab.enrol()
    assert lab.verify(PIN) == "yes"
    assert lab.verify(WRONG) == "wrong"
    until(lambda: lab.verify(WRONG) == "wait")  # after the first or a later one, as fast as this PC is
    assert lab.failures() != [0]
    until(lambda: lab.verify(PIN) == "yes")
    assert lab.failures() == [0]
    assert lab.leftovers() == []


def test_the_emergency_code_opens_once(lab: VaultLab) -> None:
    code = lab.vault.ask("emergency", hours=1)["code"]
    assert isinstance(code, str)
    assert lab.verify(code, EMERGENCY) == "yes"
    assert lab.verify(code, EMERGENCY) == "wrong"


def test_a_vault_that_is_killed_in_the_middle_has_counted_a_failure_and_leaves_nothing(lab: VaultLab) -> None:
    lab.enrol()
    with lab.begin({"do": "verify", "number": "7", "pin": PIN}) as process:
        vault = psutil.Process(process.pid)
        until(lambda: vault.memory_info().rss > HASHING)
        vault.suspend()  # or it may have ended before all is looked at
        os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
        children = vault.children(recursive=True)
        process.kill()
        assert process.stdout
        assert process.stdout.read() == b""
    assert {child.name() for child in children if child.is_running()} <= {
        "dbus-daemon",
        "gnome-keyring-d",
        "gnome-keyring-daemon",
    }
    gone, alive = psutil.wait_procs(children, PATIENCE)
    assert (len(gone), alive) == (2, [])
    assert lab.failures() == [1]
    assert lab.leftovers() == []


def test_no_process_ever_shows_the_pin(lab: VaultLab) -> None:
    lab.enrol()
    shown, names = list[bytes](), set[str]()
    with lab.begin({"do": "verify", "number": "7", "pin": PIN}) as process:
        vault = psutil.Process(process.pid)
        while process.poll() is None:
            for each in _family(vault):
                with contextlib.suppress(OSError, psutil.Error):
                    names.add(each.name())
                    shown += [
                        Path(f"/proc/{each.pid}/{what}").read_bytes() for what in ("cmdline", "environ")
                    ]
        assert process.stdout
        assert json.loads(process.stdout.read())["verdict"] == "yes"
    assert {"dbus-daemon", "gnome-keyring-daemon"} <= names
    assert len(shown) > 10
    assert PIN.encode() not in b"".join(shown)


def _family(vault: psutil.Process) -> list[psutil.Process]:
    try:
        return [vault, *vault.children(recursive=True)]
    except psutil.Error:
        return []


def test_no_file_shows_a_pin_a_hash_or_a_name(lab: VaultLab) -> None:
    lab.enrol()
    lab.verify(WRONG)
    files = [path for path in lab.folder.rglob("*") if path.is_file()]
    assert lab.keyring in files
    for path in files:
        kept = path.read_bytes()
        assert [word for word in (PIN, WRONG, "argon2", "山田花子") if word.encode() in kept] == []
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(lab.folder.stat().st_mode) == 0o700


def test_vaults_take_turns_and_no_try_is_lost(lab: VaultLab) -> None:
    lab.enrol("7")
    lab.enrol("8")
    with concurrent.futures.ThreadPoolExecutor() as pool:
        verdicts = list(pool.map(lambda number: lab.verify(WRONG, number), ["7", "8", "7", "8"]))
    wrong = verdicts.count("wrong")
    assert verdicts.count("wait") == 4 - wrong
    assert lab.failures().count(1) + 2 * lab.failures().count(2) == wrong
    assert lab.leftovers() == []


def test_a_vault_waits_for_the_lock(lab: VaultLab) -> None:
    lab.enrol()
    descriptor = os.open(lab.folder / "lock", os.O_RDWR)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    with lab.begin({"do": "people"}) as process:
        lock = lab.folder / "lock"
        until(lambda: any(file.path == str(lock) for file in psutil.Process(process.pid).open_files()))
        assert process.poll() is None
        os.close(descriptor)
        assert process.stdout
        assert len(json.loads(process.stdout.read())["people"]) == 1


def test_a_runtime_folder_that_a_killed_vault_left_is_no_hindrance(lab: VaultLab) -> None:
    lab.enrol()
    with lab.begin({"do": "verify", "number": "7", "pin": WRONG}) as process:
        until(lambda: any((lab.runtime / "madoguchi-guard").glob("vault-*/bus")))
        process.kill()
    assert any((lab.runtime / "madoguchi-guard").glob("vault-*"))
    until(lambda: lab.verify(PIN) == "yes")
    assert lab.leftovers() == []


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\n",
        b"[]\n",
        b"{}\n",
        b'{"do": 7}\n',
        b'{"do": "open"}\n',
        b'{"do": "verify", "number": "7"}\n',
        b'{"do": "verify", "number": 7, "pin": "482913"}\n',
        b'{"do": "expire", "number": "7", "on": "482913"}\n',
        b'{"do": "verify", "number": "7", "pin": "' + b"4" * LINE_MOST + b'"}\n',
        b"[" * 4000 + b"\n",
    ],
)
def test_what_the_vault_does_not_understand_it_refuses_in_a_sentence(lab: VaultLab, line: bytes) -> None:
    process = lab.begin_raw(line)
    output, _ = process.communicate(timeout=PATIENCE)
    reply = json.loads(output)
    assert (process.returncode, reply.keys(), reply["whose"]) == (0, {"refused", "whose"}, "machine")
    assert b"482913" not in output


# --- broken keyrings, each named


def broken(lab: VaultLab) -> str:
    with pytest.raises(MachineError) as error:
        lab.verify(PIN)
    assert lab.leftovers() == []
    return error.value.sentence


def test_a_lost_key_is_named_and_no_other_is_made(lab: VaultLab) -> None:
    lab.enrol()
    (lab.folder / "key").unlink()
    assert "has lost its key" in broken(lab)
    assert not (lab.folder / "key").exists()
    assert not (lab.folder / "key.new").exists()


def test_a_lost_keyring_is_named(lab: VaultLab) -> None:
    lab.enrol()
    lab.keyring.unlink()
    assert "login.keyring is missing" in broken(lab)


@pytest.mark.parametrize("text", [b"", b"junk", b"GnomeKeyring\n\r\0\n"])
def test_a_damaged_keyring_is_named_and_not_replaced(lab: VaultLab, text: bytes) -> None:
    lab.enrol()
    lab.keyring.write_bytes(text)
    assert "login.keyring is damaged" in broken(lab)
    assert [path.name for path in lab.keyring.parent.glob("*.keyring")] == ["login.keyring"]


def test_a_key_of_another_keyring_is_named(lab: VaultLab) -> None:
    lab.enrol()
    (lab.folder / "key").write_text("0" * 64)
    assert "does not open with its key" in broken(lab)
    (lab.folder / "key").write_text("0" * 10)
    assert "key is damaged" in broken(lab)


def test_a_key_that_others_can_read_is_named(lab: VaultLab) -> None:
    lab.enrol()
    (lab.folder / "key").chmod(0o640)
    assert "others can read" in broken(lab)


def test_a_folder_that_others_can_enter_is_named(lab: VaultLab) -> None:
    lab.enrol()
    lab.folder.chmod(0o750)
    assert "of this account alone" in broken(lab)


@pytest.fixture(params=["dbus-daemon", "gnome-keyring-daemon"])
def without(request: pytest.FixtureRequest, lab: VaultLab, tmp_path: Path) -> tuple[VaultLab, str]:
    """A PC on which one of the programs is not installed."""
    missing = str(request.param)
    for name in {"setpriv", "dbus-daemon", "gnome-keyring-daemon"} - {missing}:
        found = shutil.which(name)
        assert found
        (tmp_path / name).symlink_to(found)
    return type(lab)({**lab.environment, "PATH": str(tmp_path)}), missing


def test_a_missing_program_is_named(without: tuple[VaultLab, str]) -> None:
    lab, missing = without
    assert f"{missing} is not installed; run apt-get install" in broken(lab)


def test_a_program_that_dies_is_named(lab: VaultLab, tmp_path: Path) -> None:
    for name in ("setpriv", "dbus-daemon"):
        found = shutil.which(name)
        assert found
        (tmp_path / name).symlink_to(found)
    (tmp_path / "gnome-keyring-daemon").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "gnome-keyring-daemon").chmod(0o755)
    dead = type(lab)({**lab.environment, "PATH": str(tmp_path)})
    assert "gnome-keyring-daemon does not start" in broken(dead)


def test_a_first_use_that_was_cut_short_is_gone_on_with(lab: VaultLab) -> None:
    lab.enrol()
    (lab.folder / "key").rename(
        lab.folder / "key.new"
    )  # the keyring was made, the key not called by its name
    assert lab.verify(PIN) == "yes"
    assert not (lab.folder / "key.new").exists()
    shutil.rmtree(lab.folder)
    lab.folder.mkdir(mode=0o700)
    (lab.folder / "key.new").write_text("012")  # the key was half written
    lab.enrol()
    assert lab.verify(PIN) == "yes"


def test_the_trial_leaves_the_book_as_it_is(lab: VaultLab) -> None:
    lab.enrol()
    lab.vault.ask("trial")
    lab.vault.ask("trial")
    assert lab.vault.ask("verify", Secret(PIN), number="7")["name"] == "山田花子"
