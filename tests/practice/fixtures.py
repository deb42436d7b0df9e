"""A practice portal, a screen and hands for the tests of the practice."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from guard.practice.display import PracticeDisplay
from guard.practice.hands import XTestHands
from guard.practice.people import Town
from guard.practice.portal import PracticePortal

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def town() -> Town:
    """The made-up citizens and banks."""
    return Town.shipped()


@pytest.fixture
def start_url() -> str:
    """An address that nobody serves."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return f"http://127.0.0.1:{probe.getsockname()[1]}/"


@pytest.fixture
def portal(start_url: str) -> Iterator[PracticePortal]:
    """A running practice portal."""
    with PracticePortal() as running:
        running.start(start_url)
        yield running


@pytest.fixture
def display() -> Iterator[str]:
    """A screen of its own."""
    with PracticeDisplay() as name:
        yield name


@pytest.fixture
def hands(display: str, town: Town) -> Iterator[XTestHands]:
    """Keyboard and mouse of that screen."""
    with XTestHands(display, beyond_keyboard="".join(person.kana for person in town.people)) as opened:
        yield opened
