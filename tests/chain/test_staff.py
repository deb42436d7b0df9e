"""Staff at a real counter: pad, hotkey, commands, on the real chain with a real keyring."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import json
import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from guard.staff.port import EMERGENCY
from guard.staff.throttle import COUNTER_LOCKED_AT
from tests.support.counter import Counter, Record, counter
from tests.support.site import HANGS_AT_B, PORTAL_COLOUR, WebSite, web_site
from tests.support.xvfb import Xvfb

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.pcsc import VirtualReader

pytestmark = pytest.mark.chain
pytest_plugins = ("tests.support.pcsc",)

NUMBER, NAME, PIN = "7", "見本 一郎", "739182"
CALM, WARNING = (0x00, 0x17, 0xC1), (0xFF, 0xD4, 0x3D)
"""The strip's ground."""
HOLD = '[session]\non_removal = "hold"\nhold_seconds = 600\n'


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    with Xvfb() as server:
        yield server.display


@pytest.fixture(scope="module")
def site() -> Iterator[WebSite]:
    with web_site() as site:
        site.pages["/"] += HANGS_AT_B
        yield site


@pytest.fixture
def one(
    tmp_path: Path,
    practice_reader: VirtualReader,
    display: str,
    site: WebSite,
    request: pytest.FixtureRequest,
) -> Iterator[Counter]:
    """A counter that has become READY, with one member of staff."""
    settings = getattr(request, "param", "")
    with counter(tmp_path, practice_reader, display, site.profile(tmp_path), settings) as one:
        one.enroll(NUMBER, NAME, PIN)
        one.wait_state("READY")
        yield one


holding = pytest.mark.parametrize("one", [HOLD], indirect=True, ids=["hold"])


def _state(one: Counter) -> object:
    return one.status()["state"]


def _pick(one: Counter, place: str, state: str) -> Record:
    """Press this choice until it is taken: a list that has just come up takes no press."""
    before = one.now()
    found: list[Record] = []

    def taken() -> bool:
        found[:] = [r for r in one.journal() if int(str(r["seq"])) > before and r.get("after") == state]
        if not found and one.keyboard_is_taken():
            one.type_key(place)
        return bool(found)

    one.until(taken, f"choice {place}")
    return found[0]


def _resume(one: Counter) -> Record:
    one.open_pad()
    assert one.enter_pin(NUMBER, PIN)["verdict"] == "yes"
    return _pick(one, "1", "ACTIVE")


@holding
def test_a_card_that_slipped_off_is_covered_and_only_a_pin_brings_the_same_session_back(one: Counter) -> None:
    opened = one.open_session()
    session = one.status()["session"]
    one.reader.remove()
    held = one.wait_state("HELD", after=opened)
    one.until(lambda: not one.shows(PORTAL_COLOUR), "the cover")
    one.reader.insert()
    one.until(lambda: "'present'" in str(one.status()["reader"]), "the card back")
    assert _state(one) == "HELD", "the card alone brings nothing back"
    assert not one.shows(PORTAL_COLOUR)
    resumed = _resume(one)
    assert resumed["session"] == session
    one.until(lambda: one.shows(PORTAL_COLOUR), "the portal again")
    assert not one.keyboard_is_taken(), "the citizen has the keyboard back"
    act = one.wait_record(lambda record: record["kind"] == "staff", "the deed", after=int(str(held["seq"])))
    assert (act["act"], act["staff"], act["door"]) == ("resume", NUMBER, "pad")


@holding
def test_staff_force_the_logout_of_the_citizen_who_left_and_the_next_one_gets_a_session_of_their_own(
    one: Counter,
) -> None:
    opened = one.open_session()
    first = one.status()["session"]
    one.reader.remove()
    one.wait_state("HELD", after=opened)
    answer = one.command("logout", typed=f"{NUMBER}\n{PIN}\n")
    assert answer.returncode == 0, answer.stderr
    receipt = one.wait_record(lambda record: record["kind"] == "receipt", "the receipt", after=opened)
    assert receipt["good"] is True
    assert receipt["logout"] == "confirmed"
    one.wait_state("READY", after=opened)
    one.open_session()
    assert one.status()["session"] != first


@holding
@pytest.mark.parametrize("trouble", ["lifted again", "swapped", "unplugged", "service killed"])
def test_whatever_else_happens_to_the_card_of_a_held_session_ends_it(one: Counter, trouble: str) -> None:
    opened = one.open_session()
    one.reader.remove()
    one.wait_state("HELD", after=opened)
    one.reader.insert()
    one.until(lambda: "'present'" in str(one.status()["reader"]), "the card back")
    match trouble:
        case "lifted again":
            one.reader.remove()
        case "swapped":
            one.reader.swap()
        case "unplugged":
            one.reader.unplug()
        case _:
            os.kill(one.reader.pcscd_pid, signal.SIGKILL)
    one.wait_state("ENDING", after=opened)
    receipt = one.wait_record(lambda record: record["kind"] == "receipt", "the receipt", after=opened)
    assert receipt["good"] is True
    assert not [record for record in one.journal() if record.get("after") == "ACTIVE"][1:]


@holding
def test_staff_force_the_logout_at_the_pad(one: Counter) -> None:
    opened = one.open_session()
    one.reader.remove()
    one.wait_state("HELD", after=opened)
    one.open_pad()
    assert one.enter_pin(NUMBER, PIN)["verdict"] == "yes"
    ended = _pick(one, "2", "ENDING")
    assert ended["cause"] == "staff_end"
    one.wait_state("READY", after=opened)


def test_under_wipe_the_staff_button_holds_and_a_pin_goes_on_where_the_citizen_was(one: Counter) -> None:
    opened = one.open_session()
    one.press_hotkey()
    one.wait_state("HELD", after=opened)
    one.until(lambda: not one.shows(PORTAL_COLOUR), "the cover")
    one.until(one.keyboard_is_taken, "the pad")
    assert one.enter_pin(NUMBER, PIN)["verdict"] == "yes"
    _pick(one, "1", "ACTIVE")
    one.until(lambda: one.shows(PORTAL_COLOUR), "the portal again")
    before = one.now()
    one.reader.remove()
    one.wait_state("READY", after=before)


def test_the_hotkey_covers_while_the_page_never_yields(one: Counter, site: WebSite) -> None:
    opened = one.open_session()
    one.press_until("b", lambda: site.take("/hung"), "a page that hangs")
    one.press_hotkey()
    one.wait_state("HELD", after=opened)
    one.until(lambda: not one.shows(PORTAL_COLOUR), "the cover")


def test_staff_start_a_session_without_a_card_and_a_card_ends_it(one: Counter) -> None:
    one.open_pad()
    assert one.enter_pin(NUMBER, PIN)["verdict"] == "yes"
    before = one.now()
    _pick(one, "1", "ACTIVE")
    one.until(lambda: one.shows(PORTAL_COLOUR), "the portal")
    one.reader.insert()
    receipt = one.wait_record(lambda record: record["kind"] == "receipt", "the receipt", after=before)
    assert receipt["good"] is True
    one.wait_state("TAKE_CARD", after=before)


def test_nothing_typed_on_the_pad_reaches_the_page_that_waits_beneath(one: Counter, site: WebSite) -> None:
    one.open_session()
    one.open_pad()
    for key in ("7", "Return", "b", *PIN[:3]):  # the page would hang at the b
        one.type_key(key)
    before = one.now()
    for key in (*PIN[3:], "Return"):
        one.type_key(key)
    one.wait_record(lambda record: record["kind"] == "pin", "the check", after=before)
    _pick(one, "1", "ACTIVE")
    one.until(lambda: one.shows(PORTAL_COLOUR), "the portal again")
    assert not site.take("/hung")
    before = one.now()
    one.reader.remove()
    receipt = one.wait_record(lambda record: record["kind"] == "receipt", "the receipt", after=before)
    assert receipt["logout"] == "confirmed", "a page that hung could not have been logged out of"


@holding
def test_a_pin_process_that_is_killed_is_a_no_and_the_screen_stays_covered(one: Counter) -> None:
    opened = one.open_session()
    one.reader.remove()
    one.wait_state("HELD", after=opened)
    one.open_pad()
    before = one.now()
    for key in (NUMBER, "Return", *PIN):
        one.type_key(key)
    one.until(lambda: not one.vault_processes(), "the end of the process that read the names")
    one.type_key("Return")

    def answered(record: Record) -> bool:
        return record["kind"] == "pin" and int(str(record["seq"])) > before

    def killed() -> bool:
        for process in one.vault_processes():
            with suppress(psutil.NoSuchProcess):
                process.kill()
        return any(map(answered, one.journal()))

    one.until(killed, "the answer about a PIN that nobody can check")
    (record,) = filter(answered, one.journal())
    assert record["verdict"] == "broken"
    assert _state(one) == "HELD"
    assert not one.shows(PORTAL_COLOUR)
    assert "staff_book_lost" in str(one.status()["alerts"])


def _ask(one: Counter, staff: str, pin: str) -> dict[str, object]:
    """Force the logout past the command."""
    return one.ask(cmd="logout", staff=staff, pin=pin)


@holding
def test_ten_thousand_guesses_through_every_door_with_restarts_between_get_no_more_looks_than_the_limit(
    one: Counter,
) -> None:
    opened = one.open_session()
    one.reader.remove()
    one.wait_state("HELD", after=opened)
    one.open_pad()
    assert one.enter_pin(NUMBER, "100000")["verdict"] == "wrong"
    for guess in range(100_001, 103_334):
        assert _ask(one, NUMBER, str(guess))["ok"] is False
    one.kill()
    one.core = None
    before = one.now()
    one.start()
    one.wait_state("READY", after=before)
    one.reader.insert()
    one.wait_state("ACTIVE", after=before)
    assert one.command("logout", typed=f"{NUMBER}\n103334\n").returncode == 1
    doors = (NUMBER, "4242", EMERGENCY)
    for guess in range(103_335, 110_000):
        assert _ask(one, doors[guess % 3], str(guess))["ok"] is False
    records = [record for record in one.journal() if record["kind"] == "pin"]
    codes = [record for record in records if record["staff"] == EMERGENCY]
    assert {record["verdict"] for record in records} == {"wrong"}
    assert len(records) - len(codes) <= COUNTER_LOCKED_AT
    assert len(codes) <= COUNTER_LOCKED_AT
    listed = one.command("staff", "list", "--json")
    (person,) = json.loads(listed.stdout)["staff"]
    assert person["failures"] == len([record for record in records if record["staff"] == NUMBER])


def test_no_pin_is_in_any_argument_environment_log_or_file(one: Counter, tmp_path: Path) -> None:
    seen: set[str] = set()
    one.open_session()
    one.open_pad()
    for key in (NUMBER, "Return", *PIN, "Return"):
        one.type_key(key)
    one.until(
        lambda: _note_processes(one, seen) and bool([r for r in one.journal() if r["kind"] == "pin"]),
        "the check of the PIN",
    )
    assert not [words for words in seen if PIN in words]
    assert PIN not in one.log()
    for folder in (tmp_path, Path(one.environment["XDG_RUNTIME_DIR"])):
        for path in folder.rglob("*"):
            if path.is_file():
                assert PIN.encode() not in path.read_bytes(), path.name


def _note_processes(one: Counter, seen: set[str]) -> bool:
    for process in one.guard_processes():
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            seen |= {*process.cmdline(), *process.environ().values()}
    return True


@pytest.mark.parametrize(
    "one", ["[session]\nidle_seconds = 30\nidle_warning_seconds = 15\n"], indirect=True, ids=["idle"]
)
def test_nobody_at_the_keyboard_is_warned_and_then_ended_and_a_touch_counts(one: Counter) -> None:
    def strip() -> object:
        return one.picture().convert("RGB").getpixel((5, 5))

    opened = one.open_session()
    one.until(lambda: strip() == CALM, "the calm strip")
    one.until(lambda: strip() == WARNING, "the warning")
    one.type_key("a")
    one.until(lambda: strip() == CALM, "the calm strip again")
    one.until(lambda: strip() == WARNING, "the warning again")
    ended = one.wait_state("ENDING", after=opened)
    assert ended["cause"] == "idle_over"
