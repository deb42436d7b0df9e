"""The proof whether a journal is whole; what is not is located.

Each record is held against three things: the hash of the line before it, the MAC of the key of its number
(from the first key on; without that, from the keyring's mark on), and the mark itself, which is a record that
must be there. After a problem the proof goes on with what the next line says of itself, so that one changed
bit is one or two problems, and what follows is proven all the same.

A line that begins as a record, hangs in the chain and bears its MAC was written by the guard. So it is parsed
only where that matters to the proof; to parse all would tell of nobody but ourselves, at half the speed.

Memory stays flat: blocks of a file, one key for each few thousand records, at most `MOST` problems.
"""

from __future__ import annotations

import stat
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import IO, TYPE_CHECKING, Final

from guard.errors import MachineError
from guard.ground import open_shared
from guard.journal.chain import NO_HEAD, head, is_sealed_with, next_key, prev, sealed
from guard.journal.keys import Keys
from guard.journal.packing import BLOCK, BrokenPackError, unpacked
from guard.journal.record import Record
from guard.journal.segments import Segment, segments
from guard.journal.standing import FirstKey
from guard.journal.verdict import Problem, Trouble, Verification

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from guard.journal.standing import Standing

MOST: Final = 1000
"""Problems that are listed."""
_TRIES: Final = 3
"""Readings of a folder that changes meanwhile."""
_LONGEST: Final = 1024 * 1024
"""Bytes of a line; a longer one is no journal."""
_TELLING: Final = b'"kind":"d'
"""Only ``dropped`` and ``damaged`` change what must come; no other place of a line has these unescaped."""
_SEALS: Final = len(sealed("", NO_HEAD, b""))
"""Bytes of ``prev`` and ``mac``, which end a line."""
_MARGIN: Final = timedelta(days=1)
"""A record that waited for the disk over midnight stands in the next day's segment."""
_RUNS: Final = frozenset({Trouble.NO_RECORD, Trouble.ALTERED, Trouble.OUT_OF_PLACE})
"""One problem for all neighbours."""


def verify(folder: Path, standing: Standing | None, first_key: FirstKey | None) -> Verification:
    """Prove a journal, also one that a guard is writing; ``standing`` must be read before this is called.

    Raises MachineError when the folder cannot be read; a file that cannot be is a problem.
    """
    return _verify(folder, standing, first_key, _TRIES)


def _verify(folder: Path, standing: Standing | None, first_key: FirstKey | None, tries: int) -> Verification:
    listed, proof = _listed(folder), _Proof(standing, first_key)
    proof.read(listed)
    if proof.troubled and tries > 1 and _listed(folder) != listed:
        # Files were packed or dropped meanwhile, maybe by a record in a segment that was not listed yet.
        return _verify(folder, standing, first_key, tries - 1)
    return proof.result(len(listed))


def _listed(folder: Path) -> list[Segment]:
    try:
        return segments(folder)
    except OSError as error:
        raise MachineError(
            f"the journal folder {folder} cannot be read ({error.strerror}): it must be the folder that the"
            " guard writes to, or a copy of it, readable for this account."
        ) from error


@dataclass(frozen=True, slots=True)
class _Place:
    segment: str
    line: int


@dataclass(frozen=True, slots=True)
class _Gap:
    """Records that are not there."""

    place: _Place
    seq: int
    through: int
    before: str
    """Head of the record before them; `NO_HEAD` when they are the first ones, empty when it is not known."""
    head: str
    """What the record after them says that it follows, if that is known."""

    def is_vouched_for(self, dropped: Mapping[int, str]) -> bool:
        """Tell whether what is on both sides of it is what retention left, by the records of that."""
        ends = self.seq == 1 or self.before in {"", dropped.get(self.seq - 1)}
        return ends and self.through in dropped and self.head in {"", dropped[self.through]}


class _Proof:
    """One reading of the files in their order."""

    def __init__(self, standing: Standing | None, first_key: FirstKey | None) -> None:
        self._mark = standing
        self._key_given = first_key
        self._keys = Keys(first_key or (FirstKey(standing.seq + 1, standing.key) if standing else None))
        self._files = dict[str, int]()
        self._problems = list[Problem]()
        self._gaps = list[_Gap]()
        self._dropped = dict[int, str]()
        self._records = self._first = self._torn = 0
        self._capped = False
        # What must come
        self._next = 1
        self._top = NO_HEAD
        """Head of what it must follow; empty after a line that cannot be trusted."""
        self._loose = 0
        """Lines since the last one that could be trusted; each stands for a record, or for none."""
        # Where we are
        self._segment: Segment
        self._here = _Place("", 0)
        self._run = self._here
        """End of the last problem."""
        self._left = self._here
        """Where the segment before ends."""
        # The record of the mark
        self._marked = standing is None or standing.seq == 0
        self._unlike: _Place | None = None

    @property
    def troubled(self) -> bool:
        return bool(self._problems)

    def result(self, segments: int) -> Verification:
        last = self._next - 1 if self._records else 0
        anchored = self._mark.seq if self._mark else 0
        return Verification(
            records=self._records,
            first=self._first,
            last=last,
            segments=segments,
            problems=tuple(sorted(self._problems, key=self._order)),
            capped=self._capped,
            unanchored=max(0, min(self._records, last - anchored)),
            torn=self._torn,
            anchored=self._mark is not None,
            keyed=self._key_given is not None and self._key_given.seq <= max(self._first, 1),
        )

    def _order(self, problem: Problem) -> tuple[int, int]:
        return self._files.get(problem.segment, len(self._files)), problem.line

    def read(self, segments: Sequence[Segment]) -> None:
        """Prove these; once."""
        for segment in segments:
            self._read(segment, last=segment is segments[-1])
        self._look_back()

    # --- one file

    def _read(self, segment: Segment, *, last: bool) -> None:
        self._segment, self._here = segment, _Place(segment.path.name, 0)
        self._files[segment.path.name] = len(self._files)
        rest, line, days = b"", b"", list[date]()
        try:
            for block in _blocks(segment):
                *lines, rest = (rest + block).split(b"\n")
                if lines:
                    days += [] if days else _day(lines[0])
                    line = lines[-1]
                    self._follow(lines)
                if len(rest) > _LONGEST:
                    raise BrokenPackError("no journal")  # noqa: TRY301 -- damage like any other
        except FileNotFoundError:
            return  # its time was over; if it was not, its records are missing
        except (OSError, BrokenPackError):
            self._report(Trouble.UNREADABLE, _Place(self._here.segment, 0), self._next)
        else:
            if rest:
                self._tear(len(rest), expected=last and not segment.packed)
            days += _day(line)
            if not line and not rest and not last:
                self._report(Trouble.MISNAMED, _Place(self._here.segment, 0), segment.first)
            if days and max(min(days) - segment.day, segment.day - max(days)) > _MARGIN:
                self._report(Trouble.MISNAMED, _Place(self._here.segment, 0), segment.first)
        self._left = self._here

    def _tear(self, size: int, *, expected: bool) -> None:
        if expected and (self._mark is None or self._next > self._mark.seq):
            self._torn = size
        else:
            self._report(Trouble.TORN, self._place(1), self._next)

    # --- one line

    def _follow(self, lines: Sequence[bytes]) -> None:
        """Go through lines; fast over those that are as they must be."""
        number = self._here.line
        seq, top, key, turn = self._expected()
        for line in lines:  # each call in here costs the proof of a million records some 0.1 s
            number += 1
            if (
                seq != turn
                and line.startswith(b'{"seq":%d,"at":"' % seq)
                and line.startswith(b',"prev":"%b"' % top, len(line) - _SEALS)
                and (key is None or is_sealed_with(line, key))
                and _TELLING not in line
            ):
                seq += 1
                top = head(line).encode()
                key = next_key(key) if key else None
            else:
                self._reached(number, seq, top, key)
                self._examine(line)
                seq, top, key, turn = self._expected()
        self._reached(number, seq, top, key)

    def _expected(self) -> tuple[int, bytes, bytes | None, int]:
        """Return the next number, what it follows, its key, and the number that must be looked at closely."""
        turns = (self._mark.seq if self._mark else 0, self._keys.first)
        turn = min((turn for turn in turns if turn >= self._next), default=0)
        turn = turn if self._here.line else self._next
        return self._next, self._top.encode(), self._keys.of(self._next), turn

    def _reached(self, number: int, seq: int, top: bytes, key: bytes | None) -> None:
        self._here = _Place(self._here.segment, number)
        self._records += seq - self._next
        self._next, self._top = seq, top.decode()
        if key:
            self._keys.reached(seq, key)

    def _examine(self, line: bytes) -> None:
        """Find out what it is with a line that may be wrong."""
        try:
            record, follows = Record.read(line), prev(line)
            if follows is None or record.seq < 1:
                raise ValueError("not sealed")  # noqa: TRY301 -- damage like any other
        except ValueError:
            self._distrust(Trouble.NO_RECORD)
            return
        linked, key = follows == self._top, self._keys.of(record.seq)
        if not is_sealed_with(line, key) if key else linked and record.seq != self._next:
            self._distrust(Trouble.ALTERED)
            return
        begins = self._here.line == 1 and record.seq == self._segment.first
        if record.seq < self._next - self._loose:
            self._report(
                Trouble.OUT_OF_PLACE, self._here, record.seq, self._next - 1 if begins else record.seq
            )
            if not begins:
                return
        elif record.seq > self._next:
            self._skip(record.seq, follows, begins=begins)
        elif self._top and not linked:
            self._report(Trouble.UNLINKED, self._place(-1), max(record.seq - 1, 1), record.seq)
        if self._here.line == 1 and not begins:
            self._report(Trouble.MISNAMED, _Place(self._here.segment, 0), self._segment.first)
        self._accept(record, line)

    def _skip(self, seq: int, follows: str, *, begins: bool) -> None:
        """Go on with a later number than the next one; in the end there may be an excuse for it."""
        place = self._place(1, self._left) if begins and self._left.segment else self._here
        if len(self._gaps) < MOST:
            self._gaps.append(_Gap(place, self._next, seq - 1, self._top, follows))
        else:
            self._capped = True
        self._next = seq

    def _distrust(self, what: Trouble) -> None:
        """Take the line for one that stood in the place of the record that must come, and was changed."""
        if self._here.line == 1 and self._segment.first > self._next:
            self._skip(self._segment.first, "", begins=True)
        self._report(what, self._here, self._next, self._next)
        if self._mark and self._next == self._mark.seq:
            self._marked = True  # its place is told already
        self._next += 1
        self._loose += 1
        self._top = ""

    def _accept(self, record: Record, line: bytes) -> None:
        self._first = self._first or record.seq
        self._records += 1
        self._next, self._top, self._loose = record.seq + 1, head(line), 0
        if self._mark and record.seq == self._mark.seq:
            self._marked = self._marked or self._top == self._mark.head
            self._unlike = self._here
        match record.kind, record.fields.get("through"), record.fields.get("head"):
            case "damaged", _, _:
                self._report(Trouble.DAMAGED, self._here, record.seq)
            case "dropped", int(through), str(top):
                self._dropped[through] = top

    # --- what can be told only at the end

    def _look_back(self) -> None:
        for gap in self._gaps:
            if not gap.is_vouched_for(self._dropped):
                said = max((through for through in self._dropped if through < gap.through), default=0)
                self._report(Trouble.MISSING, gap.place, max(gap.seq, said + 1), gap.through)
        if self._mark is None or self._marked:
            return
        if self._next <= self._mark.seq:
            self._report(Trouble.MISSING, self._place(1), self._next, self._mark.seq)
        else:
            self._report(Trouble.REPLACED, self._unlike or _Place("", 0), self._mark.seq)

    def _place(self, by: int, base: _Place | None = None) -> _Place:
        """Return the place so many lines on; the one before a file's first line is the last of another."""
        base = base or self._here
        if base.line + by < 1 and self._left.segment:
            return self._left
        return _Place(base.segment, max(base.line + by, 1) if base.segment else 0)

    def _report(self, what: Trouble, place: _Place, seq: int, through: int | None = None) -> None:
        """Note a problem, or let the last one go on."""
        after, self._run = self._run, place
        if what in _RUNS and self._problems and place == _Place(after.segment, after.line + 1):
            last = self._problems[-1]
            if last.what is what and last.through and seq == last.through + 1:
                self._problems[-1] = Problem(
                    segment=last.segment, line=last.line, seq=last.seq, what=what, through=through
                )
                return
        if len(self._problems) < MOST:
            self._problems.append(
                Problem(segment=place.segment, line=place.line, seq=seq, what=what, through=through)
            )
        else:
            self._capped, self._run = True, _Place("", 0)


def _blocks(segment: Segment) -> Iterator[bytes]:
    """Yield a segment's bytes; raises OSError and BrokenPackError."""
    file, packed = _opened(segment)
    with file:
        yield from unpacked(file) if packed else iter(partial(file.read, BLOCK), b"")


def _opened(segment: Segment) -> tuple[IO[bytes], bool]:
    """Open a segment and tell whether it is packed by now; raises OSError."""
    packed = segment.path if segment.packed else segment.path.with_name(f"{segment.path.name}.gz")
    for path in dict.fromkeys((segment.path, packed)):
        try:
            if not stat.S_ISREG(path.stat().st_mode):
                raise OSError(f"{path} is no file")
            return open_shared(path), path == packed
        except FileNotFoundError:
            continue
    raise FileNotFoundError(segment.path)


def _day(line: bytes) -> list[date]:
    """Return a record's day, nothing if that cannot be read: the line is reported anyway."""
    try:
        return [datetime.fromisoformat(Record.read(line).at).date()]
    except ValueError:
        return []
