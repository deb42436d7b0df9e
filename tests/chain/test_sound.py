"""Sound, from the card on the real reader to the real ``aplay``."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

from typing import TYPE_CHECKING

import pytest

from guard.screens.port import Sound
from tests.support.counter import Counter
from tests.support.loudspeaker import Loudspeaker
from tests.support.site import web_site
from tests.support.xvfb import Xvfb

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.pcsc import VirtualReader

pytestmark = pytest.mark.chain
pytest_plugins = ("tests.support.pcsc",)


def test_a_card_that_is_left_on_the_reader_is_called_for(
    tmp_path: Path, practice_reader: VirtualReader
) -> None:
    loudspeaker = Loudspeaker(tmp_path)
    practice_reader.insert()
    with Xvfb() as server, web_site() as site:
        one = Counter(tmp_path, practice_reader, server.display, site.profile(tmp_path))
        one.environment |= loudspeaker.environment
        one.start()
        one.wait_state("TAKE_CARD")
        one.until(lambda: loudspeaker.played(Sound.TAKE_CARD), "the sound")
        assert one.stop() == 0


def test_a_counter_whose_sound_is_off_plays_nothing(tmp_path: Path, practice_reader: VirtualReader) -> None:
    loudspeaker = Loudspeaker(tmp_path)
    practice_reader.insert()
    with Xvfb() as server, web_site() as site:
        profile = site.profile(tmp_path)
        one = Counter(tmp_path, practice_reader, server.display, profile, "[screens]\nsound = false\n")
        one.environment |= loudspeaker.environment
        one.start()
        one.wait_state("TAKE_CARD")
        practice_reader.remove()
        one.wait_state("READY")
        assert one.stop() == 0
    assert loudspeaker.untouched()
