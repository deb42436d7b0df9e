from __future__ import annotations

import gzip
from datetime import date
from typing import TYPE_CHECKING

from guard.journal.segments import lines, segment_path, segments

if TYPE_CHECKING:
    from pathlib import Path

FIRST, SECOND = date(2026, 4, 1), date(2026, 4, 2)


def test_segments_come_in_the_order_of_their_records_whatever_the_clock_said(tmp_path: Path) -> None:
    segment_path(tmp_path, SECOND, 1).write_bytes(b"a\n")
    segment_path(tmp_path, FIRST, 12).write_bytes(b"b\n")
    (tmp_path / "journal-2026-04-01.jsonl").write_bytes(b"of another kind\n")
    assert [(one.first, one.day) for one in segments(tmp_path)] == [(1, SECOND), (12, FIRST)]


def test_a_packed_segment_reads_like_a_plain_one(tmp_path: Path) -> None:
    plain = segment_path(tmp_path, FIRST, 1)
    plain.with_name(f"{plain.name}.gz").write_bytes(gzip.compress(b"one\ntwo\n"))
    (segment,) = segments(tmp_path)
    assert segment.packed
    assert list(lines(segment)) == [b"one", b"two"]


def test_of_a_plain_segment_and_its_packed_copy_the_plain_one_counts(tmp_path: Path) -> None:
    plain = segment_path(tmp_path, FIRST, 1)
    plain.write_bytes(b"one\n")
    plain.with_name(f"{plain.name}.gz").write_bytes(b"half")
    assert [one.path for one in segments(tmp_path)] == [plain]


def test_a_torn_last_line_is_no_line(tmp_path: Path) -> None:
    segment_path(tmp_path, FIRST, 1).write_bytes(b"one\ntw")
    (segment,) = segments(tmp_path)
    assert list(lines(segment)) == [b"one"]
