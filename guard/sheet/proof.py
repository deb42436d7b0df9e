"""What the sheet says about the journal's own soundness."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from guard.sheet.markup import Markup, element

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from guard.journal.verdict import Problem, Verification
    from guard.sheet.words import SheetWords

_PLACES_MOST: Final = 5
"""Damaged places that are listed; ``guard journal verify`` lists them all."""


def proof(found: Verification, skipped: int, broken: Sequence[str], words: SheetWords) -> Markup:
    """Return the verdict in its frame, with the places that are damaged.

    ``skipped`` lines and ``broken`` files are what this sheet itself could not read.
    """
    of = words.of
    unread = [of("proof.skipped", count=skipped)] if skipped else []
    unread.extend(of("proof.broken", file=file) for file in broken)
    places = [*_places(found, words), *unread]
    verdict = "damaged" if places else "sound" if found.sound else "open"
    keyed, marked = "keyed" if found.keyed else "chained", "marked" if found.anchored else "unmarked"
    about = of(
        f"proof.by.{keyed}.{marked}" if found.records else "proof.nothing",
        records=f"{found.records:,}",
        first=found.first,
        last=found.last,
    )
    return element(
        "section",
        element("p", of("proof"), css="label"),
        element("p", element("b", of(f"proof.{verdict}")), css="verdict"),
        element("p", about, css="note"),
        element("ul", *(element("li", place) for place in places)) if places else "",
        css=f"proof {verdict}",
    )


def _places(found: Verification, words: SheetWords) -> Iterator[str]:
    for problem in found.problems[:_PLACES_MOST]:
        yield _place(problem, words)
    more = len(found.problems) - _PLACES_MOST
    if more > 0:
        yield words.of("proof.more.capped" if found.capped else "proof.more", count=more)


def _place(problem: Problem, words: SheetWords) -> str:
    line = words.of("place.line", line=problem.line) if problem.line else ""
    where = [f"{problem.segment}{line}"] if problem.segment else []
    first, last = problem.seq, problem.through
    if first is not None and last is not None and last != first:
        where.append(words.of("place.records", first=first, last=last))
    elif first is not None:
        where.append(words.of("place.record", number=first))
    what = words.plain("trouble", problem.what)
    return words.of("place", where=words.of("comma").join(where), what=what)
