"""An installed browser's windows on a real desktop of Windows: what is held, what is hidden, what passes."""

from __future__ import annotations

import sys

assert sys.platform == "win32"

import ctypes
import json
import subprocess
from ctypes import wintypes
from pathlib import Path
from typing import TYPE_CHECKING, Self
from uuid import uuid4

import pytest

from guard.browser.managed.win32_frame import Win32Frame, in_our_job
from guard.errors import MachineError
from guard.ground.windows.job import Job, resume
from guard.screens.win32_api import user
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

CREATE_SUSPENDED = 0x4
NORMAL = "00CF0000"
"""WS_OVERLAPPEDWINDOW."""
FULL_SCREEN = "000B0000"
"""The same without WS_CAPTION and WS_THICKFRAME: as Chromium's in full screen."""
MENU = "80800000"
"""WS_POPUP and WS_BORDER."""
DIALOG = "80C80000"
"""WS_POPUP, WS_CAPTION and WS_SYSMENU."""
FRAME = 0x00CF0000
CHILD = 0x40000000
PARENT = 1
LEFT, RIGHT, MIDDLE, OTHER = (0x02, 0x04), (0x08, 0x10), (0x20, 0x40), (0x80, 0x100)
"""MOUSEEVENTF_…DOWN and …UP."""
LEFT_DOWN = 0x201
SHIFT, CTRL, ALT, TAB, ESCAPE, F1, F4, F12 = 0x10, 0x11, 0x12, 0x09, 0x1B, 0x70, 0x73, 0x7B
LEFT_WINDOWS, MENU_KEY = 0x5B, 0x5D

user.keybd_event.argtypes = (wintypes.BYTE, wintypes.BYTE, wintypes.DWORD, ctypes.c_size_t)
user.mouse_event.argtypes = (*(wintypes.DWORD,) * 4, ctypes.c_size_t)

Area = tuple[int, int, int, int]


class Program:
    """One of the programs that make windows, in this job, or in none of ours."""

    def __init__(self, kind: str, job: Job | None, *words: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", f"tests.browser.win32_{kind}", *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
            creationflags=CREATE_SUSPENDED,
            text=True,
        )
        if job is not None:
            job.assign(self._process.pid)
        resume(self._process.pid)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        for stream in (self._process.stdin, self._process.stdout):
            if stream:
                stream.close()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def tell(self, *words: object) -> object:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(" ".join(map(str, words)) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def make(self, style: str = NORMAL, area: Area = (20, 30, 300, 200), owner: int = 0) -> int:
        made = self.tell("make", style, *area, owner)
        assert isinstance(made, int)
        return made

    def shown(self, style: str = NORMAL, area: Area = (20, 30, 300, 200), owner: int = 0) -> int:
        window = self.make(style, area, owner)
        self.tell("show", window)
        return window


@pytest.fixture
def name() -> str:
    return f"madoguchi-guard-test-{uuid4()}"


@pytest.fixture
def job(name: str) -> Iterator[Job]:
    with Job(name=name) as job:
        yield job


@pytest.fixture
def host(job: Job, name: str) -> Iterator[Program]:
    with Program("host", job, name) as host:
        assert host.tell("start") == "started"
        yield host


@pytest.fixture
def browser(job: Job, host: Program) -> Iterator[Program]:  # noqa: ARG001 -- which must be there first
    with Program("browser", job) as browser:
        yield browser


@pytest.fixture
def stranger() -> Iterator[Program]:
    with Program("browser", None) as stranger:
        yield stranger


def area_of(window: int) -> Area:
    edges = wintypes.RECT()
    user.GetWindowRect(window, ctypes.byref(edges))
    return edges.left, edges.top, edges.right - edges.left, edges.bottom - edges.top


def fills(page: int, host: Program) -> bool:
    window = host.tell("window")
    assert isinstance(window, int)
    return user.GetAncestor(page, PARENT) == window and area_of(page) == area_of(window) and bare(page)


def bare(page: int) -> bool:
    return not user.GetWindowLongW(page, -16) & FRAME and bool(user.GetWindowLongW(page, -16) & CHILD)


def taken_in(browser: Program, host: Program, style: str = NORMAL) -> int:
    page = browser.shown(style)
    until(lambda: fills(page, host))
    return page


def hidden(window: int) -> bool:
    return not user.IsWindowVisible(window)


def in_front(host: Program, page: int) -> None:
    """Have the keyboard come to the host, and so to the page."""
    window = host.tell("window")
    host.tell("front")
    until(lambda: user.GetForegroundWindow() == window)
    assert user.IsWindow(page)


def press(*codes: int) -> None:
    """Press these keys in turn and release them the other way round."""
    for code in codes:
        user.keybd_event(code, 0, 0, 0)
    for code in reversed(codes):
        user.keybd_event(code, 0, 2, 0)


def used(browser: Program, last: tuple[int, str, int]) -> list[tuple[str, int]]:
    """Return what has reached the browser until this has."""
    told: list[tuple[int, str, int]] = []

    def come() -> bool:
        more = browser.tell("used")
        assert isinstance(more, list)
        told.extend((window, what, number) for window, what, number in more)
        return last in told

    until(come)
    return [(what, number) for _, what, number in told]


@pytest.mark.parametrize("style", [NORMAL, FULL_SCREEN], ids=["framed", "full screen"])
def test_the_first_window_fills_the_host(browser: Program, host: Program, style: str) -> None:
    page = taken_in(browser, host, style)
    assert user.IsWindowVisible(page)
    assert host.tell("heard") == []


def test_it_is_put_back_when_it_moves(browser: Program, host: Program) -> None:
    page = taken_in(browser, host)
    for area in ((7, 9, 100, 100), (0, 0, 1280, 1024), (-50, 0, 500, 400)):
        browser.tell("move", page, *area)
        until(lambda: fills(page, host))


def test_it_is_bared_again_when_it_leaves_the_full_screen(browser: Program, host: Program) -> None:
    page = taken_in(browser, host, FULL_SCREEN)
    browser.tell("style", page, "14CF0000")
    browser.tell("move", page, 5, 5, 300, 200)
    until(lambda: fills(page, host))


def test_it_goes_where_the_host_goes(browser: Program, host: Program) -> None:
    page = taken_in(browser, host)
    for area in ((0, 0, 1280, 900), (300, 200, 400, 300), (310, 200, 400, 300)):
        host.tell("place", *area)
        until(lambda area=area: area_of(page) == area and fills(page, host))  # type: ignore[misc]


def test_aside_it_lies_beside_what_the_host_shows(browser: Program, host: Program) -> None:
    page = taken_in(browser, host)
    host.tell("aside", "on")
    until(lambda: area_of(page) == (600, 80, 500, 400))
    assert user.IsWindowVisible(page)
    host.tell("place", 100, 80, 300, 200)
    until(lambda: area_of(page) == (400, 80, 300, 200))
    host.tell("aside", "off")
    until(lambda: fills(page, host))


@pytest.mark.parametrize("style", [NORMAL, FULL_SCREEN, DIALOG], ids=["framed", "full screen", "dialog"])
def test_a_second_window_is_hidden(browser: Program, host: Program, style: str) -> None:
    page = taken_in(browser, host)
    second = browser.shown(style)
    until(lambda: hidden(second))
    browser.tell("show", second)
    until(lambda: hidden(second))
    assert fills(page, host)


def test_a_window_of_another_of_the_browsers_processes_is_hidden(
    job: Job, browser: Program, host: Program
) -> None:
    taken_in(browser, host)
    with Program("browser", job) as other:
        second = other.shown(DIALOG)
        until(lambda: hidden(second))


def test_a_menu_is_left_alone(browser: Program, host: Program) -> None:
    page = taken_in(browser, host)
    menu, second = browser.shown(MENU, owner=page), browser.shown()
    until(lambda: hidden(second))  # and so the menu has been looked at
    assert user.IsWindowVisible(menu)
    assert area_of(menu) == (20, 30, 300, 200)


def test_a_small_helper_is_not_taken_for_the_page(browser: Program, host: Program) -> None:
    helper = browser.shown("00080000", (0, 0, 40, 40))
    page = taken_in(browser, host)
    assert user.GetAncestor(helper, PARENT) != host.tell("window")
    assert fills(page, host)


def test_what_is_never_shown_is_not_taken_for_the_page(browser: Program, host: Program) -> None:
    helper = browser.make()
    page = taken_in(browser, host)
    assert user.GetAncestor(helper, PARENT) != host.tell("window")
    assert fills(page, host)


def test_another_programs_windows_are_left_alone(browser: Program, host: Program, stranger: Program) -> None:
    before = stranger.shown()
    taken_in(browser, host)
    after, second = stranger.shown(), browser.shown()
    until(lambda: hidden(second))
    for window in (before, after):
        assert user.IsWindowVisible(window)
        assert area_of(window) == (20, 30, 300, 200)


def test_the_end_of_the_page_is_told(browser: Program, host: Program) -> None:
    page = taken_in(browser, host)
    assert browser.tell("close", page) is True
    until(lambda: host.tell("heard") == ["gone"])


def test_the_end_of_the_browser_is_told(browser: Program, host: Program) -> None:
    taken_in(browser, host)
    browser.kill()
    until(lambda: host.tell("heard") == ["gone"])


def test_what_is_written_and_edited_with_reaches_the_page(browser: Program, host: Program) -> None:
    page = taken_in(browser, host)
    in_front(host, page)
    until(lambda: reached(browser, page))
    press(ord("A"))
    press(SHIFT, ord("B"))
    press(CTRL, ord("C"))
    press(ESCAPE)
    assert used(browser, (page, "key", ESCAPE)) == [
        ("key", ord("A")),
        ("key", SHIFT),
        ("key", ord("B")),
        ("key", CTRL),
        ("key", ord("C")),
        ("key", ESCAPE),
    ]


def test_what_opens_something_does_not(browser: Program, host: Program) -> None:
    page = taken_in(browser, host)
    in_front(host, page)
    until(lambda: reached(browser, page))
    for keys in ((CTRL, ord("N")), (CTRL, TAB), (ALT, F4), (ALT, TAB), (CTRL, SHIFT, ESCAPE)):
        press(*keys)
    for key in (F1, F12, LEFT_WINDOWS, MENU_KEY):
        press(key)
    press(LEFT_WINDOWS, ord("R"))
    press(ESCAPE)
    reached_it = {number for _, number in used(browser, (page, "key", ESCAPE))}
    assert reached_it <= {SHIFT, CTRL, ALT, ord("R"), ESCAPE}  # R alone: the page does not see Windows' key
    assert user.IsWindow(page)
    assert user.GetForegroundWindow() == host.tell("window")


def test_ctrl_and_p_is_a_wish_for_paper(browser: Program, host: Program) -> None:
    page = taken_in(browser, host)
    in_front(host, page)
    until(lambda: reached(browser, page))
    press(CTRL, ord("P"))
    press(CTRL, SHIFT, ord("P"))
    press(ESCAPE)
    assert ("key", ord("P")) not in used(browser, (page, "key", ESCAPE))
    assert host.tell("heard") == ["print"]


def test_no_button_but_the_left_one_reaches_the_page(browser: Program, host: Program) -> None:
    page = taken_in(browser, host)
    in_front(host, page)
    user.SetCursorPos(200, 200)
    for down, up in (RIGHT, MIDDLE, OTHER, LEFT):
        for way in (down, up):
            user.mouse_event(way, 0, 0, 1 if way in OTHER else 0, 0)
    assert used(browser, (page, "button", LEFT_DOWN)) == [("button", LEFT_DOWN)]


def test_another_program_in_front_has_all_keys_and_buttons(
    browser: Program, host: Program, stranger: Program
) -> None:
    taken_in(browser, host)
    window = stranger.shown()
    user.SetForegroundWindow(window)
    until(lambda: user.GetForegroundWindow() == window)
    press(CTRL, ord("N"))
    press(F12)
    assert ("key", ord("N")) in used(stranger, (window, "key", F12))
    assert host.tell("heard") == []


def test_a_page_that_hangs_holds_up_no_keys(browser: Program, host: Program, stranger: Program) -> None:
    page = taken_in(browser, host)
    assert browser.tell("hang") == "hangs"
    host.tell("aside", "on")
    window = stranger.shown()
    user.SetForegroundWindow(window)
    until(lambda: user.GetForegroundWindow() == window)
    press(F12)
    assert ("key", F12) in used(stranger, (window, "key", F12))
    assert user.IsWindow(page)


def test_aside_the_keyboard_is_the_hosts(browser: Program, host: Program) -> None:
    page = taken_in(browser, host)
    in_front(host, page)
    until(lambda: reached(browser, page))
    host.tell("aside", "on")
    until(lambda: not reached(browser, page))
    host.tell("aside", "off")
    until(lambda: reached(browser, page))


def test_outside_a_job_it_does_not_start() -> None:
    frame = Win32Frame(0, inside=in_our_job, print_pressed=lambda: None, page_gone=lambda: None)
    with pytest.raises(MachineError, match="in no job"):
        frame.start()


def reached(browser: Program, page: int) -> bool:
    """Press a key that nobody minds, and tell whether the page has heard one by now."""
    press(ord("Q"))
    told = browser.tell("used")
    assert isinstance(told, list)
    return [page, "key", ord("Q")] in told
