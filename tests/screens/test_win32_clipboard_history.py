"""Whether Windows keeps what once lay on the clipboard, in a real registry: what is not known, it keeps."""

from __future__ import annotations

import sys

assert sys.platform == "win32"

import contextlib
import winreg
from typing import TYPE_CHECKING

import pytest

from guard.screens.win32_clipboard_history import HISTORY, KEEPERS, keeps_nothing, not_forbidden

if TYPE_CHECKING:
    from collections.abc import Iterator

POLICIES = r"SOFTWARE\Policies\Microsoft\Windows\System"
OWN = r"Software\Microsoft\Clipboard"
PLACES = {winreg.HKEY_LOCAL_MACHINE: POLICIES, winreg.HKEY_CURRENT_USER: OWN}
NAMES = [name for keeper in KEEPERS for name in (keeper.policy, keeper.own)]


def _forget() -> None:
    for hive, path in PLACES.items():
        with winreg.CreateKey(hive, path) as key:
            for name in NAMES:
                with contextlib.suppress(FileNotFoundError):
                    winreg.DeleteValue(key, name)


@pytest.fixture(autouse=True)
def registry() -> Iterator[None]:
    """The lab's registry says nothing of the clipboard, before a test and afterwards."""
    _forget()
    yield
    _forget()


def put(hive: int, name: str, value: int | str) -> None:
    kind = winreg.REG_DWORD if isinstance(value, int) else winreg.REG_SZ
    with winreg.CreateKey(hive, PLACES[hive]) as key:
        winreg.SetValueEx(key, name, 0, kind, value)


def test_a_pc_of_which_nothing_is_known_keeps() -> None:
    assert not keeps_nothing()
    assert not_forbidden() == ("AllowClipboardHistory", "AllowCrossDeviceClipboard")


def test_where_the_policy_forbids_both_nothing_is_kept_whatever_the_account_has_set() -> None:
    for keeper in KEEPERS:
        put(winreg.HKEY_LOCAL_MACHINE, keeper.policy, 0)
        put(winreg.HKEY_CURRENT_USER, keeper.own, 1)
    assert keeps_nothing()
    assert not_forbidden() == ()


@pytest.mark.parametrize("forbidden", KEEPERS, ids=lambda keeper: keeper.policy)
def test_one_policy_alone_is_not_enough(forbidden: object) -> None:
    for keeper in KEEPERS:
        if keeper is forbidden:
            put(winreg.HKEY_LOCAL_MACHINE, keeper.policy, 0)
    assert not keeps_nothing()


def test_an_account_that_has_turned_both_off_keeps_nothing_although_it_might() -> None:
    for keeper in KEEPERS:
        put(winreg.HKEY_CURRENT_USER, keeper.own, 0)
    assert keeps_nothing()
    assert not_forbidden() == ("AllowClipboardHistory", "AllowCrossDeviceClipboard")


@pytest.mark.parametrize("value", [1, 2, "0", ""], ids=repr)
def test_any_other_value_is_no_prohibition(value: int | str) -> None:
    put(winreg.HKEY_LOCAL_MACHINE, HISTORY.policy, value)
    assert not HISTORY.is_forbidden()
    assert HISTORY.keeps()


def test_it_is_asked_anew_each_time() -> None:
    for keeper in KEEPERS:
        put(winreg.HKEY_CURRENT_USER, keeper.own, 0)
    assert keeps_nothing()
    put(winreg.HKEY_CURRENT_USER, HISTORY.own, 1)
    assert not keeps_nothing()
