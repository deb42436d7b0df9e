"""The shade on a real desktop of Windows, with another program's windows beside it."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from ctypes import wintypes
from pathlib import Path
from typing import TYPE_CHECKING, Self

import pytest

assert sys.platform == "win32"

from guard.browser.port import Geometry
from guard.clock import SystemClock
from guard.errors import MachineError
from guard.screens import win32_order as order
from guard.screens.padlock import padlock
from guard.screens.port import Key
from guard.screens.win32 import Win32Shade, check_uncovered
from guard.screens.win32_api import user
from guard.screens.win32_bare import monitors
from tests.screens.ear import HOTKEY, SOON, Ear
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

RED, GREEN, BLUE = "1122CC", "22CC11", "CC2211"
PADLOCK = "C11700"
"""#0017C1 as COLORREF."""
TOPMOST = "8"
STRIP = "08000088"
"""WS_EX_NOACTIVATE, WS_EX_TOOLWINDOW, WS_EX_TOPMOST."""


class Other:
    """Another program."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.screens.win32_other"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
            text=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream:
                stream.close()

    def tell(self, *words: object) -> str:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(" ".join(map(str, words)) + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()

    def window(self, colour: str, style: str = "0", width: int = 0) -> int:
        return int(self.tell("window", colour, style, width))


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
def shade(ear: Ear) -> Iterator[Win32Shade]:
    shade = Win32Shade(SystemClock(), ear, hotkey=HOTKEY, history=lambda: True)
    shade.start()
    yield shade
    shade.close()


@pytest.fixture
def other() -> Iterator[Other]:
    with Other() as program:
        yield program


def seen() -> tuple[int, ...]:
    return order.seen(monitors())


def colour_aside() -> str:
    """Return what is to be seen beside the padlock."""
    return colour_at(300, 300)


def colour_at(x: int, y: int) -> str:
    """Return the pixel that is to be seen there, as COLORREF."""
    gdi = ctypes.WinDLL("gdi32")
    user.GetDC.restype = wintypes.HDC
    gdi.GetPixel.argtypes = (wintypes.HDC, ctypes.c_int, ctypes.c_int)
    user.ReleaseDC.argtypes = (wintypes.HWND, wintypes.HDC)
    surface = user.GetDC(None)
    try:
        return f"{gdi.GetPixel(surface, x, y):06X}"
    finally:
        user.ReleaseDC(None, surface)


def press(*codes: int) -> None:
    """Press these keys in turn and release them the other way round."""
    for code in codes:
        user.keybd_event(code, 0, 0, 0)
    for code in reversed(codes):
        user.keybd_event(code, 0, 2, 0)


def test_it_covers_from_the_start_whatever_else_is_topmost(shade: Win32Shade, other: Other) -> None:
    for style in ("0", TOPMOST):
        window = other.window(RED, style)
        until(lambda window=window: window in seen() and seen()[0] == shade._shades[0])  # type: ignore[misc]
    assert shade.covered()
    until(lambda: colour_aside() == "FFFFFF")


def test_its_picture_is_the_padlock(shade: Win32Shade) -> None:
    whole = monitors()[0]
    lock = padlock(whole.width, whole.height)
    until(lambda: colour_at(lock.body.x + 1, lock.body.y + 1) == PADLOCK)
    assert colour_at(lock.shackle.x + lock.shackle.width // 2, lock.shackle.y) == PADLOCK
    assert colour_at(lock.hole.x + lock.hole.width // 2, lock.hole.y + 2) == "FFFFFF"
    assert colour_at(lock.slot.x, lock.slot.y + lock.slot.height - 1) == "FFFFFF"
    assert colour_at(lock.shackle.x, lock.body.y + lock.body.height + 2) == "FFFFFF"
    assert shade.covered()


def test_a_cover_is_confirmed_through_the_listener(shade: Win32Shade, ear: Ear, other: Other) -> None:
    portal = other.window(RED)
    shade.uncover(portal)
    until(lambda: seen()[0] == portal)
    until(lambda: colour_aside() == RED)
    assert not shade.covered()
    asked_at = shade.cover()
    told_asked, confirmed_at = ear.confirmed.get(timeout=SOON)
    assert (told_asked, seen()[0]) == (asked_at, shade._shades[0])
    assert confirmed_at >= asked_at
    until(lambda: colour_aside() == "FFFFFF")


def test_covered_the_order_is_curtain_shade_strip(shade: Win32Shade, other: Other) -> None:
    curtain, strip = other.window(GREEN, STRIP), other.window(BLUE, STRIP, 64)
    shade.adopt_curtain(curtain, strip)
    until(lambda: seen()[:3] == (curtain, shade._shades[0], strip))
    assert shade.covered()


def test_uncovered_the_order_is_strip_portal_curtain_shade_spare(shade: Win32Shade, other: Other) -> None:
    with Other() as capsule, Other() as next_capsule:
        curtain, strip = other.window(GREEN, STRIP), other.window(BLUE, STRIP, 64)
        portal, spare = capsule.window(RED), next_capsule.window(RED, TOPMOST)
        for window in (portal, spare):
            shade.adopt_capsule(window)
        shade.adopt_curtain(curtain, strip)
        shade.uncover(portal)
        wanted = (strip, portal, curtain, shade._shades[0], spare)
        until(lambda: tuple(one for one in seen() if one in wanted) == wanted)
        next_capsule.tell("top", spare)
        until(lambda: tuple(one for one in seen() if one in wanted) == wanted)
        until(lambda: user.GetForegroundWindow() == portal)


def test_a_hung_portal_is_covered_and_comes_back_when_it_is_uncovered_again(
    shade: Win32Shade, ear: Ear, other: Other
) -> None:
    with Other() as capsule:
        curtain, strip = other.window(GREEN, STRIP), other.window(BLUE, STRIP, 64)
        shade.adopt_curtain(curtain, strip)
        portal = capsule.window(RED)
        shade.uncover(portal)
        until(lambda: seen()[:2] == (strip, portal))
        capsule.tell("hang")
        shade.cover()
        ear.confirmed.get(timeout=SOON)
        until(lambda: seen()[:2] == (curtain, shade._shades[0]))
        shade.uncover(portal)
        until(lambda: seen()[:4] == (strip, portal, curtain, shade._shades[0]))


def test_a_hung_curtain_does_not_keep_the_shade_from_covering(
    shade: Win32Shade, ear: Ear, other: Other
) -> None:
    with Other() as dying:
        curtain, strip = dying.window(GREEN, STRIP), dying.window(BLUE, STRIP, 64)
        shade.adopt_curtain(curtain, strip)
        portal = other.window(RED)
        shade.uncover(portal)
        until(lambda: seen()[:2] == (strip, portal))
        dying.tell("hang")
        shade.cover()
        ear.confirmed.get(timeout=SOON)
        assert seen()[0] == shade._shades[0]


def test_what_rises_above_the_shade_does_not_stay_there(shade: Win32Shade, other: Other) -> None:
    window = other.window(RED, TOPMOST)
    for _ in range(5):
        other.tell("top", window)
        until(lambda: seen()[0] == shade._shades[0])
    aside = other.window(RED, TOPMOST)
    other.tell("move", aside, -9000)
    other.tell("top", aside)
    other.tell("move", aside, 0)
    until(lambda: seen()[0] == shade._shades[0] and aside in seen())


def test_nobody_else_hides_closes_or_moves_the_shade(shade: Win32Shade, other: Other) -> None:
    first = shade._shades[0]
    before = wintypes.RECT()
    user.GetWindowRect(first, ctypes.byref(before))
    other.tell("hide", first)
    other.tell("close", first)
    other.tell("move", first, 500)
    after = wintypes.RECT()
    user.GetWindowRect(first, ctypes.byref(after))
    assert (after.left, after.right) == (before.left, before.right)
    assert seen()[0] == first


def test_nobody_else_makes_the_shade_transparent(shade: Win32Shade, other: Other) -> None:
    layered = 0x80000
    theirs = other.window(RED)
    assert int(other.tell("see_through", theirs)) & layered  # it can, with any other window
    assert not int(other.tell("see_through", shade._shades[0])) & layered


def test_a_window_of_our_own_is_not_uncovered(shade: Win32Shade, other: Other) -> None:
    curtain, strip = other.window(GREEN, STRIP), other.window(BLUE, STRIP, 64)
    shade.adopt_curtain(curtain, strip)
    for own in (curtain, strip, shade._shades[0], 0x7FFF_FFF0):
        shade.uncover(own)
        shade.adopt_capsule(own)
    until(lambda: seen()[:2] == (curtain, shade._shades[0]))
    assert shade.covered()


def test_the_hotkey_is_heard_whoever_has_the_keyboard(shade: Win32Shade, ear: Ear, other: Other) -> None:
    portal = other.window(RED)
    shade.uncover(portal)
    until(lambda: user.GetForegroundWindow() == portal)
    press(0xA2, 0xA4, 0xA0, ord("L"))
    ear.hotkeys.get(timeout=SOON)
    press(0xA2, 0xA4, ord("L"))
    press(0xA2, 0xA4, 0xA0, ord("L"))
    ear.hotkeys.get(timeout=SOON)
    assert ear.hotkeys.empty()


def test_taken_keys_reach_the_listener_and_no_other_window(shade: Win32Shade, ear: Ear, other: Other) -> None:
    portal = other.window(RED)
    shade.uncover(portal)
    until(lambda: user.GetForegroundWindow() == portal)
    shade.take_keys(on=True)
    until(lambda: shade._pad_keys.held)
    for code in (ord("4"), 0x60, 0x08, 0x0D):
        press(code)
    assert [ear.keys.get(timeout=SOON) for _ in range(4)] == [Key.D4, Key.D0, Key.ERASE, Key.ENTER]
    press(0xA2, 0xA4, 0xA0, ord("L"))
    ear.hotkeys.get(timeout=SOON)
    until(lambda: user.GetForegroundWindow() == portal)
    heard = other.tell("keys").split(",")
    assert not {str(code) for code in (ord("4"), 0x60, 0x08, 0x0D)} & set(heard)
    shade.take_keys(on=False)
    until(lambda: not shade._pad_keys.held)
    press(ord("5"))
    until(lambda: "53" in other.tell("keys").split(","))
    assert ear.keys.empty()


def test_input_is_seen(shade: Win32Shade, ear: Ear) -> None:
    press(0xA0)
    shade.ask_input()
    assert 0 <= ear.ages.get(timeout=SOON) < SOON
    shade.ask_input()
    first = ear.ages.get(timeout=SOON)

    def older() -> bool:
        shade.ask_input()
        return ear.ages.get(timeout=SOON) > first

    until(older)


def test_a_clipboard_that_was_filled_is_emptied(shade: Win32Shade, other: Other) -> None:
    portal = other.window(RED)
    shade.uncover(portal)
    until(lambda: not shade._covering)
    other.tell("copy", "x")
    assert user.CountClipboardFormats()
    assert shade.clear_clipboard(SOON)
    assert not user.CountClipboardFormats()


def test_while_covered_a_clipboard_does_not_stay_filled(shade: Win32Shade, other: Other) -> None:
    for letter in "abc":
        other.tell("copy", letter)
        until(lambda: not user.CountClipboardFormats())
    assert shade.covered()


def test_a_clipboard_that_another_program_holds_is_not_said_to_be_empty(
    shade: Win32Shade, other: Other
) -> None:
    other.tell("hold_clipboard", other.window(RED))
    assert not shade.clear_clipboard(0.3)
    other.tell("let_go_of_clipboard")
    assert shade.clear_clipboard(SOON)


def test_what_windows_keeps_of_the_clipboard_is_told(ear: Ear) -> None:
    shade = Win32Shade(SystemClock(), ear, hotkey=HOTKEY, history=lambda: False)
    shade.start()
    assert not shade.clear_clipboard(0.1)
    shade.close()


def test_a_second_guard_on_the_same_desktop_is_refused(shade: Win32Shade, ear: Ear) -> None:
    with pytest.raises(MachineError, match="another guard covers this desktop"):
        Win32Shade(SystemClock(), ear, hotkey=HOTKEY, history=lambda: True).start()
    with pytest.raises(MachineError, match="another guard covers this desktop"):
        check_uncovered()
    assert shade.covered()


def test_after_an_end_in_order_the_desktop_is_free_again(ear: Ear) -> None:
    for _ in range(2):
        shade = Win32Shade(SystemClock(), ear, hotkey=HOTKEY, history=lambda: True)
        shade.start()
        first = shade._shades[0]
        shade.close()
        assert first not in seen()
        assert ear.lost.empty()
        check_uncovered()


def test_monitors_that_change_are_covered_and_reported(
    shade: Win32Shade, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = monitors()[0]
    assert shade.areas()[2] == whole
    half = whole.width // 2
    left = Geometry(x=0, y=0, width=half, height=whole.height)
    right = Geometry(x=half, y=0, width=half, height=whole.height)
    for areas in ((left, right), (whole,)):
        monkeypatch.setattr("guard.screens.win32.monitors", lambda areas=areas: areas)
        user.PostMessageW.argtypes = (wintypes.HWND, wintypes.UINT, wintypes.WPARAM, wintypes.LPARAM)
        user.PostMessageW(shade._control, 0x7E, 32, 0)
        assert ear.areas.get(timeout=SOON)[2] == areas[0]
        assert set(seen()[: len(areas)]) == set(shade._shades)
        for window, area in zip(shade._shades, areas, strict=True):
            edges = wintypes.RECT()
            user.GetWindowRect(window, ctypes.byref(edges))
            assert (edges.left, edges.right, edges.bottom) == (area.x, area.x + area.width, area.height)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_shade_whose_thread_breaks_says_so_once(ear: Ear) -> None:
    shade = Win32Shade(SystemClock(), ear, hotkey=HOTKEY, history=lambda: True)
    shade.start()

    def breaks() -> None:
        raise SystemExit

    shade._do(breaks)
    ear.lost.get(timeout=SOON)
    assert not shade.covered()
    shade.close()
    assert ear.lost.empty()
