"""Whatever is done to a journal is found, and where; what is left alone is sound."""

from __future__ import annotations

import json
import os
import random
import shutil
import sys
import tempfile
import tracemalloc
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.errors import MachineError
from guard.journal import verify as module
from guard.journal.chain import NO_HEAD, head
from guard.journal.segments import lines, segments
from guard.journal.standing import FirstKey, Standing
from guard.journal.verdict import Problem, Trouble, as_json, verification_lines, words
from guard.journal.verify import MOST, verify
from tests.support.sealed_pages import SealedPages, day_by_day

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.journal.segments import Segment
    from guard.journal.verdict import Verification

OTHER_KEY: Final = bytes(32)


def prove(pages: SealedPages, *, keyed: bool = True) -> Verification:
    return verify(pages.folder, pages.standing, pages.first_key if keyed else None)


def troubles(found: Verification) -> list[tuple[Trouble, str, int, int | None, int | None]]:
    return [(one.what, one.segment, one.line, one.seq, one.through) for one in found.problems]


def content(path: Path) -> list[bytes]:
    """Return a plain file's lines with their ends."""
    return path.read_bytes().splitlines(keepends=True)


def rewrite(path: Path, *changed: bytes) -> None:
    path.write_bytes(b"".join(changed))


@pytest.fixture
def pages(tmp_path: Path) -> SealedPages:
    """Three days: 1 to 5, 6 to 10, 11 to 15."""
    return day_by_day(tmp_path, 5, 5, 5)


# --- left alone


@pytest.mark.parametrize("keyed", [True, False])
def test_an_untouched_journal_is_sound(pages: SealedPages, *, keyed: bool) -> None:
    pages.pack(0)
    found = prove(pages, keyed=keyed)
    assert found.sound
    assert (found.records, found.first, found.last, found.segments) == (15, 1, 15, 3)
    assert (found.problems, found.capped, found.unanchored, found.torn) == ((), False, 0, 0)
    assert (found.anchored, found.keyed) == (True, keyed)


def test_a_journal_without_a_record_is_sound(tmp_path: Path) -> None:
    pages = SealedPages(tmp_path)
    assert prove(pages).sound
    pages.begin()
    found = prove(pages)
    assert found.sound
    assert (found.records, found.first, found.last) == (0, 0, 0)


def test_what_else_lies_in_the_folder_is_nothing_to_it(pages: SealedPages) -> None:
    for name in ("lock", "journal-2026-04-01-0000000001.jsonl.gz.tmp", "journal-2026-04-01.jsonl"):
        (pages.folder / name).write_bytes(b"what else")
    assert prove(pages).sound


def test_a_plain_segment_counts_beside_its_packed_copy(pages: SealedPages) -> None:
    pages.files[0].with_name(f"{pages.files[0].name}.gz").write_bytes(b"half")
    assert prove(pages).sound


def test_records_beyond_the_mark_are_counted_and_held_against_its_key(pages: SealedPages) -> None:
    mark = pages.standing
    pages.write_many(2)
    found = verify(pages.folder, mark, None)
    assert found.sound
    assert (found.unanchored, found.last) == (2, 17)
    *kept, last = content(pages.files[-1])
    rewrite(pages.files[-1], *kept, last.replace(b'"counter":1', b'"counter":2'))
    assert troubles(verify(pages.folder, mark, None)) == [(Trouble.ALTERED, pages.files[-1].name, 7, 17, 17)]


def test_without_a_mark_nothing_is_called_sound(pages: SealedPages) -> None:
    found = verify(pages.folder, None, pages.first_key)
    assert not found.problems
    assert not found.anchored
    assert not found.sound
    rewrite(pages.files[0], *content(pages.files[0])[:-1])
    assert verify(pages.folder, None, None).problems


def test_a_folder_that_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(MachineError, match="journal folder"):
        verify(tmp_path / "none", None, None)


# --- every bit


def _flip(data: bytes, place: int) -> bytes:
    changed = bytearray(data)
    changed[place // 8] ^= 1 << place % 8
    return bytes(changed)


def _hits(found: Verification, name: str, line: int) -> bool:
    """Tell whether a problem lies in this line or the one after it; in a packed file, anywhere in it."""
    packed = name.endswith(".gz")
    return any(one.segment == name and (packed or one.line in {line, line + 1}) for one in found.problems)


@pytest.mark.parametrize("keyed", [True, False])
@pytest.mark.parametrize("index", [0, 1, 2])
def test_each_flipped_bit_is_found_and_located(tmp_path: Path, index: int, *, keyed: bool) -> None:
    pages = day_by_day(tmp_path, 1, 2, 2)
    pages.pack(1)
    path = pages.files[index]
    data = path.read_bytes()
    for place in range(8 * len(data)):
        path.write_bytes(_flip(data, place))
        found = prove(pages, keyed=keyed)
        line = 1 + data.count(b"\n", 0, place // 8)
        assert _hits(found, path.name, line), (place, troubles(found))
        assert len(found.problems) <= 4, (place, troubles(found))
    path.write_bytes(data)
    assert prove(pages, keyed=keyed).sound


def test_each_flipped_bit_beyond_the_mark_is_found_without_the_first_key(tmp_path: Path) -> None:
    pages = day_by_day(tmp_path, 2)
    mark = pages.standing
    pages.write_many(2)
    path = pages.files[0]
    data = path.read_bytes()
    beyond = data.index(b"\n", data.index(b"\n") + 1) + 1
    for place in range(8 * beyond, 8 * (len(data) - 1)):  # the last newline: see torn records
        path.write_bytes(_flip(data, place))
        found = verify(tmp_path, mark, None)
        assert _hits(found, path.name, 1 + data.count(b"\n", 0, place // 8)), (place, troubles(found))


def test_sampled_flipped_bits_of_a_long_journal_are_found_and_located(tmp_path: Path) -> None:
    pages = day_by_day(tmp_path, 500, 500, 500)
    pages.pack(0)
    chance = random.Random(4)  # noqa: S311 -- the same places each time
    for path in pages.files:
        data = path.read_bytes()
        for place in (chance.randrange(8 * len(data)) for _ in range(40)):
            path.write_bytes(_flip(data, place))
            found = prove(pages)
            line = 1 + data.count(b"\n", 0, place // 8)
            assert _hits(found, path.name, line), (place, troubles(found))
        path.write_bytes(data)


# --- cut, rolled back


@pytest.mark.parametrize("keyed", [True, False])
def test_lines_cut_from_the_tail_are_missing(pages: SealedPages, *, keyed: bool) -> None:
    path = pages.files[2]
    rewrite(path, *content(path)[:3])
    assert troubles(prove(pages, keyed=keyed)) == [(Trouble.MISSING, path.name, 4, 14, 15)]


def test_each_byte_cut_from_the_tail_is_found(pages: SealedPages) -> None:
    path = pages.files[2]
    data = path.read_bytes()
    for size in range(len(data)):
        path.write_bytes(data[:size])
        whole = data.count(b"\n", 0, size)
        found = prove(pages)
        assert (Trouble.MISSING, path.name, whole + 1, 11 + whole, 15) in troubles(found), size
        assert found.torn == 0


def test_an_old_copy_of_the_whole_journal_is_found(tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    folder.mkdir()
    pages = day_by_day(folder, 5, 3)
    shutil.copytree(folder, tmp_path / "old")
    pages.write_many(2)
    pages.begin()
    pages.write_many(2)
    found = verify(tmp_path / "old", pages.standing, pages.first_key)
    assert troubles(found) == [(Trouble.MISSING, pages.files[1].name, 4, 9, 12)]


@pytest.mark.parametrize("keyed", [True, False])
def test_an_old_copy_of_one_segment_is_found(pages: SealedPages, *, keyed: bool) -> None:
    path = pages.files[1]
    rewrite(path, *content(path)[:3])
    assert troubles(prove(pages, keyed=keyed)) == [(Trouble.MISSING, path.name, 4, 9, 10)]


def test_an_emptied_folder_is_found(pages: SealedPages) -> None:
    for path in pages.files:
        path.unlink()
    assert troubles(prove(pages)) == [(Trouble.MISSING, "", 0, 1, 15)]


# --- moved, removed, added


@pytest.mark.parametrize("keyed", [True, False])
def test_swapped_segments_are_found(pages: SealedPages, *, keyed: bool) -> None:
    first, second, _ = pages.files
    one, other = content(first), content(second)
    rewrite(first, *other)
    rewrite(second, *one)
    assert troubles(prove(pages, keyed=keyed)) == [
        (Trouble.MISNAMED, first.name, 0, 1, None),
        (Trouble.MISSING, first.name, 1, 1, 5),
        (Trouble.OUT_OF_PLACE, second.name, 1, 1, 5),
    ]


@pytest.mark.parametrize("keyed", [True, False])
def test_swapped_lines_are_found(pages: SealedPages, *, keyed: bool) -> None:
    path = pages.files[1]
    one, two, three, *rest = content(path)
    rewrite(path, one, three, two, *rest)
    assert troubles(prove(pages, keyed=keyed)) == [
        (Trouble.MISSING, path.name, 2, 7, 7),
        (Trouble.OUT_OF_PLACE, path.name, 3, 7, 7),
    ]


@pytest.mark.parametrize("keyed", [True, False])
@pytest.mark.parametrize(("index", "line"), [(index, line) for index in range(3) for line in range(1, 6)])
def test_a_removed_line_is_found(pages: SealedPages, index: int, line: int, *, keyed: bool) -> None:
    path, gone = pages.files[index], 5 * index + line
    rewrite(path, *(one for number, one in enumerate(content(path), 1) if number != line))
    assert (Trouble.MISSING, path.name, line, gone, gone) in troubles(prove(pages, keyed=keyed))


@pytest.mark.parametrize("keyed", [True, False])
@pytest.mark.parametrize(("index", "place"), [(0, (1, 1)), (1, (0, 6)), (2, (1, 6))])
def test_a_removed_segment_is_found(
    pages: SealedPages, index: int, place: tuple[int, int], *, keyed: bool
) -> None:
    pages.files[index].unlink()
    at, line = place
    gone = 5 * index
    assert troubles(prove(pages, keyed=keyed)) == [
        (Trouble.MISSING, pages.files[at].name, line, gone + 1, gone + 5)
    ]


@pytest.mark.parametrize("keyed", [True, False])
def test_a_repeated_line_is_found(pages: SealedPages, *, keyed: bool) -> None:
    path = pages.files[1]
    one, two, *rest = content(path)
    rewrite(path, one, two, two, *rest)
    assert troubles(prove(pages, keyed=keyed)) == [(Trouble.OUT_OF_PLACE, path.name, 3, 7, 7)]


def test_a_repeated_segment_is_found(pages: SealedPages) -> None:
    copy = pages.folder / "journal-2026-04-03-0000000006.jsonl"
    shutil.copy(pages.files[1], copy)
    assert troubles(prove(pages)) == [(Trouble.OUT_OF_PLACE, copy.name, 1, 6, 10)]


@pytest.mark.parametrize("keyed", [True, False])
def test_an_inserted_line_is_found_and_the_rest_is_proven(pages: SealedPages, *, keyed: bool) -> None:
    path = pages.files[1]
    one, two, *rest = content(path)
    before = Standing(seq=7, head=head(two[:-1]), key=OTHER_KEY)
    (elsewhere := pages.folder / "elsewhere").mkdir()
    forger = SealedPages(elsewhere, before)
    forger.begin()
    rewrite(path, one, two, forger.write("acknowledged", alert="wipe_failed") + b"\n", *rest)
    found = prove(pages, keyed=keyed)
    assert any(one.segment == path.name and one.line in {3, 4} for one in found.problems)
    assert len(found.problems) <= 2
    assert found.last == 15


@pytest.mark.parametrize("keyed", [True, False])
def test_a_rubbish_line_is_one_problem(pages: SealedPages, *, keyed: bool) -> None:
    path = pages.files[1]
    one, *rest = content(path)
    for rubbish in (b"\n", b"rubbish\n", b'{"seq":1e999}\n', b"[" * 100_000 + b"\n", b"\xff\xfe\0\n"):
        rewrite(path, one, rubbish, *rest)
        assert troubles(prove(pages, keyed=keyed)) == [(Trouble.NO_RECORD, path.name, 2, 7, 7)]


@pytest.mark.parametrize(
    "text", ['{"seq":16,"kind":"stop"', '{"seq":16,"at":"t","boot_ms":true,"session":1', "{}", "[16"]
)
def test_a_sealed_line_that_is_no_record_is_found(pages: SealedPages, text: str) -> None:
    pages.write_text(text)
    assert troubles(prove(pages))[0] == (Trouble.NO_RECORD, pages.files[2].name, 6, 16, 16)


@pytest.mark.parametrize("keyed", [True, False])
def test_a_sealed_record_whose_number_does_not_follow_is_found(pages: SealedPages, *, keyed: bool) -> None:
    pages.write_text(replace(pages.record("state"), seq=18).text())
    pages.write_many(1)
    assert troubles(prove(pages, keyed=keyed))[0] == (Trouble.ALTERED, pages.files[2].name, 6, 16, 16)


def _made_anew(pages: SealedPages, standing: Standing, at: int) -> SealedPages:
    """Let a forger write the records after this standing into a third day that was 11 to 15."""
    path = pages.files[2]
    kept = content(path)[:at]
    forger = SealedPages(pages.folder, standing)
    forger.files.append(path)
    rewrite(path, *kept)
    forger.write_many(5 - at)
    return forger


def test_an_edited_record_with_a_new_chain_after_it_fails_its_macs(pages: SealedPages) -> None:
    path = pages.files[2]
    before = Standing(seq=12, head=head(content(path)[1][:-1]), key=OTHER_KEY)
    forger = _made_anew(pages, before, 2)
    assert troubles(verify(pages.folder, forger.standing, pages.first_key)) == [
        (Trouble.ALTERED, path.name, 3, 13, 15)
    ]


def test_an_edited_record_with_a_new_chain_after_it_is_not_the_marked_one(pages: SealedPages) -> None:
    path = pages.files[2]
    before = Standing(seq=12, head=head(content(path)[1][:-1]), key=OTHER_KEY)
    _made_anew(pages, before, 2)
    assert troubles(prove(pages, keyed=False)) == [(Trouble.REPLACED, path.name, 5, 15, None)]


def test_a_history_made_anew_with_todays_key_and_mark_fails_the_first_key(
    pages: SealedPages, tmp_path: Path
) -> None:
    (elsewhere := tmp_path / "elsewhere").mkdir()
    forger = SealedPages(elsewhere, Standing(key=pages.standing.key))
    forger.begin()
    forger.write_many(15)
    found = verify(elsewhere, forger.standing, pages.first_key)
    assert (Trouble.ALTERED, forger.files[0].name, 1, 1, 15) in troubles(found)
    assert (Trouble.REPLACED, forger.files[0].name, 15, 15, None) in troubles(
        verify(elsewhere, pages.standing, None)
    )


def test_the_wrong_first_key_is_one_problem_a_file(pages: SealedPages) -> None:
    found = verify(pages.folder, None, FirstKey(1, OTHER_KEY))
    assert troubles(found) == [
        (Trouble.ALTERED, path.name, 1, 5 * index + 1, 5 * index + 5)
        for index, path in enumerate(pages.files)
    ]


# --- names and files


@pytest.mark.parametrize("name", ["journal-2025-04-02-0000000006", "journal-2026-04-02-0000000007"])
def test_a_renamed_segment_is_found(pages: SealedPages, name: str) -> None:
    renamed = pages.files[1].rename(pages.folder / f"{name}.jsonl")
    assert [one[:3] for one in troubles(prove(pages))] == [(Trouble.MISNAMED, renamed.name, 0)]


def _make_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


harms = [_make_folder]
if sys.platform == "linux":

    def _forbid(path: Path) -> None:
        path.chmod(0)

    def _make_pipe(path: Path) -> None:
        path.unlink()
        os.mkfifo(path)

    harms += [_forbid, _make_pipe]


@pytest.mark.parametrize("harm", harms)
def test_a_file_that_cannot_be_read_is_located_and_the_others_are_proven(
    pages: SealedPages, harm: Callable[[Path], None]
) -> None:
    path = pages.files[1]
    harm(path)
    found = prove(pages)
    assert troubles(found) == [
        (Trouble.UNREADABLE, path.name, 0, 6, None),
        (Trouble.MISSING, path.name, 1, 6, 10),
    ]
    assert found.records == 10


def test_a_line_without_an_end_is_not_read_into_memory(pages: SealedPages) -> None:
    with pages.files[1].open("r+b") as file:
        file.truncate(64 * 1024 * 1024)
    assert (Trouble.UNREADABLE, pages.files[1].name, 0, 11, None) in troubles(prove(pages))


def test_a_packed_file_that_breaks_off_tells_what_is_missing(tmp_path: Path) -> None:
    pages = day_by_day(tmp_path, 500, 2)
    packed = pages.pack(0)
    packed.write_bytes(packed.read_bytes()[:-2000])
    unreadable, missing = prove(pages).problems
    assert (unreadable.what, unreadable.segment, unreadable.line) == (Trouble.UNREADABLE, packed.name, 0)
    assert (missing.what, missing.segment, missing.through) == (Trouble.MISSING, packed.name, 500)
    assert missing.seq == missing.line == unreadable.seq


# --- retention


def test_what_retention_dropped_is_not_missing(pages: SealedPages) -> None:
    pages.drop(5)
    pages.files[0].unlink()
    found = prove(pages)
    assert found.sound
    assert found.keyed
    assert (found.first, found.last, found.records) == (6, 16, 11)
    assert prove(pages, keyed=False).sound


@pytest.mark.parametrize("gone", [(), (0,), (0, 1), (1,)])
def test_files_that_a_killed_guard_did_not_delete_any_more_do_no_harm(
    pages: SealedPages, gone: tuple[int, ...]
) -> None:
    pages.drop(5)
    pages.drop(10)
    for index in gone:
        pages.files[index].unlink()
    assert prove(pages).sound


def test_a_removed_segment_that_nobody_vouches_for_is_missing(pages: SealedPages) -> None:
    pages.drop(5)
    for path in pages.files[:2]:
        path.unlink()
    assert troubles(prove(pages)) == [(Trouble.MISSING, pages.files[2].name, 1, 6, 10)]


def test_a_first_record_that_does_not_follow_what_was_dropped_is_found(pages: SealedPages) -> None:
    pages.write("dropped", through=5, head=NO_HEAD)
    pages.files[0].unlink()
    assert troubles(prove(pages)) == [(Trouble.MISSING, pages.files[1].name, 1, 1, 5)]


@pytest.mark.parametrize("keyed", [True, False])
def test_forged_records_of_a_dropped_time_are_found(
    pages: SealedPages, tmp_path_factory: pytest.TempPathFactory, *, keyed: bool
) -> None:
    pages.drop(5)
    pages.drop(10)
    for path in pages.files[:2]:
        path.unlink()
    forger = SealedPages(tmp_path_factory.mktemp("elsewhere"), Standing(key=OTHER_KEY))
    forger.begin()
    forger.write_many(5)
    shutil.copy(forger.files[0], pages.files[0])
    assert {one.segment for one in prove(pages, keyed=keyed).problems} == {pages.files[0].name}


def test_a_changed_first_record_after_dropped_ones_is_one_problem(pages: SealedPages) -> None:
    pages.drop(5)
    pages.files[0].unlink()
    first, *rest = content(pages.files[1])
    rewrite(pages.files[1], first.replace(b"READY", b"HELD!"), *rest)
    assert troubles(prove(pages)) == [(Trouble.ALTERED, pages.files[1].name, 1, 6, 6)]


# --- what the guard itself found


def test_a_cut_tail_that_the_guard_found_is_told_and_the_rest_is_proven(pages: SealedPages) -> None:
    path = pages.files[2]
    rewrite(path, *content(path)[:3])
    new = pages.begin()
    pages.write("damaged", what="record_missing")
    pages.write_many(2)
    told = [(Trouble.MISSING, path.name, 4, 14, 15), (Trouble.DAMAGED, new.name, 1, 16, None)]
    assert troubles(prove(pages)) == told
    assert troubles(prove(pages, keyed=False)) == told
    *kept, last = content(new)
    rewrite(new, *kept, last.replace(b"READY", b"HELD!"))
    assert (Trouble.ALTERED, new.name, 3, 18, 18) in troubles(prove(pages))


def test_forged_records_that_the_guard_did_not_go_on_from_are_found(pages: SealedPages) -> None:
    path = pages.files[2]
    forger = SealedPages(pages.folder, replace(pages.standing, key=OTHER_KEY))
    forger.files.append(path)
    forger.write_many(2)
    new = pages.begin()
    pages.write("damaged", what="not_sealed")
    pages.write_many(2)
    told = (Trouble.DAMAGED, new.name, 1, 16, None)
    assert troubles(prove(pages)) == [(Trouble.ALTERED, path.name, 6, 16, 17), told]
    assert troubles(prove(pages, keyed=False)) == [(Trouble.OUT_OF_PLACE, new.name, 1, 16, 17), told]


def test_a_journal_begun_anew_without_a_mark_says_so(pages: SealedPages) -> None:
    anew = SealedPages(pages.folder, replace(pages.standing, key=OTHER_KEY))
    anew.day, anew.files = pages.day, pages.files
    new = anew.begin()
    anew.write("damaged", what="mark_missing")
    anew.write_many(2)
    found = prove(anew)
    assert troubles(found) == [(Trouble.DAMAGED, new.name, 1, 16, None)]
    assert not found.keyed
    assert (Trouble.ALTERED, new.name, 1, 16, 18) in troubles(
        verify(pages.folder, anew.standing, pages.first_key)
    )


# --- torn


def test_a_record_torn_by_a_crash_is_counted_and_no_damage(pages: SealedPages) -> None:
    with pages.files[2].open("ab") as file:
        file.write(b'{"seq":16,"at":"20')
    found = prove(pages)
    assert found.sound
    assert found.torn == 18


def test_a_torn_end_anywhere_else_is_damage(pages: SealedPages) -> None:
    with pages.files[1].open("ab") as file:
        file.write(b'{"seq":11,')
    found = prove(pages)
    assert troubles(found) == [(Trouble.TORN, pages.files[1].name, 6, 11, None)]
    assert found.torn == 0


def test_a_torn_record_that_the_mark_covers_is_damage(pages: SealedPages) -> None:
    path = pages.files[2]
    path.write_bytes(path.read_bytes()[:-1])
    assert set(troubles(prove(pages))) == {
        (Trouble.TORN, path.name, 5, 15, None),
        (Trouble.MISSING, path.name, 5, 15, 15),
    }


# --- while a guard writes


def _listing_then(deeds: list[Callable[[], object]]) -> Callable[[Path], list[Segment]]:
    """Return a listing of a folder after which something happens in it: the last of these, and so on."""

    def listed(folder: Path) -> list[Segment]:
        found = segments(folder)
        if deeds:
            deeds.pop()()
        return found

    return listed


def test_segments_that_are_packed_meanwhile_one_after_the_other_are_read_packed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = day_by_day(tmp_path, *[2] * 8)
    packing: list[Callable[[], object]] = [partial(pages.pack, index) for index in reversed(range(7))]
    monkeypatch.setattr(module, "segments", _listing_then(packing))
    found = prove(pages)
    assert found.sound
    assert found.records == 16


def test_a_segment_that_is_dropped_meanwhile_is_not_missing(
    pages: SealedPages, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = pages.standing

    def drop() -> None:
        pages.begin()
        pages.drop(5)
        pages.files[0].unlink()

    monkeypatch.setattr(module, "segments", _listing_then([drop]))
    found = verify(pages.folder, mark, pages.first_key)
    assert found.sound
    assert (found.first, found.last) == (6, 16)


# --- many problems


def test_the_list_of_problems_ends_and_says_so(tmp_path: Path) -> None:
    pages = day_by_day(tmp_path, 2 * MOST + 100)
    whole = content(pages.files[0])
    altered = [one.replace(b"READY", b"HELD!") if number % 2 else one for number, one in enumerate(whole)]
    rewrite(pages.files[0], *altered)
    found = prove(pages)
    assert len(found.problems) == MOST
    assert found.capped
    assert found.last == len(whole)
    rewrite(pages.files[0], *whole[::2])
    found = prove(pages)
    assert len(found.problems) == MOST
    assert found.capped


def test_the_proof_of_a_longer_journal_takes_no_more_memory(tmp_path: Path) -> None:
    def peak(records: int) -> int:
        (folder := tmp_path / str(records)).mkdir()
        pages = day_by_day(folder, records, 1)
        pages.pack(0)
        tracemalloc.start()
        assert prove(pages).sound
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    assert peak(9000) < 1.2 * peak(3000)


def test_a_number_far_out_of_reach_costs_no_time(pages: SealedPages) -> None:
    path = pages.files[1]
    one, two, *rest = content(path)
    rewrite(path, one, two.replace(b'"seq":7', b'"seq":700000000000000000'), *rest)
    found = prove(pages)
    assert found.problems[0].line == 2
    assert not found.sound


# --- anything


def _lines(folder: Path) -> list[bytes]:
    return [line for segment in segments(folder) for line in lines(segment)]


@st.composite
def _tampering(draw: st.DrawFn) -> Callable[[list[Path]], None]:
    """Return something that is done to the files of a journal."""
    chance = draw(st.randoms(use_true_random=False))

    def edit(paths: list[Path]) -> None:
        path = chance.choice(paths)
        data = path.read_bytes()
        start, end, to = sorted(chance.randint(0, len(data)) for _ in range(3))
        parts = data[:start], data[start:end], data[end:to], data[to:]
        one, two, three, four = parts
        made = (
            one + three + four,
            one + three + two + four,
            one + two + three + two + four,
            one + bytes(chance.randbytes(len(two))) + three + four,
            data + chance.randbytes(3) + b"\n",
        )
        path.write_bytes(chance.choice(made))

    def edit_lines(paths: list[Path]) -> None:
        path = chance.choice(paths)
        whole = content(path) or [b"x\n"]
        chance.choice((whole.pop, whole.reverse, whole.clear, lambda: whole.append(whole[0])))()
        rewrite(path, *whole)

    def edit_files(paths: list[Path]) -> None:
        one, other = chance.choice(paths), chance.choice(paths)
        if chance.random() < 0.3:
            one.unlink()
        elif one != other:
            kept = one.read_bytes()
            one.write_bytes(other.read_bytes())
            if chance.random() < 0.5:
                other.write_bytes(kept)

    return draw(st.sampled_from((edit, edit_lines, edit_files)))


@settings(max_examples=250, deadline=None)
@given(
    counts=st.lists(st.integers(1, 4), min_size=1, max_size=4),
    packed=st.integers(0, 3),
    keyed=st.booleans(),
    tamperings=st.lists(_tampering(), max_size=3),
)
def test_what_is_called_sound_holds_what_was_written(
    counts: list[int],
    packed: int,
    tamperings: list[Callable[[list[Path]], None]],
    *,
    keyed: bool,
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pages = day_by_day(folder, *counts)
        for index in range(min(packed, len(counts) - 1)):
            pages.pack(index)
        written = _lines(folder)
        assert prove(pages, keyed=keyed).sound
        for tamper in tamperings:
            if paths := [path for path in pages.files if path.exists()]:
                tamper(paths)
        found = prove(pages, keyed=keyed)
        if found.sound:
            assert _lines(folder) == written
        else:
            assert found.problems


# --- how it is told


def test_people_get_the_verdict_first_and_then_each_place(pages: SealedPages) -> None:
    texts = words()
    rewrite(pages.files[1], *content(pages.files[1])[:3])
    verdict, extent, problem = verification_lines(prove(pages), texts)
    assert "NOT SOUND: 1 " in verdict
    assert "13" in extent
    assert problem.startswith(f"{pages.files[1].name}:4 ")
    assert "9–10" in problem


def test_every_verdict_differs_and_every_trouble_has_its_words(pages: SealedPages) -> None:
    texts = words()
    mark, key = pages.standing, pages.first_key
    verdicts = {
        verification_lines(verify(pages.folder, *given), texts)[0]
        for given in ((mark, key), (mark, None), (None, key), (None, None))
    }
    assert len(verdicts) == 4
    found = prove(pages)
    for what in Trouble:
        bad = replace(found, problems=(Problem(segment="", line=0, seq=None, what=what),), capped=True)
        told = verification_lines(bad, texts)
        assert "1+" in told[0]
        assert texts.of(what) in told[-1]
    assert len({texts.of(what) for what in Trouble}) == len(Trouble)


def test_what_is_no_damage_is_told_too(pages: SealedPages) -> None:
    mark = pages.standing
    pages.write_many(2)
    with pages.files[2].open("ab") as file:
        file.write(b"{")
    told = verification_lines(verify(pages.folder, mark, pages.first_key), words())
    assert len(told) == 4
    assert told[0] == words().of("verdict_keyed")


def test_programs_get_all_of_it(pages: SealedPages) -> None:
    rewrite(pages.files[1], *content(pages.files[1])[:3])
    told = json.loads(json.dumps(as_json(prove(pages))))
    assert told["sound"] is False
    assert told["problems"] == [
        {"segment": pages.files[1].name, "line": 4, "seq": 9, "what": "missing", "through": 10}
    ]
    assert {
        "records",
        "first",
        "last",
        "segments",
        "capped",
        "unanchored",
        "torn",
        "anchored",
        "keyed",
    } < set(told)
