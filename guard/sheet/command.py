"""``guard report``: the sheet of a day or a month, as HTML or PDF."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from guard.journal.reading import Reading
from guard.journal.stats import Tally
from guard.journal.verify import verify
from guard.sheet.form import SheetForm
from guard.sheet.page import Sheet, render
from guard.sheet.pdf import to_pdf
from guard.sheet.words import SheetWords

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guard.clock import Clock
    from guard.journal.evidence import Evidence
    from guard.journal.reading import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportCommand:
    """Makes sheets of one counter's journal."""

    evidence: Evidence
    host: str
    """This PC's name."""
    version: str
    clock: Clock
    environment: Mapping[str, str]

    def make(self, span: Span, form: SheetForm) -> bytes:
        """Return the sheet; raises MachineError when the journal cannot be read or the PDF not be made."""
        folder = self.evidence.folder
        verification = verify(folder, self.evidence.standing, self.evidence.first_key)
        reading = Reading(folder)
        stats = Tally.of(reading.history(span), span)
        sheet = Sheet(
            span=span,
            stats=stats,
            verification=verification,
            skipped=reading.skipped,
            broken=reading.broken,
            host=self.host,
            version=self.version,
            made_at=self.clock.utc(),
        )
        page = render(sheet, SheetWords.load())
        return page.encode() if form is SheetForm.HTML else to_pdf(page, self.environment)
