"""The thread that owns a process's windows, in a process of its own with the real Qt."""

from __future__ import annotations

import subprocess
import sys

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


def test_a_window_process_does_not_wear_out() -> None:
    """A Qt binding that gives references away would end the curtain after some hundred scenes."""
    done = subprocess.run([sys.executable, "-c", WORK], capture_output=True, text=True, check=True)
    assert all(abs(int(lost)) < 100 for lost in done.stdout.split()), done.stdout
