"""The account's real Credential Manager."""

from __future__ import annotations

import sys

assert sys.platform == "win32"

import os
import subprocess
import threading
from typing import TYPE_CHECKING

import pytest
import pywintypes
import win32cred

from guard.errors import MachineError
from guard.keyring import credential_manager
from guard.keyring.credential_manager import HeldStore, opened

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import _win32typing

LONG = "花子のPIN " * 500
_HOLDS = """
import os, pathlib, sys
from guard.keyring.credential_manager import opened
with opened(os.environ, pathlib.Path(sys.argv[1]), "the staff book") as store:
    print(store.read("mark"), flush=True)
    store.write("mark", "of the other process")
    sys.stdin.read()
"""

_WRITES = """
import os, pathlib, sys
from guard.keyring.credential_manager import HeldStore
with HeldStore(os.environ, pathlib.Path(sys.argv[1])) as store:
    while True:
        for letter in "ab":
            store.write("mark", letter * 5000)
            print(letter, flush=True)
"""


def kept(folder: Path) -> list[Mapping[str, object]]:
    """Every credential of this folder's store."""
    prefix = credential_manager._prefix(folder)
    try:
        return list(win32cred.CredEnumerate(f"{prefix}*", 0))
    except pywintypes.error:  # there is none
        return []


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "staff"
    for one in kept(tmp_path / "staff"):
        win32cred.CredDelete(str(one["TargetName"]), win32cred.CRED_TYPE_GENERIC)


def test_what_is_written_is_there_for_the_next_store_however_long_it_is(folder: Path) -> None:
    with HeldStore(os.environ, folder) as store:
        assert store.read("mark") is None
        for text in ("short", LONG, "", "\U0001f511" * 1500, LONG):
            store.write("mark", text)
            assert store.read("mark") == text
        store.write("other", "x")
        store.delete("other")
    with HeldStore(os.environ, folder) as store:
        assert store.read("mark") == LONG
        assert store.read("other") is None
        store.delete("mark")
    assert kept(folder) == []


def test_credentials_stay_on_this_pc_under_the_products_name_and_within_windows_limit(folder: Path) -> None:
    with HeldStore(os.environ, folder) as store:
        store.write("mark", LONG)
    assert len(kept(folder)) > 3
    for one in kept(folder):
        blob = one["CredentialBlob"]
        assert isinstance(blob, bytes)
        assert 0 < len(blob) <= 2560
        assert one["Persist"] == win32cred.CRED_PERSIST_LOCAL_MACHINE
        assert str(one["TargetName"]).startswith("MadoguchiGuard/staff-")


def test_of_what_was_replaced_nothing_stays(folder: Path) -> None:
    with HeldStore(os.environ, folder) as store:
        for text in ("first", LONG, "second", "third"):
            store.write("mark", text)
    blobs = b"".join(bytes(one["CredentialBlob"]) for one in kept(folder))  # type: ignore[call-overload]
    assert "third".encode("utf-16-le") in blobs
    assert [text for text in ("first", "second", "花子") if text.encode("utf-16-le") in blobs] == []


def test_the_stores_of_two_folders_do_not_meet(folder: Path, tmp_path: Path) -> None:
    with (
        HeldStore(os.environ, folder) as one,
        HeldStore(os.environ, tmp_path / "elsewhere" / "staff") as other,
    ):
        one.write("mark", "x")
        assert other.read("mark") is None


def test_while_a_process_has_it_open_others_wait_and_go_on_when_it_is_killed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with HeldStore(os.environ, folder) as store:
        store.write("mark", "ours")
        with subprocess.Popen(
            [sys.executable, "-c", _HOLDS, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as other:
            assert other.stdout
            assert other.stdout.readline().strip() == b"ours"
            monkeypatch.setattr(credential_manager, "LOCK_SECONDS", 0.1)
            with pytest.raises(MachineError, match="in use by another process"):
                store.read("mark")
            other.kill()
        monkeypatch.undo()
        assert store.read("mark") == "of the other process"


def test_a_process_that_is_killed_while_it_writes_leaves_one_whole_text(folder: Path) -> None:
    whole = {letter * 5000 for letter in "ab"}
    with HeldStore(os.environ, folder) as store:
        for _ in range(3):
            with subprocess.Popen(
                [sys.executable, "-c", _WRITES, str(folder)], stdout=subprocess.PIPE
            ) as writing:
                assert writing.stdout
                for _ in range(3):
                    assert writing.stdout.readline()
                writing.kill()
            assert store.read("mark") in whole
        store.write("mark", "x")
        assert store.read("mark") == "x"
    assert len(kept(folder)) == 2


def test_many_threads_may_ask_at_once(folder: Path) -> None:
    with HeldStore(os.environ, folder) as store:

        def write(number: int) -> None:
            store.write(f"item-{number}", str(number))

        threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [store.read(f"item-{number}") for number in range(8)] == [str(number) for number in range(8)]


def test_a_credential_that_somebody_deleted_is_named(folder: Path) -> None:
    with opened(os.environ, folder, "the staff book") as store:
        store.write("mark", LONG)
        parts = [str(one["TargetName"]) for one in kept(folder) if str(one["TargetName"]).endswith("/2")]
        win32cred.CredDelete(parts[0], win32cred.CRED_TYPE_GENERIC)
        with pytest.raises(MachineError, match="item mark is damaged"):
            store.read("mark")


def test_whatever_windows_answers_is_a_no_without_a_text(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(credential: _win32typing.PyCREDENTIAL, flags: int) -> None:
        raise pywintypes.error(1312, "CredWrite", f"{credential}{flags}")

    with HeldStore(os.environ, folder) as store:
        monkeypatch.setattr(win32cred, "CredWrite", broken)
        with pytest.raises(
            MachineError, match=r"does not write \(Windows' error 1312: nothing is kept"
        ) as no:
            store.write("mark", "739182")
        assert "739182" not in no.value.sentence
        monkeypatch.undo()
        assert store.read("mark") is None


def test_after_it_was_closed_nothing_can_be_asked(folder: Path) -> None:
    store = HeldStore(os.environ, folder)
    store.close()
    with pytest.raises(MachineError, match="being stopped"):
        store.read("mark")
