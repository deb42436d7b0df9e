"""Whole sessions on Windows: the real service, with plain windows where Wine has no browser engine.

Reader, shade, stacking, jobs, folders, clipboard, journal and keyring are the real ones; see
`tests.support.win32_stand_ins` for what is not.
"""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress
from ctypes import wintypes
from typing import TYPE_CHECKING

import psutil
import pytest

assert sys.platform == "win32"

from guard.practice.card import VirtualCard
from guard.screens import win32_order as order
from guard.screens.win32_api import user
from guard.screens.win32_bare import monitors, see_every_pixel
from tests.support.waiting import until
from tests.support.win32_counter import PORT, Counter, counter
from tests.support.win32_stand_ins import CURTAIN, MODULE, PORTAL, STRIP

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.win32_counter import Record

PROGRAM = (MODULE, "run")


def colour_at(x: int, y: int) -> str:
    """Return the pixel that is to be seen there, as #RRGGBB."""
    gdi = ctypes.WinDLL("gdi32")
    user.GetDC.restype = wintypes.HDC
    gdi.GetPixel.argtypes = (wintypes.HDC, ctypes.c_int, ctypes.c_int)
    user.ReleaseDC.argtypes = (wintypes.HWND, wintypes.HDC)
    surface = user.GetDC(None)
    try:
        pixel = gdi.GetPixel(surface, x, y)
    finally:
        user.ReleaseDC(None, surface)
    return f"#{pixel & 0xFF:02X}{pixel >> 8 & 0xFF:02X}{pixel >> 16 & 0xFF:02X}"


def whole() -> tuple[int, int]:
    """Return the middle of the desktop, where the portal and the curtain are to be seen."""
    see_every_pixel()
    first = monitors()[0]
    return first.width // 2, first.height // 2


def shows(colour: str) -> bool:
    """Tell whether this is what is to be seen in the middle, where nothing of another colour may be."""
    return colour_at(*whole()) == colour


def kinds(records: list[Record], kind: str, session: object) -> list[Record]:
    return [record for record in records if record["kind"] == kind and record["session"] == session]


def number(record: Record) -> int:
    return int(str(record["seq"]))


def processes(one: Counter, kind: str) -> list[psutil.Process]:
    """Return what runs in a container of this kind: whoever has its folder for a home."""
    found: list[psutil.Process] = []
    for process in psutil.process_iter():
        try:
            home = process.environ().get("LOCALAPPDATA", "")
        except psutil.Error:
            continue
        if home.startswith(str(one.containers / kind)):
            found.append(process)
    return found


def terminate(running: list[psutil.Process]) -> None:
    """End them; the guard, which notices the first, may be faster with the rest."""
    for process in running:
        with suppress(psutil.NoSuchProcess, ProcessLookupError):
            process.kill()


@pytest.fixture
def card() -> Iterator[VirtualCard]:
    card = VirtualCard(PORT)
    yield card
    if card.lies_there:
        card.remove()


def opened(one: Counter, card: VirtualCard) -> Record:
    """Have a citizen's session open and to be seen; return the record of its beginning."""
    one.until(lambda: one.status()["state"] == "READY", "READY")
    before = one.now()
    card.insert()
    active = one.wait_state("ACTIVE", after=before)
    one.until(lambda: shows(PORTAL), "the portal's picture")
    return active


def receipt_of(one: Counter, session: object) -> Record:
    return one.wait_record(
        lambda record: record["kind"] == "receipt" and record["session"] == session, "the receipt"
    )


class TestSessions:
    """One guard, one session after the other."""

    @pytest.fixture(scope="class")
    @staticmethod
    def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
        with counter(tmp_path_factory.mktemp("counter"), PROGRAM) as one:
            yield one

    def test_it_gets_ready_with_the_curtain_to_be_seen_and_a_spare_beneath_it(self, served: Counter) -> None:
        served.wait_state("READY")
        served.until(lambda: shows(CURTAIN), "the curtain's picture")
        status = served.status()
        assert status["covered"] is True
        capsule = status["capsule"]
        assert isinstance(capsule, dict)
        assert capsule["warm"] is True
        assert len(capsule["pids"]) >= 2
        assert PORTAL not in {colour_at(x, y) for x in range(0, 1280, 64) for y in range(0, 1024, 64)}

    def test_a_card_opens_the_portal_and_its_removal_covers_and_leaves_nothing(
        self, served: Counter, card: VirtualCard
    ) -> None:
        active = opened(served, card)
        session = active["session"]
        x, _ = whole()
        served.until(lambda: colour_at(x, 2) == STRIP, "the strip's picture")
        assert served.status()["covered"] is False
        until(lambda: bool(user.CountClipboardFormats()))
        folder = served.containers / f"capsule-{session}"
        assert (folder / "local" / "cookies").is_file()
        inside = processes(served, f"capsule-{session}")
        assert len(inside) >= 2  # and a conhost.exe

        card.remove()
        ending = served.wait_state("ENDING", after=number(active))
        receipt = receipt_of(served, session)
        assert {
            name: receipt[name] for name in receipt if name.endswith(("_left", "_empty", "jobs", "ut"))
        } == {
            "logout": "confirmed",
            "processes_left": 0,
            "storage_left": False,
            "clipboard_empty": True,
            "print_jobs": "none possible",
        }
        assert receipt["host_names"] == "forgotten"
        assert receipt["good"] is True
        assert not folder.exists()
        assert not [process for process in inside if process.is_running()]
        assert not user.CountClipboardFormats()
        served.wait_state("READY", after=number(ending))
        served.until(lambda: shows(CURTAIN), "the curtain's picture")
        (covered,) = kinds(served.journal(), "covered", session)
        assert isinstance(covered["cover_ms"], float)
        assert served.status()["covered"] is True

    def test_the_next_citizen_has_another_capsule(self, served: Counter, card: VirtualCard) -> None:
        sessions = []
        for _ in range(2):
            sessions.append(opened(served, card)["session"])
            card.remove()
            assert receipt_of(served, sessions[-1])["good"] is True
        assert len(set(sessions)) == 2

    def test_a_swap_ends_the_session_and_the_next_card_never_gets_the_same_one(
        self, served: Counter, card: VirtualCard
    ) -> None:
        active = opened(served, card)
        card.remove()
        # The lab's reader looks every 400 ms: one that is swapped faster needs [reader] watch = "handle".
        served.wait_reader("card_absent", after=number(active))
        other = VirtualCard(PORT)
        other.insert()
        try:
            receipt = receipt_of(served, active["session"])
            assert receipt["good"] is True
            served.wait_reader("card_present", after=number(active))
            later = [record for record in served.journal() if number(record) > number(receipt)]
            opened_later = [record for record in later if record.get("after") == "ACTIVE"]
            assert active["session"] not in {record["session"] for record in opened_later}
        finally:
            other.remove()

    def test_cover_holds_the_session_and_end_ends_it(self, served: Counter, card: VirtualCard) -> None:
        active = opened(served, card)
        assert served.command("cover").returncode == 0
        served.wait_state("HELD", after=number(active))
        served.until(lambda: shows(CURTAIN), "the curtain's picture")
        assert served.status()["covered"] is True
        assert processes(served, f"capsule-{active['session']}")
        assert served.command("end").returncode == 0
        assert receipt_of(served, active["session"])["good"] is True
        assert not processes(served, f"capsule-{active['session']}")

    def test_a_capsule_that_dies_in_a_session_covers_and_is_wiped(
        self, served: Counter, card: VirtualCard
    ) -> None:
        active = opened(served, card)
        terminate(processes(served, f"capsule-{active['session']}"))
        receipt = receipt_of(served, active["session"])
        assert (receipt["good"], receipt["logout"]) == (True, "not_tried")
        served.until(lambda: shows(CURTAIN), "the curtain's picture")
        alerts = served.status()["alerts"]
        assert isinstance(alerts, list)
        assert "capsule_lost" in {alert["kind"] for alert in alerts}

    def test_a_curtain_that_dies_in_a_session_ends_it_and_comes_up_again(
        self, served: Counter, card: VirtualCard
    ) -> None:
        active = opened(served, card)
        killed = processes(served, "curtain")
        assert killed
        terminate(killed)
        assert receipt_of(served, active["session"])["good"] is True
        card.remove()
        served.until(lambda: shows(CURTAIN), "the curtain's picture")
        served.wait_state("READY", after=number(active))
        assert processes(served, "curtain")
        assert not [process for process in killed if process.is_running()]

    def test_all_of_it_is_sound_in_the_journal(self, served: Counter) -> None:
        assert served.command("journal", "verify").returncode == 0
        receipts = [record for record in served.journal() if record["kind"] == "receipt"]
        assert receipts
        assert all(record["good"] for record in receipts)


def test_who_asks_the_guard_to_end_in_a_session_has_it_ended_first(
    tmp_path_factory: pytest.TempPathFactory, card: VirtualCard
) -> None:
    with counter(tmp_path_factory.mktemp("counter"), PROGRAM) as one:
        active = opened(one, card)
        assert one.stop() == 0
        records = one.journal()
        (receipt,) = kinds(records, "receipt", active["session"])
        assert receipt["good"] is True
        assert records[-1]["kind"] == "stop"
        assert not processes(one, "")
        assert not one.containers.exists()
        assert order.seen(monitors()) == ()


def test_a_core_that_is_killed_in_a_session_takes_the_capsule_along_and_leaves_the_curtain_on_top(
    tmp_path_factory: pytest.TempPathFactory, card: VirtualCard
) -> None:
    with counter(tmp_path_factory.mktemp("counter"), PROGRAM) as one:
        active = opened(one, card)
        inside = processes(one, "capsule")
        curtain = processes(one, "curtain")
        folders = {folder.name for folder in one.containers.iterdir()}
        assert {name.split("-")[0] for name in folders} == {"capsule", "curtain"}
        one.kill()
        psutil.wait_procs(inside, timeout=30)
        assert not [process for process in inside if process.is_running()]
        until(lambda: shows(CURTAIN), "the curtain's picture")
        assert all(process.is_running() for process in curtain)

        card.remove()
        one.start().serving()
        second = one.wait_record(
            lambda record: record["kind"] == "start" and record["after"] == "crash", "start"
        )
        assert second["swept"] == len(folders)
        assert not folders & {folder.name for folder in one.containers.iterdir()}
        psutil.wait_procs(curtain, timeout=30)
        assert not [process for process in curtain if process.is_running()]
        one.wait_state("READY", after=number(second))
        one.until(lambda: shows(CURTAIN), "the new curtain's picture")
        alerts = one.status()["alerts"]
        assert isinstance(alerts, list)
        assert "logout_not_confirmed" in {alert["kind"] for alert in alerts}
        assert one.command("journal", "verify").returncode == 0
        card.insert()
        again = one.wait_state("ACTIVE", after=number(second))
        assert again["session"] != active["session"]
