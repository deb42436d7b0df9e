"""The product's own frame around a window like the product's: obeys one command a line, one answer each.

``python -m tests.browser.win32_host JOB``.
"""

from __future__ import annotations

import sys
import threading

assert sys.platform == "win32"

from PySide6.QtWidgets import QApplication, QWidget

from guard.browser.managed.win32_frame import Win32Frame
from guard.ground.windows.job import Job
from guard.gui_thread import GuiThread
from guard.screens.qt_pile import WITH_KEYS, sink
from guard.screens.win32_api import user
from tests.browser.win32_browser import obey


class Host:
    """The window process."""

    def __init__(self) -> None:
        self._heard: list[str] = []
        self._window = QWidget()
        self._window.setWindowFlags(WITH_KEYS)
        self._window.setGeometry(100, 80, 500, 400)
        sink(self._window)
        self._window.show()
        job = Job.opened(sys.argv[1])  # Wine does not tell a process of the job that it is in
        assert job
        self._frame = Win32Frame(
            self.window(),
            inside=lambda process: process in job.pids(),
            print_pressed=lambda: self._heard.append("print"),
            page_gone=lambda: self._heard.append("gone"),
        )

    def window(self) -> int:
        return int(self._window.winId())

    def start(self) -> str:
        self._frame.start()
        return "started"

    def place(self, x: str, y: str, width: str, height: str) -> str:
        self._window.setGeometry(int(x), int(y), int(width), int(height))
        return "placed"

    def aside(self, on: str) -> str:
        self._frame.set_aside(on=on == "on")
        return "set"

    def front(self) -> bool:
        return bool(user.SetForegroundWindow(self.window()))

    def heard(self) -> list[str]:
        return list(self._heard)


def main() -> None:
    application = QApplication([])
    program, gui = Host(), GuiThread()
    threading.Thread(target=obey, args=(program, gui.run), daemon=True).start()
    application.exec()


if __name__ == "__main__":
    main()
