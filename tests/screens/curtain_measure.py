"""Draws every screen in every language and size in a real engine and measures what came out.

``python -m tests.screens.curtain_measure OUT.json [FOLDER]``: writes the measurements, and with a folder a
picture of each Japanese screen at 1280x800. Runs on the display that it is given.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWebEngineWidgets import QWebEngineView
from PySide6.QtWidgets import QApplication

from guard.screens.catalogue import Catalogue
from guard.screens.page import curtain_page, strip_page
from guard.screens.port import Scene, Screen, Warned
from guard.screens.view import LANGUAGES, curtain_view, strip_view
from guard.settings.model import Language
from tests.screens.curtain_desks import desks
from tests.screens.curtain_desks import scene as around
from tests.screens.curtain_portals import STRIPS, idle, pad

if TYPE_CHECKING:
    from collections.abc import Iterator

SIZES = ((1024, 768), (1280, 800), (1920, 1080), (3840, 2160), (1080, 1920))
PICTURED = (1280, 800)
STRIP_SHARE = 72 / 800
PARTS = ("main", "sub", "staff")

BRIDGE = """
window.pywebview = { api: { painted: (seq) => settled(seq) } };
window.dispatchEvent(new CustomEvent("pywebviewready"));
"""

MEASURE = Path(__file__).with_suffix(".js").read_text("utf-8")


def scenes(catalogue: Catalogue) -> Iterator[Scene]:
    """Yield each screen for each cause that has words of its own, at its fullest."""
    for screen in Screen:
        causes = {
            key.split(".")[2]
            for key in catalogue.keys()  # noqa: SIM118 -- a catalogue is no mapping
            if key.startswith(tuple(f"{screen}.{part}." for part in PARTS))
        }
        for cause in ("", *sorted(causes)):
            yield Scene(
                screen=screen,
                cause=cause,
                alerts=12,
                seconds_left=120 if screen is Screen.HELD else None,
                printed=True,
            )


class Lab:
    """A page in a window."""

    def __init__(self, page: str) -> None:
        self.view = QWebEngineView()
        loop = QEventLoop()
        self.view.loadFinished.connect(loop.quit)
        self.view.setHtml(page)
        self.view.show()
        loop.exec()
        self.run(BRIDGE)

    def run(self, script: str) -> object:
        """Return what the script returns."""
        loop = QEventLoop()
        answers: list[object] = []

        def answered(value: object) -> None:
            answers.append(value)
            loop.quit()

        self.view.page().runJavaScript(script, 0, answered)
        loop.exec()
        return answers[0]

    def resize(self, width: int, height: int) -> None:
        """Return once the page has this size; from then on it is laid out but not drawn, which takes time."""
        self.view.show()
        self.view.setGeometry(0, 0, width, height)
        while self.run("`${innerWidth}x${innerHeight}`") != f"{width}x{height}":
            pass
        self.view.hide()

    def measure(self, view: dict[str, object]) -> object:
        """Draw and measure."""
        self.run(f"show({json.dumps(view)})")
        answer = self.run(MEASURE)
        assert isinstance(answer, str)
        return json.loads(answer)

    def picture(self, file: Path) -> None:
        """Save what the window shows, its motion at rest."""
        self.view.show()
        loop = QEventLoop()
        QTimer.singleShot(2500, loop.quit)
        loop.exec()
        self.view.grab().save(str(file))


def main(out: Path, pictures: Path | None) -> None:
    """Measure everything."""
    application = QApplication([])
    catalogue = Catalogue.load()
    curtain, strip = Lab(curtain_page()), Lab(strip_page())
    measured: list[dict[str, object]] = []
    for width, height in SIZES:
        curtain.resize(width, height)
        strip.resize(width, round(height * STRIP_SHARE))
        for language in LANGUAGES:
            facts: dict[str, object] = {"size": [width, height], "language": language}
            for scene in scenes(catalogue):
                view = curtain_view(scene, language, catalogue) | {"seq": 1}
                name = f"{scene.screen}.{scene.cause}".rstrip(".")
                measured.append({**facts, "screen": name, **_dict(curtain.measure(view))})
                if pictures and (width, height) == PICTURED and language is Language.JA:
                    quiet = curtain_view(
                        Scene(screen=scene.screen, cause=scene.cause, seconds_left=scene.seconds_left and 42),
                        language,
                        catalogue,
                    )
                    curtain.measure(quiet | {"seq": 1})
                    curtain.picture(pictures / f"{name}.png")
            for name, desk in desks():
                view = curtain_view(around(desk), language, catalogue) | {"seq": 1}
                measured.append({**facts, "screen": f"desk.{name}", **_dict(curtain.measure(view))})
            for name, scene in (*idle(), *pad()):
                view = curtain_view(scene, language, catalogue) | {"seq": 1}
                measured.append({**facts, "screen": name, **_dict(curtain.measure(view))})
            for name, strip_words in STRIPS.items():
                view = strip_view(Scene(screen=Screen.ACTIVE, strip=strip_words), language, catalogue)
                measured.append(
                    {**facts, "screen": f"strip.{name}", **_dict(strip.measure(view | {"seq": 1}))}
                )
            for warned in (*Warned, None):
                scene = Scene(screen=Screen.ACTIVE, warned=warned, seconds_left=120 if warned else None)
                view = strip_view(scene, language, catalogue) | {"seq": 1}
                name = f"strip.{warned}" if warned else "strip"
                measured.append({**facts, "screen": name, **_dict(strip.measure(view))})
            if pictures and (width, height) == PICTURED and language is Language.JA:
                strip.picture(pictures / "strip.png")
    out.write_text(json.dumps(measured), "utf-8")
    application.quit()


def _dict(value: object) -> dict[str, object]:
    assert isinstance(value, dict)
    return value


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if sys.argv[2:] else None)
    os._exit(0)  # the engine's threads outlive the interpreter's end
