"""The service as it is, with a stand-in for the guard and shorter times; the argument is the test's port."""

from __future__ import annotations

import sys

assert sys.platform == "win32"

from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from guard.keeper.service import KeeperService, serve
from guard.keeper.watch import Limits


class TestedService(KeeperService):
    command = (sys.executable, "-I", str(Path(__file__).with_name("kept_guard.py")), sys.argv[1])
    limits = Limits(alive=6.0, start=60.0, end=20.0, rest=0.1, rest_most=1.0)


if __name__ == "__main__":
    serve(TestedService)
