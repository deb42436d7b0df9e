"""The practice's own screen."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import socket
import subprocess
import time

import pytest
from Xlib import display as xdisplay

from guard.errors import MachineError
from guard.practice.display import SIZE, PracticeDisplay, display_or_own

_PARENT = """
import sys
from guard.practice.display import PracticeDisplay
print(PracticeDisplay().start(), flush=True)
sys.stdin.read()
"""


def _size(name: str) -> tuple[int, int]:
    opened = xdisplay.Display(name)
    try:
        screen = opened.screen()
        return (screen.width_in_pixels, screen.height_in_pixels)
    finally:
        opened.close()


def _gone(name: str) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(f"/tmp/.X11-unix/X{name.removeprefix(':')}") != 0  # noqa: S108 -- X11's own place


def test_it_has_the_smallest_counter_screens_size() -> None:
    """Clients can connect as soon as it is there, and no more when it has stopped."""
    with PracticeDisplay() as name:
        assert _size(name) == SIZE
    assert _gone(name)


def test_a_given_display_is_taken_as_it_is() -> None:
    """With a display the practice shows its windows there."""
    with display_or_own(":given") as name:
        assert name == ":given"


def test_without_a_display_it_brings_its_own() -> None:
    """No screen is needed to see the replay's pictures."""
    with display_or_own(None) as name:
        assert _size(name) == SIZE


def test_a_missing_xvfb_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """It says which package helps."""
    monkeypatch.setenv("PATH", "")
    with pytest.raises(MachineError, match="install the package xvfb"):
        PracticeDisplay().start()


def test_it_ends_with_its_parent() -> None:
    """A killed parent leaves no screen behind."""
    with subprocess.Popen(
        [sys.executable, "-c", _PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        name = parent.stdout.readline().decode().strip()
        assert _size(name) == SIZE
        parent.kill()
        deadline = time.monotonic() + 20
        while not _gone(name):
            assert time.monotonic() < deadline
