"""A core that has nothing but a curtain: ``curtain_core.py TAG DISPLAY`` prints the curtain's window."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import os
import time
from typing import TYPE_CHECKING

from guard.browser.port import Geometry
from guard.clock import SystemClock
from guard.containers.bubblewrap import Bubblewrap
from guard.core import CURTAIN_PULSE
from guard.screens.curtain import CurtainProcess, CurtainSetup
from guard.screens.x11_stage import x11_stage
from guard.settings.model import Language

if TYPE_CHECKING:
    from guard.screens.port import Key

WHOLE = Geometry(x=0, y=0, width=1280, height=800)


class Teller:
    """Says the window's id to whoever started this."""

    def curtain_up(self, curtain: int, _strip: int) -> None:
        sys.stdout.write(f"{curtain}\n")
        sys.stdout.flush()

    def curtain_lost(self, why: str) -> None:
        sys.stderr.write(why)
        os._exit(1)  # from whichever thread

    def end_pressed(self) -> None:
        pass

    def staff_pressed(self) -> None:
        pass

    def key_pressed(self, _key: Key) -> None:
        pass

    def portal_pressed(self, _key: str) -> None:
        pass


if __name__ == "__main__":
    setup = CurtainSetup(stage=x11_stage({"DISPLAY": sys.argv[2]}), language=Language.JA)
    curtain = CurtainProcess(Bubblewrap(sys.argv[1]), Teller(), SystemClock(), setup)
    curtain.start((WHOLE, WHOLE, WHOLE))
    while True:
        time.sleep(CURTAIN_PULSE)
        curtain.pulse()
