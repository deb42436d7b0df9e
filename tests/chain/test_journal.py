"""The journal and its alerts at a real counter: what an auditor, a clerk and a thief would do to them."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import json
import resource
from contextlib import suppress
from typing import TYPE_CHECKING

import psutil
import pytest

from guard.covering import COVER_WITHIN
from guard.journal.segments import segments
from tests.support.counter import PATIENCE, Counter, Record, counter
from tests.support.processes import ended
from tests.support.site import PORTAL_COLOUR, WebSite, web_site
from tests.support.xvfb import Xvfb

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.pcsc import VirtualReader

pytestmark = pytest.mark.chain
pytest_plugins = ("tests.support.pcsc",)

NUMBER, NAME, PIN = "7", "見本 一郎", "739182"


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    with Xvfb() as server:
        yield server.display


@pytest.fixture(scope="module")
def site() -> Iterator[WebSite]:
    with web_site() as site:
        yield site


@pytest.fixture
def one(tmp_path: Path, practice_reader: VirtualReader, display: str, site: WebSite) -> Iterator[Counter]:
    """A counter that has become READY."""
    with counter(tmp_path, practice_reader, display, site.profile(tmp_path)) as one:
        one.wait_state("READY")
        yield one


def _serve(one: Counter) -> None:
    """Let a citizen come and go."""
    opened = one.open_session()
    one.reader.remove()
    one.wait_state("READY", after=opened)


def _verify(one: Counter) -> dict[str, object]:
    answer = one.command("journal", "verify", "--json", "--config", str(one.config))
    found = dict(json.loads(answer.stdout))
    assert answer.returncode == (0 if found["sound"] else 1), answer.stderr
    return found


def _alerts(one: Counter) -> list[Record]:
    answer = one.command("alerts", "list", "--json")
    assert answer.returncode == 0, answer.stderr
    return list(json.loads(answer.stdout)["alerts"])


def _kinds(one: Counter) -> list[object]:
    return [alert["kind"] for alert in _alerts(one)]


def _state(one: Counter) -> object:
    return one.status().get("state")


def test_a_session_is_proven_shown_counted_exported_and_put_on_a_sheet(one: Counter, tmp_path: Path) -> None:
    _serve(one)
    found = _verify(one)
    assert found["sound"] is True
    assert found["keyed"] is True
    (session,) = {str(record["session"]) for record in one.journal() if record["kind"] == "receipt"}

    shown = one.command("journal", "show", "--session", session[:8], "--json")
    records = [json.loads(line) for line in shown.stdout.splitlines()]
    assert {record["session"] for record in records} == {session}
    assert {"state", "reader", "covered", "receipt"} <= {record["kind"] for record in records}
    stats = json.loads(one.command("journal", "stats", "--json").stdout)
    assert stats["sessions"]["opened"] == 1
    assert stats["sessions"]["ended_by"] == {"card_absent": 1}
    for form, sign in (("jsonl", '"kind":"receipt"'), ("csv", ",receipt,"), ("syslog", " receipt [guard@")):
        assert sign in one.command("journal", "export", "--format", form).stdout
    month = str(one.journal()[0]["at"])[:7]
    sheet = tmp_path / "sheet.html"
    made = one.command("report", "--month", month, "--format", "html", "--output", str(sheet))
    assert made.returncode == 0, made.stderr
    assert "<html" in sheet.read_text(encoding="utf-8")


def test_what_was_changed_is_located_while_the_guard_runs(one: Counter) -> None:
    _serve(one)
    copy = one.journal_folder.parent / "copy"
    copy.mkdir()
    for segment in segments(one.journal_folder):
        text = segment.path.read_bytes()
        (copy / segment.path.name).write_bytes(text.replace(b'"card_absent"', b'"card_absemt"', 1))
    answer = one.command("journal", "verify", "--directory", str(copy), "--json")
    assert answer.returncode == 1
    (problem,) = json.loads(answer.stdout)["problems"]
    assert problem["what"] == "unlinked"
    assert "change nothing" in answer.stderr


def test_an_alert_outlives_a_restart_and_closes_only_by_a_named_person_with_a_reason(one: Counter) -> None:
    one.enroll(NUMBER, NAME, PIN)
    one.reader.insert()
    one.wait_state("ACTIVE")
    one.kill()
    one.start()
    one.until(lambda: one.status().get("state") == "TAKE_CARD", "the new guard")
    (alert,) = [alert for alert in _alerts(one) if alert["kind"] == "logout_not_confirmed"]
    assert (alert["count"], alert["severity"]) == (1, "warning")
    assert one.stop() == 0
    one.start()
    one.until(lambda: one.status().get("state") == "TAKE_CARD", "the guard after an orderly stop")
    assert _kinds(one) == ["logout_not_confirmed"]

    words = ("alerts", "acknowledge", "logout_not_confirmed", "--reason", "checked")
    assert one.command(*words, typed=f"{NUMBER}\n000111\n").returncode == 1
    assert _kinds(one) == ["logout_not_confirmed"]
    one.until(lambda: one.command(*words, typed=f"{NUMBER}\n{PIN}\n").returncode == 0, "the acknowledgement")
    one.until(lambda: _kinds(one) == [], "no open alert")
    closed = one.wait_record(lambda record: record["kind"] == "acknowledged", "its record")
    assert (closed["staff"], closed["reason"], closed["count"]) == (NUMBER, "checked", 1)
    assert one.command(*words, typed=f"{NUMBER}\n{PIN}\n").returncode == 1, "it is not open any more"
    assert _verify(one)["sound"] is True
    starts = [record["after"] for record in one.journal() if record["kind"] == "start"]
    assert starts == ["first", "crash", "stop"]


def test_a_journal_cut_while_the_guard_was_down_is_told_at_the_counter_and_never_forgotten(
    one: Counter,
) -> None:
    _serve(one)
    one.stop()
    (segment,) = segments(one.journal_folder)
    whole = segment.path.read_bytes().splitlines(keepends=True)
    segment.path.write_bytes(b"".join(whole[:-2]))
    found = _verify(one)
    assert [problem["what"] for problem in found["problems"]] == ["missing"]  # type: ignore[attr-defined]
    one.start()
    one.until(lambda: _state(one) == "READY", "the new guard")
    assert "journal_damaged" in _kinds(one)
    assert not _verify(one)["sound"]


def test_a_full_disk_covers_ends_and_closes_until_there_is_room_again(one: Counter) -> None:
    _serve(one)
    opened = one.open_session()
    assert one.core
    size = segments(one.journal_folder)[-1].path.stat().st_size
    one.core.rlimit(resource.RLIMIT_FSIZE, (size + 10, resource.RLIM_INFINITY))
    one.press_hotkey()  # whatever is to be recorded next cannot be
    one.until(lambda: _state(one) == "OUT_OF_SERVICE", "the counter closed")
    assert not one.shows(PORTAL_COLOUR)
    alerts = set(_kinds(one))
    assert segments(one.journal_folder)[-1].path.stat().st_size == size, "half a record stayed"
    one.core.rlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    one.reader.remove()
    one.until(lambda: _state(one) == "READY", "the counter open again")
    assert "journal_lost" in _kinds(one), "a later success closes nothing"
    assert _verify(one)["sound"] is True
    records = [record for record in one.journal() if int(str(record["seq"])) > opened]
    assert "journal_lost" in [record.get("cause") for record in records]
    first = next(float(str(record["cover_ms"])) for record in records if record["kind"] == "covered")
    late = {"cover_late", "logout_not_confirmed"} if first > COVER_WITHIN * 1000 else set()
    assert alerts - late == {"journal_lost"}


def test_the_first_key_goes_to_the_safe_and_still_proves_every_record(one: Counter, tmp_path: Path) -> None:
    taken = one.command("journal", "key", "--take")
    assert taken.returncode == 0, taken.stderr
    safe = tmp_path / "safe"
    safe.write_text(taken.stdout, encoding="ascii")
    assert one.command("journal", "key").returncode == 1
    _serve(one)
    found = _verify(one)
    assert (found["sound"], found["keyed"]) == (True, False)
    other = tmp_path / "other"
    other.write_text(f"1:{'0' * 64}", encoding="ascii")
    wrong = one.command("journal", "verify", "--key", str(other))
    assert wrong.returncode == 1
    assert "another journal" in wrong.stderr
    answer = one.command("journal", "verify", "--key", str(safe), "--json")
    assert json.loads(answer.stdout)["keyed"] is True
    assert answer.returncode == 0
    one.stop()
    assert _verify(one)["sound"] is True, "the keyring answers without a guard, too"
    secret = taken.stdout.strip().partition(":")[2]
    kept = [path for path in tmp_path.rglob("*") if path.is_file() and path != safe]
    assert [path for path in kept if secret.encode() in path.read_bytes()] == []


def _named(one: Counter, module: str) -> list[psutil.Process]:
    found = []
    assert one.core
    for process in one.core.children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # a zombie counts as gone, too
            if module in process.cmdline() and process.name().startswith("python"):
                found.append(process)
    return found


@pytest.mark.parametrize("module", ["guard.keyring.keeper", "guard.journal.forward"])
def test_what_keeps_the_evidence_may_die_in_a_session_and_comes_back(one: Counter, module: str) -> None:
    one.open_session()
    (before,) = _named(one, module)
    before.kill()
    psutil.wait_procs([before], PATIENCE)
    assert _state(one) == "ACTIVE"
    newest = one.now()
    one.reader.remove()
    one.wait_state("READY", after=newest)
    one.until(lambda: {found.pid for found in _named(one, module)} - {before.pid} != set(), "another one")
    assert _verify(one)["sound"] is True
    assert _kinds(one) == []
    assert one.core
    everybody = one.core.children(recursive=True)
    assert one.stop() == 0
    ended(everybody, PATIENCE)
    assert _verify(one)["sound"] is True
