"""A shade on a screen of its own, with and without a window manager, and another client beside it."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from guard.clock import SystemClock
from guard.screens.x11 import X11Shade
from tests.screens.shade_lab import HOTKEY, Ear, OtherClient
from tests.support.xvfb import Xvfb

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(params=[None, "openbox"], ids=["bare", "openbox"])
def screen(request: pytest.FixtureRequest) -> Iterator[str]:
    with Xvfb(window_manager=request.param) as server:
        yield server.display


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
def shade(screen: str, ear: Ear) -> Iterator[X11Shade]:
    shade = X11Shade({"DISPLAY": screen}, SystemClock(), ear, hotkey=HOTKEY)
    shade.start()
    yield shade
    shade.close()


@pytest.fixture
def other(screen: str) -> Iterator[OtherClient]:
    with closing(OtherClient(screen)) as client:
        yield client
