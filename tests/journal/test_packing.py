"""A packed segment: every gunzip reads it, and not one bit of it can change unnoticed."""

from __future__ import annotations

import gzip
import io
import random
import subprocess
import sys
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from guard.journal.packing import BLOCK, BrokenPackError, pack, unpacked
from tests.support.sealed_pages import day_by_day

if TYPE_CHECKING:
    from pathlib import Path


def _read(data: bytes) -> bytes:
    return b"".join(unpacked(io.BytesIO(data)))


def _packed(folder: Path, records: int) -> tuple[bytes, bytes]:
    """Return a segment's bytes, and as they are packed."""
    pages = day_by_day(folder, records)
    plain = pages.files[0].read_bytes()
    return plain, pages.pack(0).read_bytes()


@pytest.mark.parametrize("size", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK])
@pytest.mark.parametrize("dull", [True, False])
def test_what_is_packed_is_read_back_in_small_blocks(tmp_path: Path, size: int, *, dull: bool) -> None:
    data = bytes(size) if dull else random.Random(size).randbytes(size)  # noqa: S311 -- the same each time
    plain, packed = tmp_path / "day.jsonl", tmp_path / "day.jsonl.gz"
    plain.write_bytes(data)
    pack(plain, packed)
    with packed.open("rb") as file:
        blocks = list(unpacked(file))
    assert b"".join(blocks) == data
    assert max(map(len, blocks), default=0) <= BLOCK


def test_every_gunzip_reads_it(tmp_path: Path) -> None:
    plain, packed = _packed(tmp_path, 100)
    assert gzip.decompress(packed) == plain
    if sys.platform == "linux":  # Windows has none of its own
        done = subprocess.run(["gzip", "-dc"], input=packed, capture_output=True, check=True)
        assert (done.stdout, done.stderr) == (plain, b"")


def test_the_same_segment_is_packed_alike_each_time(tmp_path: Path) -> None:
    plain = day_by_day(tmp_path, 10).files[0]
    pack(plain, tmp_path / "one")
    pack(plain, tmp_path / "other")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


def test_each_flipped_bit_is_found(tmp_path: Path) -> None:
    _, packed = _packed(tmp_path, 5)
    for place in range(8 * len(packed)):
        changed = bytearray(packed)
        changed[place // 8] ^= 1 << place % 8
        with pytest.raises(BrokenPackError):
            _read(bytes(changed))


def test_each_cut_and_whatever_is_added_is_found(tmp_path: Path) -> None:
    _, packed = _packed(tmp_path, 3)
    for size in range(len(packed)):
        with pytest.raises(BrokenPackError):
            _read(packed[:size])
    for more in (b"\0", b"x", packed, gzip.compress(b"")):
        with pytest.raises(BrokenPackError):
            _read(packed + more)


def test_a_cut_with_a_hash_to_match_is_found(tmp_path: Path) -> None:
    _, packed = _packed(tmp_path, 3)
    for size in range(48, len(packed)):
        rest = packed[48:size]
        with pytest.raises(BrokenPackError):
            _read(packed[:16] + sha256(rest).digest() + rest)


def test_what_another_program_packed_is_refused(tmp_path: Path) -> None:
    plain, _ = _packed(tmp_path, 3)
    with pytest.raises(BrokenPackError):
        _read(gzip.compress(plain, 6, mtime=0))


def test_only_its_account_can_read_it_and_the_plain_one_stays(tmp_path: Path) -> None:
    plain = day_by_day(tmp_path, 3).files[0]
    packed = tmp_path / "packed"
    pack(plain, packed)
    if sys.platform == "linux":  # on Windows the folder says who can read it
        assert packed.stat().st_mode & 0o777 == 0o600
    assert plain.exists()


def test_what_a_guard_that_was_killed_left_is_no_hindrance_and_goes(tmp_path: Path) -> None:
    plain = day_by_day(tmp_path, 3).files[0]
    packed = tmp_path / "packed"
    (tmp_path / "packed.tmp").write_bytes(b"half" * 10_000)
    pack(plain, packed)
    assert _read(packed.read_bytes()) == plain.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([plain.name, "packed"])


def test_when_packing_fails_nothing_is_left_behind(tmp_path: Path) -> None:
    plain = day_by_day(tmp_path, 3).files[0]
    taken = tmp_path / "taken"
    taken.mkdir()
    with pytest.raises(OSError, match="taken"):
        pack(plain, taken)
    with pytest.raises(FileNotFoundError):
        pack(tmp_path / "none", tmp_path / "packed")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([plain.name, "taken"])
