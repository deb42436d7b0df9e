"""What the proof of a journal found, for programs and for people."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from importlib.resources import files

from guard.words import Words


class Trouble(StrEnum):
    """What can be wrong with a journal."""

    UNREADABLE = "unreadable"
    """The file cannot be read to its end, or is not packed as the guard packs."""
    NO_RECORD = "no_record"
    """The line is no record."""
    ALTERED = "altered"
    """The line does not bear the MAC of its number, or its number does not follow: it was changed."""
    UNLINKED = "unlinked"
    """The second of these two records does not follow the first: one of them is not what the guard wrote."""
    MISSING = "missing"
    """The records are not there, and no record says that their time was over."""
    OUT_OF_PLACE = "out_of_place"
    """The records come after later ones: copied, moved, or made on a journal that had been cut."""
    MISNAMED = "misnamed"
    """The file's name has another first number or another day than its records."""
    TORN = "torn"
    """The file ends within a line, and that was not the last thing that happened."""
    REPLACED = "replaced"
    """The record is not the one that the keyring remembers: the journal was written anew."""
    DAMAGED = "damaged"
    """The guard itself says that it found the journal changed, and went on from where it knew it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong, and where."""

    segment: str
    """Name of the file; empty when there is none."""
    line: int
    """From 1; where the trouble begins, or where the missing should be. 0: the file as a whole."""
    seq: int | None
    """Number of the (first) record; of a line that cannot be trusted, the number that it should have."""
    what: Trouble
    through: int | None = None
    """Number of the last record when it is more than one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What was found."""

    records: int
    """That are in their place."""
    first: int
    """Number of the first one, 0 without any."""
    last: int
    """Number of the last one, 0 without any."""
    segments: int
    problems: tuple[Problem, ...]
    """In the order of the journal."""
    capped: bool
    """There are more problems than are listed."""
    unanchored: int
    """Records that the mark does not cover: written just now, or before a crash."""
    torn: int
    """Bytes of a record at the end that is being written, or was when the PC crashed."""
    anchored: bool
    """The mark was at hand; otherwise nobody can say whether the end was cut off."""
    keyed: bool
    """The first key was at hand: each record was held against its own MAC."""

    @property
    def sound(self) -> bool:
        """Nothing was changed, and nothing that the mark covers is missing."""
        return self.anchored and not self.problems


def as_json(v: Verification) -> dict[str, object]:
    """Return it for programs."""
    problems = [asdict(problem) | {"what": problem.what.value} for problem in v.problems]
    return asdict(v) | {"sound": v.sound, "problems": problems}


def words() -> Words:
    """Return the words for `verification_lines`, from the catalogue file ``verify_words.json``."""
    return Words(json.loads((files("guard.journal") / "verify_words.json").read_text("utf-8")))


def verification_lines(v: Verification, words: Words) -> list[str]:
    """Return it for people: the verdict, what is worth knowing beside it, then a line for each problem."""
    verdict = "bad" if v.problems else ("keyed" if v.keyed else "chained") + ("" if v.anchored else "_only")
    lines = [words.of(f"verdict_{verdict}", count=f"{len(v.problems)}{'+' * v.capped}")]
    lines.append(words.of("extent", records=v.records, first=v.first, last=v.last, files=v.segments))
    if v.anchored and v.unanchored:
        lines.append(words.of("unanchored", count=v.unanchored))
    if v.torn:
        lines.append(words.of("torn_end", count=v.torn))
    for problem in v.problems:
        place = f"{problem.segment or '-'}:{problem.line or '-'}"
        through = "" if problem.through in {None, problem.seq} else f"–{problem.through}"
        numbers = "-" if problem.seq is None else f"{problem.seq}{through}"
        lines.append(words.of("problem", place=place, numbers=numbers, what=words.of(problem.what)))
    return lines
