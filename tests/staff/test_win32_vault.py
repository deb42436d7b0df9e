"""The real vault process on the real Credential Manager."""

from __future__ import annotations

import sys

assert sys.platform == "win32"

import contextlib
import json
import os
import subprocess
import threading
from typing import TYPE_CHECKING, Self

import psutil
import pytest
import pywintypes
import win32cred

from guard.errors import ConfigError, MachineError
from guard.ground import KEPT_VARIABLES, FileLock, state_home
from guard.keyring.credential_manager import _prefix
from guard.secret import Secret
from guard.staff.port import EMERGENCY
from guard.staff.throttle import PERSON_LOCKED_AT
from guard.staff.vault_client import Vault

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

PIN, WRONG, OTHER = "482913", "729305", "518264"
VAULT = [sys.executable, "-P", "-m", "guard.staff.vault"]


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[Mapping[str, str]]:
    """Of an account with a staff book of its own, which is gone afterwards."""
    environment = {name: os.environ[name] for name in (*KEPT_VARIABLES, "PYTHONPATH") if name in os.environ}
    environment["LOCALAPPDATA"] = str(tmp_path)
    yield environment
    with contextlib.suppress(pywintypes.error):
        for one in win32cred.CredEnumerate(f"{_prefix(state_home(environment) / 'staff')}*", 0):
            win32cred.CredDelete(one["TargetName"], win32cred.CRED_TYPE_GENERIC)


@pytest.fixture
def vault(environment: Mapping[str, str]) -> Vault:
    return Vault(environment)


def enrol(vault: Vault, number: str = "7") -> None:
    vault.ask("add", Secret(PIN), number=number, name="山田花子", expires=None)


def verify(vault: Vault, pin: str, number: str = "7") -> Mapping[str, object]:
    """Try this PIN as soon as a try is looked at."""
    while True:
        answer = vault.ask("verify", Secret(pin), number=number)
        if answer["verdict"] != "wait":
            return answer
        wait = answer["wait_seconds"]
        assert isinstance(wait, float)
        threading.Event().wait(wait)  # what the answer asks for


def test_a_right_pin_is_a_yes_a_wrong_one_is_not_and_is_still_known_to_the_next_process(vault: Vault) -> None:
    enrol(vault)
    assert vault.ask("people") == {"people": [{"number": "7", "name": "山田花子"}]}
    assert verify(vault, PIN)["verdict"] == "yes"
    assert verify(vault, WRONG)["verdict"] == "wrong"
    staff = vault.ask("list")["staff"]
    assert isinstance(staff, list)
    assert [person["failures"] for person in staff] == [1]
    assert verify(vault, PIN)["verdict"] == "yes"


def test_after_so_many_wrong_pins_in_a_row_the_right_one_is_refused_until_it_is_reset(vault: Vault) -> None:
    enrol(vault)
    answers = [verify(vault, WRONG) for _ in range(PERSON_LOCKED_AT)]
    assert [answer["locked"] for answer in answers] == [False] * (PERSON_LOCKED_AT - 1) + [True]
    assert verify(vault, PIN)["verdict"] == "wrong"
    vault.ask("reset", Secret(OTHER), number="7")
    assert verify(vault, OTHER)["verdict"] == "yes"


def test_the_emergency_code_opens_once(vault: Vault) -> None:
    code = vault.ask("emergency", hours=1)["code"]
    assert isinstance(code, str)
    assert verify(vault, code, EMERGENCY)["verdict"] == "yes"
    assert verify(vault, code, EMERGENCY)["verdict"] == "wrong"


def test_doctors_trial_leaves_nothing_and_a_wrong_command_is_whose_fault_it_is(vault: Vault) -> None:
    assert vault.ask("trial") == {}
    assert vault.ask("people") == {"people": []}
    with pytest.raises(ConfigError):
        vault.ask("reset", Secret(PIN), number="7")


def test_the_pin_is_on_no_command_line_and_in_no_environment(
    environment: Mapping[str, str], vault: Vault
) -> None:
    enrol(vault)
    with FileLocked(state_home(environment) / "staff" / "lock") as lock:
        process = begin(environment, {"do": "verify", "number": "7", "pin": PIN})
        shown = psutil.Process(process.pid)
        assert PIN not in " ".join(shown.cmdline())
        assert PIN not in str(shown.environ())
        lock.close()
        output, _ = process.communicate(timeout=60)
    assert json.loads(output)["verdict"] == "yes"


def test_no_file_shows_a_pin_a_hash_or_a_name(
    environment: Mapping[str, str], vault: Vault, tmp_path: Path
) -> None:
    enrol(vault)
    verify(vault, WRONG)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files == [state_home(environment) / "staff" / "lock"]
    assert files[0].read_bytes() == b""


def test_a_vault_that_hangs_is_given_up_and_is_gone(environment: Mapping[str, str], vault: Vault) -> None:
    enrol(vault)
    with FileLocked(state_home(environment) / "staff" / "lock"):
        with pytest.raises(MachineError, match="did not answer within"):
            Vault(environment, timeout=0.5).ask("people")
        assert [one for one in psutil.Process().children() if "guard.staff.vault" in one.cmdline()] == []
    assert vault.ask("people")["people"] != []


class FileLocked:
    """Holds a lock for a with block, or until it is closed."""

    def __init__(self, path: Path) -> None:
        self._lock: FileLock | None = FileLock.take(path)

    def close(self) -> None:
        if self._lock:
            self._lock.close()
        self._lock = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def begin(environment: Mapping[str, str], request: Mapping[str, object]) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(VAULT, env=dict(environment), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin
    process.stdin.write(json.dumps(request).encode() + b"\n")
    process.stdin.flush()
    return process
