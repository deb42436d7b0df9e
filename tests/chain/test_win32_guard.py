"""``guard run`` and the commands beside it on Windows, all for real; but no browser engine runs in the lab.

So no capsule gets warm and no curtain comes up: the counter stays STARTING, covered by the shade. Sessions
are shown by test_win32_session.py.
"""

from __future__ import annotations

import ctypes
import json
import subprocess
import sys
from ctypes import wintypes
from typing import TYPE_CHECKING

import psutil
import pytest

assert sys.platform == "win32"

from PIL import ImageGrab

from guard.practice.card import VirtualCard
from guard.screens import win32_order as order
from guard.screens.win32_api import user
from guard.screens.win32_bare import monitors, see_every_pixel
from tests.screens.test_win32_shade import RED, TOPMOST, Other
from tests.support.waiting import until
from tests.support.win32_counter import PORT, READER, Counter, clipboard_policies, counter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WHITE, PADLOCK = (0xFF, 0xFF, 0xFF), (0x00, 0x17, 0xC1)
RED_SEEN = (0xCC, 0x22, 0x11)
PIN = "482913"
_VIRTUAL_WIDTH, _VIRTUAL_HEIGHT = 78, 79
"""SM_CXVIRTUALSCREEN, SM_CYVIRTUALSCREEN (GetSystemMetrics)."""


def colours() -> set[tuple[int, ...]]:
    """Return every colour that is on any monitor, as a picture of the whole desktop has it (BitBlt)."""
    picture = ImageGrab.grab(all_screens=True).convert("RGB")
    found = picture.getcolors(picture.width * picture.height)
    assert found
    return {colour for _, colour in found if isinstance(colour, tuple)}


def owner(window: int) -> int:
    """Return the id of the process that made this window."""
    pid = wintypes.DWORD()
    user.GetWindowThreadProcessId.argtypes = (wintypes.HWND, ctypes.POINTER(wintypes.DWORD))
    user.GetWindowThreadProcessId(window, ctypes.byref(pid))
    return pid.value


class TestServing:
    """A guard that serves."""

    @pytest.fixture(scope="class")
    @staticmethod
    def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
        with counter(tmp_path_factory.mktemp("counter")) as one:
            yield one

    def test_status_tells_the_same_to_people_and_to_programs(self, served: Counter) -> None:
        served.wait_reader("card_absent")
        status = served.status()
        assert status["state"] == "STARTING"
        assert status["covered"] is True
        assert status["session"] is None
        reader = status["reader"]
        assert isinstance(reader, dict)
        assert READER in reader["name"]
        assert reader["state"] == "absent"
        assert status["system"] == []
        forwarding = status["forwarding"]
        assert isinstance(forwarding, list)
        assert [one["target"] for one in forwarding] == ["event-log"]
        table = served.command("status")
        assert table.returncode == 0
        assert str(reader["name"]) in table.stdout
        assert "starting" in table.stdout

    def test_doctor_finds_the_guard_running_and_the_pc_fit_for_it(self, served: Counter) -> None:
        answer = served.command("doctor", "--json", "--config", str(served.config))
        found = {check["name"]: check for check in json.loads(answer.stdout)["checks"]}
        for name in ("packages", "container", "display", "runtime", "keyring", "clipboard"):
            assert found[name]["state"] == "ok", found[name]
        assert found["running"]["state"] != "fail"  # a warning while the lab's disk is busy
        told = served.command("doctor", "--config", str(served.config))
        assert told.returncode == answer.returncode
        assert "Job Object" in told.stdout

    def test_staff_are_enrolled_by_a_pin_that_is_piped_in_and_listed(self, served: Counter) -> None:
        refused = served.command("staff", "add", "7", "--name", "Hanako", typed=f"{PIN}\n111111\n")
        assert refused.returncode == 1
        assert served.command("staff", "list", "--json").stdout.count('"number"') == 0
        added = served.command("staff", "add", "7", "--name", "山田花子", typed=f"{PIN}\n{PIN}\n")
        assert added.returncode == 0, added.stderr
        (person,) = json.loads(served.command("staff", "list", "--json").stdout)["staff"]
        assert (person["number"], person["name"]) == ("7", "山田花子")
        assert served.command("staff", "list").returncode == 0
        assert PIN not in served.log()

    def test_the_journal_is_sound_and_shown(self, served: Counter) -> None:
        sound = served.command("journal", "verify", "--json")
        assert sound.returncode == 0, sound.stdout
        assert json.loads(sound.stdout)["records"] >= 1
        assert served.command("journal", "verify").returncode == 0
        shown = served.command("journal", "show", "--json").stdout.splitlines()
        assert [json.loads(line)["kind"] for line in shown][:1] == ["start"]
        assert "start" in served.command("journal", "show").stdout

    def test_the_settings_in_force_are_shown(self, served: Counter) -> None:
        shown = served.command("config", "show", "--config", str(served.config))
        assert shown.returncode == 0
        assert f'name = "{READER}"  # file' in shown.stdout

    def test_alerts_are_listed(self, served: Counter) -> None:
        """Wine cannot run the curtain, so its loss is one, again and again."""
        listed = json.loads(served.command("alerts", "list", "--json").stdout)["alerts"]
        told = served.status()["alerts"]
        assert isinstance(told, list)
        assert [alert["kind"] for alert in listed] == [alert["kind"] for alert in told]
        assert [alert["first"] for alert in listed] == [alert["first"] for alert in told]
        assert served.command("alerts", "list").returncode == 0

    def test_cover_covers_and_is_written_down(self, served: Counter) -> None:
        before = served.now()
        assert served.command("cover").returncode == 0
        served.wait_record(lambda record: record["kind"] == "covered", "the cover", after=before)

    def test_end_without_a_session_is_refused_in_one_sentence(self, served: Counter) -> None:
        answer = served.command("end")
        assert answer.returncode == 1
        (sentence,) = answer.stderr.splitlines()
        assert "no session is open" in sentence

    def test_a_second_guard_of_the_same_account_is_refused_in_one_sentence(self, served: Counter) -> None:
        second = served.command("run", "--config", str(served.config))
        assert second.returncode == 1
        assert second.stderr.splitlines() == [
            "guard: a guard is already running for this account; see guard status."
        ]
        assert served.status()["covered"] is True

    def test_the_shade_lies_over_the_whole_desktop_above_whatever_else_is_topmost(
        self, served: Counter
    ) -> None:
        see_every_pixel()
        assert served.core
        with Other() as other:
            window = other.window(RED, TOPMOST)
            other.tell("top", window)
            until(lambda: window in order.seen(monitors()) and order.seen(monitors())[0] != window)
            until(lambda: served.status()["covered"] is True)
            until(lambda: colours() == {WHITE, PADLOCK})
            shade = order.seen(monitors())[0]
            assert owner(shade) == served.core.pid
            edges = wintypes.RECT()
            user.GetWindowRect(shade, ctypes.byref(edges))
            whole = (user.GetSystemMetrics(_VIRTUAL_WIDTH), user.GetSystemMetrics(_VIRTUAL_HEIGHT))
            assert (edges.right - edges.left, edges.bottom - edges.top) == whole

    def test_a_card_that_comes_and_goes_is_written_down(self, served: Counter) -> None:
        card = VirtualCard(PORT)
        for _ in range(2):
            before = served.now()
            card.insert()
            came = served.wait_reader("card_present", after=before)
            card.remove()
            went = served.wait_reader("card_absent", after=int(str(came["seq"])))
            assert int(str(went["counter"])) > int(str(came["counter"]))


def test_once_the_guard_has_ended_the_desktop_is_free_and_nothing_is_left(tmp_path: Path) -> None:
    with Other() as other:
        window = other.window(RED)
        until(lambda: RED_SEEN in colours())
        with counter(tmp_path) as one:
            until(lambda: RED_SEEN not in colours())
            one.until(lambda: bool(list(one.containers.glob("capsule-*"))), "a capsule")
            assert one.core
            children = psutil.Process(one.core.pid).children(recursive=True)
            assert one.stop() == 0
            assert one.journal()[-1]["kind"] == "stop"
            until(lambda: order.seen(monitors())[0] == window)
            until(lambda: RED_SEEN in colours() and PADLOCK not in colours())
            psutil.wait_procs(children, timeout=30)
            assert not [child for child in children if child.is_running()]
            assert not list(one.containers.parent.rglob("*-*"))
            answer = one.command("status")
            assert answer.returncode == 1
            assert len(answer.stderr.splitlines()) == 1


def test_a_core_that_is_killed_leaves_nothing_to_the_next_one(tmp_path: Path) -> None:
    with counter(tmp_path) as one:
        one.until(lambda: bool(list(one.containers.glob("capsule-*"))), "a capsule")
        one.until(lambda: bool(list(one.containers.glob("curtain-*"))), "a curtain")
        assert one.core
        children = psutil.Process(one.core.pid).children(recursive=True)
        one.kill()
        left = {folder.name for folder in one.containers.iterdir()}
        assert left
        one.start().serving()
        psutil.wait_procs(children, timeout=30)
        assert not [child for child in children if child.is_running()]
        assert not left & {folder.name for folder in one.containers.iterdir()}
        first, second = (record for record in one.journal() if record["kind"] == "start")
        assert (first["after"], second["after"]) == ("first", "crash")
        assert second["swept"] == len(left)
        assert one.command("journal", "verify").returncode == 0


def test_without_the_clipboard_policies_the_guard_does_not_start_and_says_why_in_one_sentence(
    tmp_path: Path,
) -> None:
    one = Counter(tmp_path)
    refused = one.command("run", "--config", str(one.config))
    assert refused.returncode == 1
    said = [line for line in refused.stderr.splitlines() if not line.startswith("ALSA")]
    assert len(said) == 1
    assert said[0].startswith("guard: Windows keeps what is copied")
    assert not one.command("status").stdout
    with clipboard_policies():
        assert one.start().serving().stop() == 0
    one.forget()


def test_a_program_that_asks_for_json_gets_utf_8_whatever_the_code_page(tmp_path: Path) -> None:
    one = Counter(tmp_path)
    raw = subprocess.run(
        [sys.executable, "-m", "guard", "doctor", "--json"],
        env=one.environment,
        capture_output=True,
        check=False,
    ).stdout
    (display,) = [check for check in json.loads(raw.decode("utf-8"))["checks"] if check["name"] == "display"]
    assert "×" in display["found"]
