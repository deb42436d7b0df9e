"""A made-up member of staff, who works the PIN pad by keyboard as a real one would."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Final

if sys.platform == "win32":
    raise ImportError("this is Linux's part")

from Xlib import X, display

from guard.errors import MachineError
from guard.staff.desk import SETTLE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guard.clock import Clock
    from guard.practice.hands import Hands
    from guard.practice.people import Badge

_PATIENCE: Final = 30.0
"""s until the pad must have the keyboard."""
_LOOK: Final = 0.05
HOTKEY: Final = ("Control_L", "Alt_L", "Shift_L", "l")
"""The default of ``[staff] hotkey`` as X names its keys."""


class Clerk:
    """Somebody at this display's keyboard."""

    def __init__(self, badge: Badge, name: str, hands: Hands, clock: Clock) -> None:
        """``name`` is the display's."""
        self._badge = badge
        self._display = name
        self._hands = hands
        self._clock = clock

    def enrol(self, environment: Mapping[str, str]) -> None:
        """Put them into the staff book of this environment's guard; raises MachineError."""
        badge = self._badge
        done = subprocess.run(
            [sys.executable, "-m", "guard", "staff", "add", badge.number, "--name", badge.name],
            input=f"{badge.pin}\n{badge.pin}\n",
            env=dict(environment),
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
        if done.returncode:
            raise MachineError(f"the practice clerk cannot be enrolled: {done.stderr.strip()}")

    def call(self) -> None:
        """Press the hotkey, unless the pad is open already, and wait until it has the keyboard."""
        if self._pad_is_open():
            return
        self._hands.chord(*HOTKEY)
        end = self._clock.monotonic() + _PATIENCE
        pause = threading.Event()
        while not self._pad_is_open():
            if self._clock.monotonic() > end:
                raise MachineError("the staff's pad did not come up")
            pause.wait(_LOOK)

    def enter_pin(self) -> None:
        """Type number and PIN."""
        self._hands.write(self._badge.number)
        self._hands.press("Return")
        self._hands.write(self._badge.pin)
        self._hands.press("Return")

    def pick(self, place: int) -> None:
        """Look at the list that has just come up, and press the choice at this place; the first is 1."""
        threading.Event().wait(2 * SETTLE_SECONDS)
        self._hands.write(str(place))

    def _pad_is_open(self) -> bool:
        """Tell whether somebody holds the keyboard: the pad does, and nobody else at a practice counter."""
        with contextlib.closing(display.Display(self._display)) as client:
            root = client.screen().root
            answer = root.grab_keyboard(
                owner_events=False,
                pointer_mode=X.GrabModeAsync,
                keyboard_mode=X.GrabModeAsync,
                time=X.CurrentTime,
            )
            client.ungrab_keyboard(X.CurrentTime)
            client.sync()
        return bool(answer == X.AlreadyGrabbed)
