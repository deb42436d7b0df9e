"""The thread that owns a process's windows, in a process of its own with the real Qt."""

from __future__ import annotations

import subprocess
import sys

from tests.support.waiting import PATIENCE

WORK = """
import sys
from PySide6.QtCore import QCoreApplication
from guard.gui_thread import GuiThread

application = QCoreApplication([])
gui = GuiThread()

def references():
    return [sys.getrefcount(True), sys.getrefcount(None)]

def work(times):
    for _ in range(times):
        gui.run(lambda: None)
    gui.run(application.quit)
    application.exec()

work(10)
before = references()
work(300)
print(*(after - was for after, was in zip(references(), before)))
"""

WAITS = """
from PySide6.QtCore import QCoreApplication, QEventLoop
from guard.gui_thread import GuiThread

application = QCoreApplication([])
gui, waiting = GuiThread(), QEventLoop()
gui.run(waiting.exec)
gui.run(waiting.quit)
gui.run(application.quit)
application.exec()
"""


def test_a_window_process_does_not_wear_out() -> None:
    """A Qt binding that gives references away would end the curtain after some hundred scenes."""
    done = subprocess.run([sys.executable, "-c", WORK], capture_output=True, text=True, check=True)
    assert all(abs(int(lost)) < 100 for lost in done.stdout.split()), done.stdout


def test_work_that_waits_for_somebody_keeps_no_other_waiting() -> None:
    """A page's question waits in a loop of its own; an end of the session may have come right behind it."""
    subprocess.run([sys.executable, "-c", WAITS], check=True, timeout=PATIENCE)
