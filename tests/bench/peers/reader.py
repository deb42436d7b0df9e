"""The virtual reader that all contenders share, with a card that OpenSC knows."""

from __future__ import annotations

import os
from pathlib import Path

from tests.support.pcsc import VirtualReader


class KnownCardReader(VirtualReader):
    """See tests/bench/peers/known_card.py; on vpcd's driver it cannot be unplugged."""

    room = (os.fspath(Path(__file__).with_name("known_card.py")),)
