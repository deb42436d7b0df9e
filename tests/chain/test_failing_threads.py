"""What fails unseen inside the core ends it: the screen stays covered, and the next start is in order."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import os
from typing import TYPE_CHECKING

import pytest

from guard.failing_threads import FAILED
from tests.support.counter import CHECKOUT, PATIENCE, Counter, left_in_order
from tests.support.site import PORTAL_COLOUR, web_site
from tests.support.xvfb import Xvfb

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.pcsc import VirtualReader

pytestmark = pytest.mark.chain
pytest_plugins = ("tests.support.pcsc",)

_SABOTAGE = """
import sys, threading, time
from pathlib import Path

def fail():
    while not Path(SIGN).exists():
        time.sleep(0.02)
    raise RuntimeError("1234-5678-9012")

if sys.orig_argv[1:4] == ["-m", "guard", "run"]:
    threading.Thread(target=fail, name="sabotage", daemon=True).start()
"""
"""Python reads it at its start; one more thread in the core, which fails once the file is there."""


def test_a_thread_of_the_core_that_fails_ends_it_and_the_screen_stays_covered(
    tmp_path: Path, practice_reader: VirtualReader
) -> None:
    sign, library = tmp_path / "sign", tmp_path / "library"
    library.mkdir()
    (library / "sitecustomize.py").write_text(f"SIGN = {os.fspath(sign)!r}\n{_SABOTAGE}", "utf-8")
    with Xvfb() as server, web_site() as site:
        one = Counter(tmp_path, practice_reader, server.display, site.profile(tmp_path))
        one.environment["PYTHONPATH"] = os.pathsep.join(map(os.fspath, (library, CHECKOUT)))
        with left_in_order(one.start()):
            one.open_session()
            sign.touch()
            assert one.core
            assert one.core.wait(PATIENCE) == FAILED
            one.core = None
            one.until(lambda: not one.shows(PORTAL_COLOUR), "the cover")
            assert "the thread sabotage failed: RuntimeError at fail:" in one.log()
            assert "1234-5678-9012" not in one.log()
            sign.unlink()
            one.come_back()
