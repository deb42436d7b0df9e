"""What every section of the sheet is laid out with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from guard.sheet.markup import Markup, element

if TYPE_CHECKING:
    from datetime import datetime

    from guard.journal.reading import Span
    from guard.sheet.words import SheetWords


@dataclass(frozen=True, slots=True)
class Layout:
    """The words, and the days that the sheet is about."""

    words: SheetWords
    span: Span

    def section(self, key: str, *content: str, css: str = "") -> Markup:
        """Return a section under the heading of this key."""
        return element("section", element("h2", self.words.of(key)), *content, css=css)

    def empty(self, key: str) -> Markup:
        """Return the sentence that stands where there is nothing to list."""
        return element("p", self.words.of(key), css="empty")

    def note(self, text: str) -> Markup:
        """Return a remark, smaller than the rest."""
        return element("p", text, css="note")

    def at(self, moment: datetime) -> str:
        """Return the time on a day's own sheet, and the date before it everywhere else; local time."""
        local = moment.astimezone()
        alone = self.span.one_day and local.date() == self.span.first
        return clock(moment) if alone else f"{local.month}/{local.day} {clock(moment)}"


def clock(moment: datetime) -> str:
    """Return the local time of day."""
    return f"{moment.astimezone():%H:%M:%S}"
