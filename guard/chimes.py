"""Which sound when: follows the counter's state, on the core's own deadlines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from guard.inbox import SoundDue
from guard.screens.port import Sound
from guard.session.effects import Timer
from guard.session.table import State

if TYPE_CHECKING:
    from guard.screens.port import Speaker
    from guard.timers import Timers

REPEAT = 8.0
"""s between two reminders to take the card."""
NEARLY_OVER = 10.0
"""s before the end of a held session at which it is heard that time is running out."""

_NAME: Final = "sound"
_FIRST: Final = {State.TAKE_CARD: Sound.TAKE_CARD, State.HELD: Sound.STAFF, State.WIPE_FAILED: Sound.STAFF}
"""The sounds that states begin with; all others are silent."""
_LATER: Final = {State.TAKE_CARD: Sound.TAKE_CARD, State.HELD: Sound.TIME}
"""The sounds that may follow while the state lasts."""


class Chimes:
    """Has the speaker play what belongs to a state; told of every change, it keeps one deadline at most."""

    def __init__(self, speaker: Speaker, timers: Timers) -> None:
        self._speaker = speaker
        self._timers = timers
        self._state = State.STARTING

    def entered(self, state: State) -> None:
        """The counter has just come into this state, and its timers run."""
        self._state = state
        self._timers.disarm(_NAME)
        if state in _FIRST:
            self._speaker.play(_FIRST[state])
        if state is State.TAKE_CARD:
            self._arm(REPEAT)
        elif state is State.HELD:
            left = self._timers.left(Timer.HOLD) or 0.0
            if left > NEARLY_OVER:
                self._arm(left - NEARLY_OVER)

    def due(self, sound: Sound) -> None:
        """The deadline of this sound is over; one that was due before the state changed stays silent."""
        if sound is not _LATER.get(self._state):
            return
        self._speaker.play(sound)
        if self._state is State.TAKE_CARD:
            self._arm(REPEAT)

    def _arm(self, seconds: float) -> None:
        self._timers.arm(_NAME, seconds, SoundDue(sound=_LATER[self._state]))
