"""The loudspeaker: the real ``aplay`` where it plays, stand-ins for it where it misbehaves."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import contextlib
import logging
import os
import threading
import wave
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from guard.containers.processes import ProcessHandle
from guard.screens.port import Sound
from guard.screens.speaker import SOUNDS, AplaySpeaker
from tests.screens.curtain_lab import PATIENCE
from tests.support.loudspeaker import Loudspeaker
from tests.support.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

LONG = 600.0


class Aplay:
    """A program named aplay that writes down what it is asked to play, and then does this."""

    def __init__(self, folder: Path, then: str) -> None:
        self._asked = folder / "asked"
        self.environment = {"PATH": f"{folder}:{os.environ['PATH']}"}
        program = folder / "aplay"
        program.write_text(f'#!/bin/sh\necho "$$ $*" >> {self._asked}\n{then}\n', encoding="utf-8")
        program.chmod(0o755)

    def asked(self) -> list[str]:
        """Return the names of the sounds, in order."""
        return [line.rpartition("/")[2].removesuffix(".wav") for line in self._lines()]

    def process(self) -> ProcessHandle:
        """Wait for the first one and return it; raises ProcessLookupError when it is gone already."""
        until(lambda: bool(self._lines()))
        return ProcessHandle(int(self._lines()[0].split()[0]))

    def _lines(self) -> list[str]:
        if not self._asked.exists():
            return []
        text = self._asked.read_text(encoding="utf-8")
        return text[: text.rfind("\n") + 1].splitlines()


def play_until_asked(speaker: AplaySpeaker, sound: Sound, aplay: Aplay, times: int) -> None:
    def asked() -> bool:
        speaker.play(sound)
        return len(aplay.asked()) >= times

    until(asked)


@pytest.mark.parametrize("sound", Sound)
def test_every_sound_comes_out_of_the_default_device_sample_for_sample(sound: Sound, tmp_path: Path) -> None:
    loudspeaker = Loudspeaker(tmp_path)
    with closing(AplaySpeaker({"PATH": os.environ["PATH"], **loudspeaker.environment})) as speaker:
        speaker.play(sound)
        until(lambda: loudspeaker.played(sound))


@pytest.mark.parametrize("sound", Sound)
def test_sounds_are_soft_and_short(sound: Sound) -> None:
    with wave.open(os.fspath(SOUNDS / f"{sound}.wav")) as file:
        assert file.getnframes() / file.getframerate() < 2
        samples = memoryview(file.readframes(file.getnframes())).cast("h")
    assert 0 < max(abs(sample) for sample in samples) < 0.35 * 32768


def test_a_sound_is_dropped_while_another_plays_and_the_next_is_heard_again(tmp_path: Path) -> None:
    """Playing takes until the test says so; that `play` comes back meanwhile is part of the promise."""
    end = tmp_path / "end"
    os.mkfifo(end)
    aplay = Aplay(tmp_path, f"read _ < {end}")
    with closing(AplaySpeaker(aplay.environment, LONG)) as speaker:
        speaker.play(Sound.TAKE_CARD)
        until(lambda: aplay.asked() == ["take-card"])
        speaker.play(Sound.STAFF)
        end.write_text("\n", encoding="utf-8")
        play_until_asked(speaker, Sound.TIME, aplay, 2)
        assert aplay.asked() == ["take-card", "time"]


def test_an_aplay_that_hangs_is_killed_and_the_next_sound_is_played(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "guard.screens.speaker")
    aplay = Aplay(tmp_path, "exec sleep infinity")
    with closing(AplaySpeaker(aplay.environment, 0.5)) as speaker:
        speaker.play(Sound.STAFF)
        with contextlib.suppress(ProcessLookupError), closing(aplay.process()) as process:
            assert process.wait(PATIENCE)
        play_until_asked(speaker, Sound.TIME, aplay, 2)
        assert aplay.asked() == ["staff", "time"]
    assert caplog.messages[0] == "no sound: aplay did not end within 0.5 s and was killed"


def test_a_closed_speaker_leaves_neither_process_nor_thread_and_stays_silent(tmp_path: Path) -> None:
    aplay = Aplay(tmp_path, "exec sleep infinity")
    before = set(threading.enumerate())
    speaker = AplaySpeaker(aplay.environment, LONG)
    speaker.play(Sound.STAFF)
    with closing(aplay.process()) as process:
        speaker.close()
        assert process.wait(0)
    assert set(threading.enumerate()) <= before
    speaker.play(Sound.TIME)
    speaker.close()
    assert aplay.asked() == ["staff"]


def test_a_sound_asked_for_just_before_closing_does_not_start_any_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    aplay = Aplay(tmp_path, "")
    closed = threading.Event()

    def which(program: str, *, path: str) -> str:
        assert closed.wait(PATIENCE), f"{program} in {path} is looked for until the speaker is closed"
        return os.fspath(tmp_path / program)

    monkeypatch.setattr("guard.screens.speaker.shutil.which", which)
    speaker = AplaySpeaker(aplay.environment)
    speaker.play(Sound.STAFF)
    closer = threading.Thread(target=speaker.close)
    closer.start()
    until(lambda: speaker._closed)
    closed.set()
    closer.join(PATIENCE)
    assert not closer.is_alive()
    assert aplay.asked() == []


def test_a_missing_aplay_is_silence_told_once_until_it_is_there(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "guard.screens.speaker")
    with closing(AplaySpeaker({"PATH": os.fspath(tmp_path)})) as speaker:
        speaker.play(Sound.STAFF)
        until(lambda: bool(caplog.messages))
        aplay = Aplay(tmp_path, "")
        play_until_asked(speaker, Sound.TIME, aplay, 1)
    assert caplog.messages == ["no sound: aplay is not installed"]


def test_a_pc_without_a_sound_device_is_silent_and_says_so_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "guard.screens.speaker")
    (tmp_path / "asound.conf").touch()
    aplay = Aplay(tmp_path, 'exec /usr/bin/aplay "$@"')
    environment = {**aplay.environment, "ALSA_CONFIG_PATH": os.fspath(tmp_path / "asound.conf")}
    with closing(AplaySpeaker(environment)) as speaker:
        play_until_asked(speaker, Sound.TAKE_CARD, aplay, 3)
        until(lambda: bool(caplog.messages))
    assert caplog.messages == ["no sound: aplay ended with 1"]
