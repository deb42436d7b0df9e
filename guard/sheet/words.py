"""The words of the sheet, from its own catalogue and, for alerts, from that of the screens.

What staff read on the pad is what the auditor reads on paper. A kind that has no word here (from a later
version's journal) stands as it is.
"""

from __future__ import annotations

import json
from datetime import date
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from guard.errors import BrokenPromiseError
from guard.screens.catalogue import Catalogue
from guard.settings.model import Language
from guard.sheet.markup import Markup, breakable, joined

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guard.journal.reading import Span
    from guard.journal.stats import Incident

_REIWA_BEGAN: Final = date(2019, 5, 1)
_BEFORE_REIWA: Final = 2018


class SheetWords:
    """Texts by key."""

    def __init__(self, texts: Mapping[str, str], screens: Catalogue) -> None:
        self._texts = texts
        self._screens = screens

    @classmethod
    def load(cls) -> SheetWords:
        """Read the catalogues."""
        texts = json.loads((files("guard.sheet") / "texts" / "ja.json").read_text("utf-8"))
        return cls(texts, Catalogue.load())

    def of(self, key: str, **values: object) -> str:
        """Return a text with its values filled in; raises BrokenPromiseError when there is no such key."""
        if key not in self._texts:
            raise BrokenPromiseError(f"the sheet's catalogue texts/ja.json has no text {key}.")
        return self._texts[key].format(**values)

    def known(self, group: str, name: str) -> Markup:
        """Return the word of one of a group, such as ``event``; without one the name itself."""
        text = self._texts.get(f"{group}.{name}")
        return breakable(text) if text is not None else joined(name)

    def plain(self, group: str, name: str) -> str:
        """Return `known` without the places where a line may break."""
        return self._texts.get(f"{group}.{name}", name).replace("|", "")

    def detail(self, one: Incident) -> str:
        """Return what the record says besides its kind; its fields as they are when no text fits."""
        if one.kind == "damaged":
            return self.plain("damage", str(one.fields.get("what")))
        text = self._texts.get(f"running.{one.kind}.detail")
        try:
            return text.format_map(one.fields) if text else _bare(one)
        except (KeyError, TypeError, ValueError):
            return _bare(one)

    def alert(self, kind: str) -> Markup:
        """Return what the pad says of an alert of this kind."""
        return self._of_screens(f"alert.{kind}.main", kind)

    def reason(self, name: str) -> Markup:
        """Return how staff dealt with an alert, as they chose it on the pad."""
        return self._of_screens(f"reason.{name}", name)

    def _of_screens(self, key: str, name: str) -> Markup:
        known = key in self._screens.keys()  # noqa: SIM118 -- a method of the catalogue's own
        return breakable(self._screens.raw(Language.JA, key)) if known else joined(name)

    def staff(self, number: str) -> str:
        """Return a staff number, or what stands for the emergency code."""
        return self._texts.get(f"staff.{number}", number)

    def day(self, day: date) -> str:
        """Return a day with its era and weekday."""
        return self._dated("date", day) + self.of("weekday", name=self.weekday(day))

    def weekday(self, day: date) -> str:
        """Return the one letter of a day's name."""
        return self.of("weekdays")[day.weekday()]

    def span(self, span: Span) -> str:
        """Return a day or a month."""
        return self.day(span.first) if span.one_day else self._dated("month", span.first)

    def _dated(self, key: str, day: date) -> str:
        era = ".reiwa" if day >= _REIWA_BEGAN else ""
        return self.of(
            f"{key}{era}", year=day.year, era=day.year - _BEFORE_REIWA, month=day.month, day=day.day
        )


def _bare(one: Incident) -> str:
    return "  ".join(f"{name}={value}" for name, value in one.fields.items())
