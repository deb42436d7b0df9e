"""The loudspeaker through Windows' own PlaySound."""

from __future__ import annotations

import logging
import os
import sys

if sys.platform != "win32":
    raise ImportError("this is Windows' part")

import winsound
from typing import TYPE_CHECKING

from guard.screens.speaker import SOUNDS

if TYPE_CHECKING:
    from guard.screens.port import Sound

_log = logging.getLogger(__name__)


class WinsoundSpeaker:
    """The `Speaker` of `guard.screens.port`."""

    def play(self, sound: Sound) -> None:
        """See `Speaker.play`; SND_NOSTOP lets one that plays go on, SND_NODEFAULT never beeps instead."""
        try:
            winsound.PlaySound(
                os.fspath(SOUNDS / f"{sound}.wav"),
                winsound.SND_FILENAME | winsound.SND_ASYNC | winsound.SND_NOSTOP | winsound.SND_NODEFAULT,
            )
        except RuntimeError:  # one is playing, or this PC has no loudspeaker
            _log.debug("no sound")

    def close(self) -> None:
        """See `Speaker.close`."""
        winsound.PlaySound(None, winsound.SND_PURGE)
