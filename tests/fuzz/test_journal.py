"""The journal's lines and files, whatever stands in them: records, or damage that is counted and located."""

from __future__ import annotations

import contextlib
import gzip
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from guard.journal.reading import Reading
from guard.journal.record import Record
from guard.journal.tail import TailDamagedError, follow, last_line
from guard.journal.verdict import verification_lines, words
from guard.journal.verify import verify
from tests.support.fuzz import FUZZED, bent, corpus
from tests.support.sealed_pages import day_by_day


def _read_line(line: bytes) -> None:
    with contextlib.suppress(ValueError):
        Record.read(line).text().encode(errors="surrogatepass")


def _read_folder(content: bytes, *, packed: bool) -> None:
    """Let this stand in the middle of three days."""
    with tempfile.TemporaryDirectory() as name:
        pages = day_by_day(Path(name), 2, 2, 2)
        if packed:
            pages.files[1].unlink()
            pages.files[1].with_name(f"{pages.files[1].name}.gz").write_bytes(content)
        else:
            pages.files[1].write_bytes(content)
        reading = Reading(pages.folder)
        found = list(reading.entries())
        assert len(found) >= 4, "the days before and after are read all the same"
        proof = verify(pages.folder, pages.standing, pages.first_key)
        assert not proof.sound
        assert verification_lines(proof, words())
        last_line(pages.folder)
        with contextlib.suppress(TailDamagedError):
            follow(pages.folder, pages.standing)


@FUZZED
@given(line=bent("journal"))
def test_any_line_is_a_record_or_none(line: bytes) -> None:
    _read_line(line)


@FUZZED
@given(lines=st.lists(bent("journal"), max_size=3), packed=st.booleans(), whole=st.booleans())
def test_any_segment_is_read_as_far_as_it_goes_and_never_proven(
    lines: list[bytes],
    packed: bool,  # noqa: FBT001 -- drawn by hypothesis
    whole: bool,  # noqa: FBT001
) -> None:
    content = b"\n".join(lines) + b"\n" * whole
    _read_folder(gzip.compress(content, mtime=0) if packed and whole else content, packed=packed)


def test_whatever_once_went_wrong_is_a_record_or_none() -> None:
    for line in corpus("journal"):
        _read_line(line)
        for packed in (False, True):
            _read_folder(line + b"\n", packed=packed)
