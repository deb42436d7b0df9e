"""The journal as it is written: durable before it is told, gone on with after every way to stop."""

from __future__ import annotations

import json
import os
import shutil
import sys
import threading
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from guard.errors import MachineError
from guard.journal.anchor import Anchor
from guard.journal.chain import head, next_key
from guard.journal.sealed import SealedJournal
from guard.journal.segments import files, lines, segments
from guard.journal.standing import FirstKey, Standing
from guard.journal.verify import verify
from guard.session.events import SessionId
from tests.journal.ear import PATIENCE, Ear
from tests.journal.sealed_lab import Lab
from tests.support.memory_store import MemoryStore

if TYPE_CHECKING:
    from pathlib import Path


DAY = 86_400.0


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path / "journal")


def test_a_record_holds_number_time_session_kind_and_its_seals(lab: Lab) -> None:
    with lab.journal() as journal:
        journal.record("state", SessionId("abc"), before="READY", after="ACTIVE")
    (record,) = lab.records()
    assert list(record) == [
        *("seq", "at", "boot_ms", "session", "kind"),
        *("before", "after"),
        *("prev", "mac"),
    ]
    assert list(record.values())[:7] == [
        *(1, "2026-04-01T09:00:00.000Z", 1_000_000.0, "abc", "state"),
        *("READY", "ACTIVE"),
    ]


def test_numbers_and_chain_go_on_after_a_restart_without_a_hole(lab: Lab) -> None:
    for _ in range(3):
        lab.write("start", "stop")
    assert [record["seq"] for record in lab.records()] == [1, 2, 3, 4, 5, 6]
    assert len(segments(lab.folder)) == 1
    lab.check()


def test_a_record_is_on_the_disk_when_its_ticket_is_told_durable(lab: Lab) -> None:
    with lab.journal() as journal:
        for number in range(50):
            lab.ear.wait_durable(journal.record("state"))
            assert len(lab.records()) >= number + 1


def test_how_and_in_which_state_the_last_run_ended_is_known_to_the_next(lab: Lab) -> None:
    with lab.journal() as journal:
        assert (journal.found.seq, journal.found.state, journal.found.running) == (0, "", False)
        journal.record("start")
        journal.record("state", before="READY", after="ACTIVE")
        journal.record("refused", what="navigation", host="h")
    with lab.journal() as journal:
        assert (journal.found.seq, journal.found.state, journal.found.running) == (3, "ACTIVE", True)
        journal.record("stop")
        journal.record("dropped")
    with lab.journal() as journal:
        assert not journal.found.running


def test_open_alerts_outlive_a_restart_and_acknowledged_ones_do_not(lab: Lab) -> None:
    with lab.journal() as journal:
        journal.record("alert", alert="cover_late", count=1)
        lab.clock.turn(60)
        journal.record("alert", alert="cover_late", count=2)
        journal.record("alert", alert="reader_lost", count=1)
        journal.record("acknowledged", alert="reader_lost", count=1, staff="7", reason="checked")
    with lab.journal() as journal:
        (alert,) = journal.found.alerts
    assert (alert.kind.value, alert.count) == ("cover_late", 2)
    assert alert.last - alert.first == timedelta(seconds=60)


def test_the_key_in_the_keyring_is_not_one_that_sealed_anything(lab: Lab) -> None:
    lab.write("start", "state", "stop")
    first, now = lab.anchor.first_key(), lab.anchor.standing()
    assert first
    assert now
    assert now.key == next_key(next_key(next_key(first.key)))


def test_the_mark_is_set_to_the_end_when_the_journal_closes(lab: Lab) -> None:
    lab.write("start", "stop")
    (*_, last) = lines(segments(lab.folder)[-1])
    mark = lab.anchor.standing()
    assert mark
    assert (mark.seq, mark.head) == (2, head(last))


def test_records_that_a_crash_kept_from_the_keyring_are_gone_on_from(lab: Lab) -> None:
    lab.write("start")
    before = dict(lab.store.items)
    lab.write("state", "state")
    lab.store.items = before
    with lab.journal() as journal:
        assert journal.found.seq == 3
        journal.record("state")
    assert lab.kinds() == ["start", "state", "state", "state"]
    assert not lab.ear.damaged.is_set()
    lab.check()


def test_a_line_torn_by_a_crash_is_cut_off_and_told(lab: Lab) -> None:
    lab.write("start", "stop")
    torn = b'{"seq":3,"at":"20'
    with lab.last_file().open("ab") as file:
        file.write(torn)
    lab.write("start")
    assert lab.kinds() == ["start", "stop", "torn", "start"]
    assert lab.records()[2]["bytes"] == len(torn)
    assert not lab.ear.damaged.is_set()
    lab.check()


def _cut_line(lab: Lab) -> str:
    path = lab.last_file()
    whole = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(whole[:-1]))
    return "record_missing"


def _remove_all(lab: Lab) -> str:
    shutil.rmtree(lab.folder)
    return "record_missing"


def _forge_line(lab: Lab) -> str:
    (*_, last) = lines(segments(lab.folder)[-1])
    mark = lab.anchor.standing()
    assert mark
    forged = last.replace(b'"seq":3', b'"seq":4')
    with lab.last_file().open("ab") as file:
        file.write(forged + b"\n")
    return "not_sealed"


def _append_rubbish(lab: Lab) -> str:
    with lab.last_file().open("ab") as file:
        file.write(b"rubbish\n")
    return "no_record"


def _lose_mark(lab: Lab) -> str:
    lab.store.items.clear()
    return "mark_missing"


@pytest.mark.parametrize("harm", [_cut_line, _remove_all, _forge_line, _append_rubbish, _lose_mark])
def test_a_journal_that_is_not_as_it_was_left_says_so_and_goes_on(lab: Lab, harm: object) -> None:
    lab.write("start", "state", "stop")
    assert callable(harm)
    what = harm(lab)
    before = lab.contents()
    lab.write("start")
    assert lab.ear.damaged.is_set()
    assert (lab.records()[-2]["kind"], lab.records()[-2]["what"]) == ("damaged", what)
    assert lab.records()[-1]["seq"] == 5
    assert lab.contents().items() >= before.items(), "the evidence was touched"
    proof = verify(lab.folder, lab.anchor.standing(), lab.anchor.first_key())
    assert not proof.sound
    lab.write("start", "stop")
    assert not lab.ear.damaged.is_set(), "it is told once"


def test_a_foreign_file_under_the_next_segments_name_is_kept_beside_it(lab: Lab) -> None:
    lab.write("start")
    _append_rubbish(lab)
    foreign = lab.folder / "journal-2026-04-01-0000000002.jsonl"
    foreign.write_bytes(b"foreign\n")
    lab.write("start")
    assert foreign.with_name(f"{foreign.name}.damaged-1").read_bytes() == b"foreign\n"
    assert lab.ear.damaged.is_set()


# Windows does not let a file be removed that somebody writes: test_win32_sealed.py.
@pytest.mark.parametrize("harm", ["append", "cut", *(["remove"] if sys.platform == "linux" else [])])
def test_a_segment_that_is_changed_while_it_is_open_is_noticed_with_the_next_record(
    lab: Lab, harm: str
) -> None:
    with lab.journal() as journal:
        lab.ear.wait_durable(journal.record("start"))
        path = lab.last_file()
        match harm:
            case "append":
                with path.open("ab") as file:
                    file.write(b"x\n")
            case "cut":
                os.truncate(path, 5)
            case _:
                shutil.rmtree(lab.folder)
        lab.ear.wait_durable(journal.record("state"))
        assert lab.ear.damaged.wait(PATIENCE)
    newest = segments(lab.folder)[-1]
    assert newest.first == 2
    assert [json.loads(line)["kind"] for line in lines(newest)] == ["state", "damaged"]


def test_records_from_many_threads_each_get_their_own_number(lab: Lab) -> None:
    with lab.journal() as journal:

        def write() -> None:
            for _ in range(100):
                journal.record("state")

        threads = [threading.Thread(target=write) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [record["seq"] for record in lab.records()] == list(range(1, 401))
    lab.check()


def test_a_keyring_that_does_not_take_the_mark_is_told_once_and_stops_no_record(lab: Lab) -> None:
    with lab.journal() as journal:
        lab.store.breaks_after = 0
        lab.ear.wait_durable(journal.record("start"))
        assert lab.ear.unanchored.wait(PATIENCE)
        lab.ear.wait_durable(journal.record("state"))
        lab.store.breaks_after = None
    lab.check()


def test_a_new_day_begins_a_new_segment_and_the_day_before_is_packed(lab: Lab) -> None:
    with lab.journal() as journal:
        lab.ear.wait_durable(journal.record("start"))
        lab.clock.turn(DAY)
        lab.ear.wait_durable(journal.record("state"))
        lab.clock.turn(DAY)
        lab.ear.wait_durable(journal.record("state"))
    lab.write("start")
    assert [(str(one.day), one.packed) for one in files(lab.folder)] == [
        ("2026-04-01", True),
        ("2026-04-02", True),
        ("2026-04-03", False),
    ]
    assert [record["seq"] for record in lab.records()] == [1, 2, 3, 4]
    lab.check()


def test_a_segment_bears_the_day_of_its_records_also_when_the_clock_is_set_wrong_and_right(
    lab: Lab,
) -> None:
    lab.retention_days = 40_000
    with lab.journal() as journal:
        for days in (0, -3, 30_000, -29_997):
            lab.clock.set_wall(timedelta(days=days))
            lab.ear.wait_durable(journal.record("state"))
    assert [(one.first, str(one.day)) for one in segments(lab.folder)] == [
        *((1, "2026-04-01"), (2, "2026-03-29"), (3, "2108-05-18"), (4, "2026-04-01")),
    ]
    lab.check()


def test_a_day_that_has_not_come_yet_holds_up_no_retention(lab: Lab) -> None:
    lab.retention_days = 3
    lab.write("start", "stop")
    lab.clock.set_wall(timedelta(days=30_000))
    lab.write("start", "stop")
    lab.clock.set_wall(timedelta(days=-29_999))
    for _ in range(5):
        lab.write("start", "stop")
        lab.clock.turn(DAY)
    assert str(segments(lab.folder)[0].day) == "2026-04-03"
    lab.check()


def test_days_whose_time_is_over_are_dropped_and_the_chain_vouches_for_them(lab: Lab) -> None:
    lab.retention_days = 3
    for _ in range(6):
        lab.write("start", "stop")
        lab.clock.turn(DAY)
    assert str(segments(lab.folder)[0].day) == "2026-04-03"
    dropped = [record for record in lab.records() if record["kind"] == "dropped"]
    assert dropped[-1]["through"] == segments(lab.folder)[0].first - 1
    lab.check()


def test_a_clock_set_far_ahead_deletes_nothing_however_often_the_guard_is_started(lab: Lab) -> None:
    for _ in range(6):
        lab.write("start", "stop")
        lab.clock.turn(DAY)
    lab.clock.turn(4000 * DAY)
    for _ in range(4):
        lab.write("start", "stop")
    assert len(segments(lab.folder)) == 7
    lab.check()


def test_two_days_are_deleted_a_day_however_often_the_guard_is_started(lab: Lab) -> None:
    for _ in range(6):
        lab.write("start", "stop")
        lab.clock.turn(DAY)
    lab.retention_days = 1
    for _ in range(4):
        lab.write("start", "stop")
    assert len(segments(lab.folder)) == 5
    lab.check()


def test_a_file_that_was_given_an_older_name_is_not_deleted_for_it(lab: Lab) -> None:
    for _ in range(6):
        lab.write("start", "stop")
        lab.clock.turn(DAY)
    for number, segment in enumerate(segments(lab.folder)[:3], start=1):
        old = segment.path.name.replace(str(segment.day), f"2000-01-0{number}")
        segment.path.rename(segment.path.with_name(old))
    lab.write("start", "stop")
    assert len(segments(lab.folder)) == 7
    assert "dropped" not in lab.kinds()


def test_an_empty_file_hides_no_segment(lab: Lab) -> None:
    lab.write("start", "stop")
    lab.clock.turn(DAY)
    lab.write("start", "stop")
    (lab.folder / "journal-2000-01-01-0000000001.jsonl").touch()
    assert lab.kinds() == ["start", "stop", "start", "stop"]
    proof = verify(lab.folder, lab.anchor.standing(), lab.anchor.first_key())
    assert not proof.sound


def test_a_file_whose_name_has_no_day_of_the_calendar_stops_nobody(lab: Lab) -> None:
    lab.write("start")
    (lab.folder / "journal-2026-13-45-0000000099.jsonl").touch()
    with lab.journal() as journal:
        lab.ear.wait_durable(journal.record("state"))
        lab.clock.turn(DAY)
        lab.ear.wait_durable(journal.record("state"))
    lab.check()


def test_a_packed_file_with_another_content_is_not_written_over(lab: Lab) -> None:
    lab.write("start", "stop")
    lab.clock.turn(DAY)
    lab.write("start", "stop")
    (packed,) = [one.path for one in files(lab.folder) if one.packed]
    before = packed.read_bytes()
    packed.with_suffix("").touch()
    lab.write("start", "stop")
    assert packed.read_bytes() == before


def test_zeros_where_unsynced_records_were_to_be_are_torn_and_no_damage(lab: Lab) -> None:
    lab.write("start")
    before = dict(lab.store.items)
    with lab.journal() as journal:
        for _ in range(60):
            journal.record("state")
    lab.store.items = before
    path = lab.last_file()
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + bytes(4096) + whole[8192:])
    lab.write("start")
    assert not lab.ear.damaged.is_set()
    assert lab.kinds()[-2:] == ["torn", "start"]
    lab.check()


def test_damage_is_an_open_alert_for_the_next_guard_whatever_becomes_of_the_one_that_found_it(
    lab: Lab,
) -> None:
    lab.write("start", "state")
    _cut_line(lab)
    lab.write()
    with lab.journal() as journal:
        assert [(one.kind.value, one.count) for one in journal.found.alerts] == [("journal_damaged", 1)]
        journal.record("alert", alert="journal_damaged", count=1)
    with lab.journal() as journal:
        assert [(one.kind.value, one.count) for one in journal.found.alerts] == [("journal_damaged", 1)]


def test_a_lost_keyring_and_a_broken_newest_file_are_damage_and_no_reason_not_to_start(lab: Lab) -> None:
    lab.write("start", "stop")
    lab.clock.turn(DAY)
    lab.write("start")
    lab.last_file().unlink()
    (packed,) = [one.path for one in files(lab.folder)]
    packed.write_bytes(b"junk" + packed.read_bytes()[4:])
    lab.store.items.clear()
    lab.write("start")
    assert lab.ear.damaged.is_set()


def test_a_text_that_is_no_text_is_written_down_all_the_same(lab: Lab) -> None:
    with lab.journal() as journal:
        lab.ear.wait_durable(journal.record("refused", what="request", host="\ud800.example"))
    lab.check()


def test_a_guard_killed_between_saying_and_deleting_leaves_a_sound_journal(lab: Lab) -> None:
    lab.retention_days = 3
    for _ in range(3):
        lab.write("start", "stop")
        lab.clock.turn(DAY)
    kept = {one.path: one.path.read_bytes() for one in files(lab.folder)}
    for _ in range(2):
        lab.clock.turn(2 * DAY)
        lab.write("start", "stop")
        for path, data in kept.items():
            path.write_bytes(data)
        lab.check()
    lab.write("start", "stop")
    lab.check()


def test_an_empty_segment_of_a_guard_that_died_at_once_is_used_up(lab: Lab) -> None:
    lab.write("start")
    lab.clock.turn(DAY)
    (lab.folder / "journal-2026-04-02-0000000002.jsonl").touch()
    lab.clock.turn(DAY)
    lab.write("start")
    assert [str(one.day) for one in segments(lab.folder)] == ["2026-04-01", "2026-04-03"]
    lab.check()


def test_a_folder_that_cannot_be_written_is_refused_with_one_sentence(lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(MachineError) as refused:
        SealedJournal(tmp_path / "file" / "journal", lab.anchor, lab.clock, lab.ear, 1095)
    assert "[journal] directory" in refused.value.sentence
    assert "\n" not in refused.value.sentence


def test_a_second_guard_in_the_same_folder_is_refused(lab: Lab) -> None:
    with lab.journal(), pytest.raises(MachineError, match="another guard"):
        SealedJournal(lab.folder, Anchor(MemoryStore()), lab.clock, Ear(), 1095)


def test_a_mark_of_a_later_version_is_refused_and_left_alone(lab: Lab) -> None:
    lab.write("start")
    lab.store.items["mark"] = lab.store.items["mark"].replace('"v":1', '"v":2')
    before = dict(lab.store.items)
    with pytest.raises(MachineError, match="version"):
        SealedJournal(lab.folder, lab.anchor, lab.clock, lab.ear, 1095)
    assert lab.store.items == before


def test_a_first_key_is_read_as_it_was_kept() -> None:
    key = FirstKey(41, bytes(range(32)))
    assert FirstKey.read(key.text()) == key
    for text in ("", "1", "0:" + "0" * 64, "1:" + "0" * 63, "1:" + "G" * 64, "x:" + "0" * 64):
        with pytest.raises(ValueError, match="first key"):
            FirstKey.read(text)


def test_what_is_no_mark_is_refused() -> None:
    good = Standing(key=bytes(32)).mark()
    assert Standing.read(good) == Standing(key=bytes(32))
    for text in (
        "",
        "[]",
        "{}",
        good.replace('"seq":0', '"seq":-1'),
        good.replace('"alerts":[]', '"alerts":3'),
    ):
        with pytest.raises(ValueError, match=r".*"):
            Standing.read(text)
