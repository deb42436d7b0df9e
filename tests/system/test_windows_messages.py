"""What Windows' messages mean to the guard; runs everywhere."""

from __future__ import annotations

import pytest

from guard.session.events import SystemChange
from guard.system.messages import Told, understand

QUERY, END, POWER, SESSION = 0x11, 0x16, 0x218, 0x2B1


@pytest.mark.parametrize(
    ("message", "meaning"),
    [
        ((QUERY, 0, 0), SystemChange.SHUTDOWN),
        ((QUERY, 0, 0x8000_0000), SystemChange.LOGOUT),
        ((QUERY, 0, 0xC000_0000), SystemChange.LOGOUT),
        ((QUERY, 0, -0x8000_0000), SystemChange.LOGOUT),
        ((END, 1, 0), Told.GOES),
        ((END, 0, 0), Told.STAYS),
        ((POWER, 4, 0), SystemChange.SUSPEND),
        ((POWER, 0x12, 0), Told.AWAKE),
        ((POWER, 7, 0), Told.AWAKE),
        ((POWER, 0xA, 0), None),  # PBT_APMPOWERSTATUSCHANGE: the plug was pulled
        ((SESSION, 7, 1), SystemChange.LOCK),
        ((SESSION, 2, 1), SystemChange.LOCK),
        ((SESSION, 3, 1), SystemChange.LOCK),
        ((SESSION, 4, 1), SystemChange.LOCK),
        ((SESSION, 6, 1), SystemChange.LOGOUT),
        ((SESSION, 8, 1), None),
        ((SESSION, 1, 1), None),
        ((0x0F, 0, 0), None),
    ],
)
def test_a_message_means(message: tuple[int, int, int], meaning: SystemChange | Told | None) -> None:
    assert understand(*message) is meaning
