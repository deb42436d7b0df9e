"""The system's cache of host names."""

from __future__ import annotations

import sys

assert sys.platform == "win32"

import ctypes
from ctypes import wintypes

import pytest

from guard.browser import win32_names
from guard.browser.port import HostNames


def test_windows_is_told_to_forget_and_does() -> None:
    assert win32_names.forget_names() is HostNames.FORGOTTEN


@pytest.mark.parametrize("answer", [0, 1])
def test_what_it_answers_is_believed(monkeypatch: pytest.MonkeyPatch, answer: int) -> None:
    class Library:
        def __init__(self, name: str) -> None:
            assert name == "dnsapi"
            self.DnsFlushResolverCache = ctypes.WINFUNCTYPE(wintypes.BOOL)(lambda: answer)

    monkeypatch.setattr(ctypes, "WinDLL", Library)
    assert win32_names.forget_names() is (HostNames.FORGOTTEN if answer else HostNames.KEPT)
