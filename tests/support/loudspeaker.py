"""A loudspeaker that writes down what it plays: ALSA's own ``file`` plugin, so ``aplay`` is the real one."""

from __future__ import annotations

import os
import wave
from typing import TYPE_CHECKING

from guard.screens.speaker import SOUNDS

if TYPE_CHECKING:
    from pathlib import Path

    from guard.screens.port import Sound


class Loudspeaker:
    """ALSA's default device for whoever gets `environment`; holds the last thing played."""

    def __init__(self, folder: Path) -> None:
        self._recording = folder / "played.wav"
        settings = folder / "asound.conf"
        settings.write_text(
            "pcm.null { type null }\n"
            f'pcm.!default {{ type file slave.pcm "null" file "{self._recording}" format "wav" }}\n',
            encoding="utf-8",
        )
        self.environment = {"ALSA_CONFIG_PATH": os.fspath(settings)}

    def untouched(self) -> bool:
        """Tell whether nobody has ever played anything."""
        return not self._recording.exists()

    def played(self, sound: Sound) -> bool:
        """Tell whether the last thing played, whole and with nothing but silence after it, was this sound."""
        try:
            was = self._heard(self._recording)
        except (FileNotFoundError, EOFError, wave.Error):  # not yet, or only the beginning of it
            return False
        is_ = self._heard(SOUNDS / f"{sound}.wav")
        # ALSA fills its last period up with silence
        return was[:2] == is_[:2] and was[2].startswith(is_[2]) and not was[2][len(is_[2]) :].strip(b"\0")

    @staticmethod
    def _heard(file: Path) -> tuple[int, int, bytes]:
        with wave.open(os.fspath(file)) as sound:
            return sound.getframerate(), sound.getnchannels(), sound.readframes(sound.getnframes())
