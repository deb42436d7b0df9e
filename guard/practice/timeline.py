"""What people get of the replay: a line a step with its milliseconds, and a picture of every screen."""

from __future__ import annotations

import json
import time
from importlib import resources
from typing import TYPE_CHECKING

from PIL import ImageGrab

if TYPE_CHECKING:
    from pathlib import Path
    from typing import TextIO

    from guard.practice.incident import Outcome
    from guard.practice.people import Person


_MOMENT = 0.2
"""s without any movement that make a picture still."""
_LOOKS = 15


class Camera:
    """Takes pictures of a whole display."""

    def __init__(self, display: str, folder: Path) -> None:
        self._display = display
        self._folder = folder

    def shoot(self, name: str, *, still: bool = False) -> Path:
        """Save what the display shows as NAME.png; return the file.

        At once, or, if it is to be ``still``, when nothing has moved for a moment.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        file = self._folder / f"{name}.png"
        picture = ImageGrab.grab(xdisplay=self._display)
        for _ in range(_LOOKS if still else 0):
            time.sleep(_MOMENT)
            before, picture = picture, ImageGrab.grab(xdisplay=self._display)
            if before.tobytes() == picture.tobytes():
                break
        picture.save(file)
        return file


class Timeline:
    """Prints the replay, for people; the words are in ``pages/incident.json``."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._texts: dict[str, str] = json.loads(
            (resources.files(__package__) / "pages" / "incident.json").read_text("utf-8")
        )
        self._start = 0.0

    def begin(self, counter: str, at: float | None = None) -> None:
        """Print the title of this counter's replay and let its time begin at this monotonic s, or now."""
        self._start = time.monotonic() if at is None else at
        self._print(f"\n{self._texts[f'title_{counter}']}")

    def line(
        self,
        key: str,
        *,
        at: float | None = None,
        since: float | None = None,
        who: Person | None = None,
        note: str = "",
    ) -> None:
        """Print one step: ms since the start, its words, and the ms since what caused it (monotonic s)."""
        at = time.monotonic() if at is None else at
        words = self._texts[key].format(id=who.id if who else "", name=who.name if who else "")
        took = f"  (+{(at - since) * 1000:.1f} ms)" if since is not None else ""
        self._print(f"{(at - self._start) * 1000:9,.0f} ms  {words}{took}{'  ' + note if note else ''}")

    def verdict(self, outcome: Outcome, landed_under: Person, belongs_to: Person) -> None:
        """Print under whom the account landed."""
        words = self._texts["mixed_up" if outcome.mixed_up else "right"]
        self._print(words.format(landed_under=landed_under, belongs_to=belongs_to))

    def words(self, key: str, **values: object) -> str:
        """Return the words of this key with these values in their places."""
        return self._texts[key].format(**values)

    def end(self, pictures: Path) -> None:
        """Print where the pictures are."""
        self._print(f"\n{self.words('pictures', folder=pictures)}")

    def _print(self, text: str) -> None:
        print(text, file=self._out, flush=True)
