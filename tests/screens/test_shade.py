"""The shade on a real X server: what lies above what, proven by a client that knows nothing of the guard."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import os
import signal
import subprocess
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from Xlib import X

from guard.browser.port import Geometry
from guard.clock import SystemClock
from guard.errors import MachineError
from guard.screens.x11 import X11Shade
from tests.screens.shade_lab import BLUE, GREEN, HOTKEY, RED, SOON, Ear, OtherClient, all_done
from tests.support.xvfb import Xvfb


def test_from_the_start_the_shade_covers_what_was_there(screen: str, ear: Ear, other: OtherClient) -> None:
    other.window(RED)
    assert RED in other.colours()
    shade = X11Shade({"DISPLAY": screen}, SystemClock(), ear, hotkey=HOTKEY)
    shade.start()
    assert RED not in other.colours()
    assert shade.covered()
    shade.close()


def test_a_confirmed_cover_leaves_no_pixel_of_the_portal(
    shade: X11Shade, ear: Ear, other: OtherClient
) -> None:
    portal = other.window(RED)
    shade.adopt_capsule(portal.id)
    for _ in range(20):
        shade.uncover(portal.id)
        all_done(shade)
        assert RED in other.colours()
        assert not shade.covered()
        shade.cover()
        ear.confirmed.get(timeout=SOON)
        assert RED not in other.colours()


def test_while_covered_every_window_that_comes_up_is_covered(shade: X11Shade, other: OtherClient) -> None:
    for override_redirect in (True, False):
        window = other.window(GREEN, override_redirect=override_redirect)
        other.until(GREEN, present=False)
        window.configure(stack_mode=X.Above)
        other.display.sync()
        other.until(GREEN, present=False)
        window.destroy()
    assert shade.covered()


def test_a_full_screen_window_of_a_window_manager_is_covered_and_cannot_come_back(
    screen: str, ear: Ear, other: OtherClient
) -> None:
    window = other.window(GREEN, override_redirect=False)
    for state in ("_NET_WM_STATE_FULLSCREEN", "_NET_WM_STATE_ABOVE"):
        other.ask_manager(window, "_NET_WM_STATE", [1, other.display.get_atom(state), 0, 1, 0])
    other.until(GREEN, present=True)
    shade = X11Shade({"DISPLAY": screen}, SystemClock(), ear, hotkey=HOTKEY)
    shade.start()
    assert GREEN not in other.colours()
    other.ask_manager(window, "_NET_ACTIVE_WINDOW", [2, X.CurrentTime, 0, 0, 0])
    window.configure(stack_mode=X.Above)
    other.display.sync()
    shade.cover()
    ear.confirmed.get(timeout=SOON)
    assert GREEN not in other.colours()
    shade.close()


def test_a_shade_that_somebody_unmaps_comes_back(shade: X11Shade, other: OtherClient) -> None:
    other.window(RED)
    other.until(RED, present=False)
    shade_window = other.root.query_tree().children[-1]
    shade_window.unmap()
    other.display.sync()
    other.until(RED, present=False)
    assert shade.covered()


def test_a_shade_that_somebody_destroys_is_replaced(shade: X11Shade, ear: Ear, other: OtherClient) -> None:
    portal = other.window(RED)
    other.until(RED, present=False)
    other.root.query_tree().children[-1].destroy()
    other.display.sync()
    other.until(RED, present=False)
    shade.uncover(portal.id)
    all_done(shade)
    other.root.query_tree().children[-2].destroy()  # the shade lies right beneath the portal
    other.display.sync()
    shade.cover()
    ear.confirmed.get(timeout=SOON)
    assert RED not in other.colours()


def test_a_cover_that_cannot_be_proven_is_none(
    shade: X11Shade, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shade, "_raise_shades", lambda: False)  # no client of a real server is fast enough
    shade.cover()
    all_done(shade)
    assert ear.confirmed.empty()
    assert not shade.covered()


def test_a_program_that_never_stops_sending_events_keeps_no_cover_waiting(
    shade: X11Shade, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    flooded = threading.Event()

    def event() -> SimpleNamespace:
        flooded.set()
        return SimpleNamespace(type=X.NoExpose)

    monkeypatch.setattr(shade._display, "next_event", event)
    monkeypatch.setattr(shade._display, "pending_events", lambda: 1)
    for _ in range(2):
        shade.cover()
        ear.confirmed.get(timeout=SOON)
        assert flooded.wait(SOON)


def test_a_spare_that_is_raised_while_it_waits_is_covered_again(shade: X11Shade, other: OtherClient) -> None:
    spare = other.window(RED)
    shade.adopt_capsule(spare.id)
    other.until(RED, present=False)
    spare.configure(stack_mode=X.Above)
    other.display.sync()
    other.until(RED, present=False)
    assert shade.covered()


def test_a_portal_that_moves_over_the_strip_does_not_hide_it(shade: X11Shade, other: OtherClient) -> None:
    portal, curtain, strip = (other.window(colour) for colour in (RED, GREEN, BLUE))
    strip.configure(height=72)
    shade.adopt_curtain(curtain.id, strip.id)
    shade.uncover(portal.id)
    all_done(shade)
    portal.configure(y=1, stack_mode=X.Above)
    portal.configure(y=0)
    other.display.sync()
    assert other.until(BLUE, present=True) == {RED, BLUE}


def test_a_spare_that_is_announced_again_after_a_citizen_got_it_stays_in_sight(
    shade: X11Shade, other: OtherClient
) -> None:
    portal = other.window(RED)
    shade.adopt_capsule(portal.id)
    shade.uncover(portal.id)
    shade.adopt_capsule(portal.id)
    all_done(shade)
    assert RED in other.colours()


def test_uncovered_the_order_is_strip_portal_curtain_shade_spare(
    shade: X11Shade, ear: Ear, other: OtherClient
) -> None:
    spare, portal, curtain, strip = (other.window(colour) for colour in (RED, RED, GREEN, BLUE))
    shade.adopt_curtain(curtain.id, strip.id)
    shade.adopt_capsule(portal.id)
    shade.adopt_capsule(spare.id)
    shade.uncover(portal.id)
    all_done(shade)
    order = [window.id for window in other.root.query_tree().children]
    assert order[-3:] == [curtain.id, portal.id, strip.id]
    assert order.index(spare.id) < order.index(curtain.id)
    shade.cover()
    ear.confirmed.get(timeout=SOON)
    assert other.until(GREEN, present=True) == {GREEN}, "covered, the curtain alone is seen"


def test_a_spare_that_comes_up_during_a_session_is_never_seen_nor_typed_into(
    shade: X11Shade, other: OtherClient
) -> None:
    portal = other.window(RED)
    shade.uncover(portal.id)
    all_done(shade)
    spare = other.window(GREEN)
    shade.adopt_capsule(spare.id)
    spare.set_input_focus(X.RevertToPointerRoot, X.CurrentTime)
    other.display.sync()
    other.until(GREEN, present=False)
    clock = SystemClock()
    end = clock.monotonic() + SOON
    while other.focus() == spare.id:
        assert clock.monotonic() < end, "the keyboard stayed with the spare"


def test_a_capsule_that_names_a_window_of_ours_moves_nothing(
    shade: X11Shade, ear: Ear, other: OtherClient
) -> None:
    other.window(RED)
    other.until(RED, present=False)
    liar = other.root.query_tree().children[-1].id
    shade.adopt_capsule(liar)
    shade.uncover(liar)
    shade.cover()
    ear.confirmed.get(timeout=SOON)
    assert other.root.query_tree().children[-1].id == liar
    assert RED not in other.colours()


def test_covering_takes_the_keyboard_away_from_the_portal(
    shade: X11Shade, ear: Ear, other: OtherClient
) -> None:
    portal = other.window(RED)
    shade.uncover(portal.id)
    all_done(shade)
    assert other.focus() == portal.id
    shade.cover()
    ear.confirmed.get(timeout=SOON)
    clock = SystemClock()
    end = clock.monotonic() + SOON
    while other.focus() == portal.id:
        assert clock.monotonic() < end, "the keyboard stayed with the portal"


def test_the_clipboard_is_empty_after_clearing_even_if_another_program_filled_it(
    shade: X11Shade, other: OtherClient
) -> None:
    owner = other.window(RED)
    shade.uncover(owner.id)
    all_done(shade)  # while it covers, it empties the clipboard by itself
    for name in ("PRIMARY", "SECONDARY", "CLIPBOARD"):
        owner.set_selection_owner(other.display.get_atom(name), X.CurrentTime)
    other.root.change_property(
        other.display.get_atom("CUT_BUFFER0"), other.display.get_atom("STRING"), 8, b"x"
    )
    other.display.sync()
    assert other.display.get_selection_owner(other.display.get_atom("CLIPBOARD")) != X.NONE
    assert shade.clear_clipboard(SOON)
    for name in ("PRIMARY", "SECONDARY", "CLIPBOARD"):
        assert other.display.get_selection_owner(other.display.get_atom(name)) == X.NONE
    assert other.root.get_full_property(other.display.get_atom("CUT_BUFFER0"), X.AnyPropertyType) is None


def test_while_covered_a_program_that_puts_the_clipboard_back_does_not_keep_it(
    shade: X11Shade, other: OtherClient
) -> None:
    owner = other.window(RED)
    clipboard = other.display.get_atom("CLIPBOARD")
    clock = SystemClock()
    for _ in range(3):
        owner.set_selection_owner(clipboard, X.CurrentTime)
        other.display.sync()
        end = clock.monotonic() + SOON
        while other.display.get_selection_owner(clipboard) != X.NONE:
            assert clock.monotonic() < end, "the clipboard stayed filled"
    assert shade.covered()


def test_a_second_guard_on_the_same_display_is_refused(shade: X11Shade, ear: Ear, screen: str) -> None:
    with pytest.raises(MachineError, match="another guard covers the display"):
        X11Shade({"DISPLAY": screen}, SystemClock(), ear, hotkey=HOTKEY).start()
    assert shade.covered()


def test_a_killed_core_leaves_its_shade_and_the_next_one_takes_it_away(
    screen: str, ear: Ear, other: OtherClient
) -> None:
    portal = other.window(RED)
    program = (
        "import os, sys\n"
        "from guard.clock import SystemClock\n"
        "from guard.screens.x11 import X11Shade\n"
        "from tests.screens.shade_lab import HOTKEY, Ear\n"
        "X11Shade({'DISPLAY': sys.argv[1]}, SystemClock(), Ear(), hotkey=HOTKEY).start()\n"
        "print('up', flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, screen],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONPATH": os.fspath(Path(__file__).parents[2])},
    ) as core:
        assert core.stdout
        assert core.stdout.readline() == b"up\n"
        core.send_signal(signal.SIGKILL)
        core.wait(SOON)
    portal.configure(stack_mode=X.Below)
    other.display.sync()
    assert RED not in other.colours(), "the dead core's shade still covers"
    shade = X11Shade({"DISPLAY": screen}, SystemClock(), ear, hotkey=HOTKEY)
    shade.start()
    shade.close()
    assert other.until(RED, present=True)


def test_a_display_that_dies_is_reported_once(ear: Ear) -> None:
    with Xvfb() as server:
        shade = X11Shade({"DISPLAY": server.display}, SystemClock(), ear, hotkey=HOTKEY)
        shade.start()
    ear.lost.get(timeout=SOON)
    assert ear.lost.empty()
    assert not shade.covered()
    shade.close()


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({}, "DISPLAY is not set"),
        ({"DISPLAY": ":54321"}, "DISPLAY=:54321 cannot be reached"),
        ({"DISPLAY": ":0", "WAYLAND_DISPLAY": "wayland-0"}, "Wayland"),
    ],
)
def test_a_display_that_cannot_be_covered_is_refused_with_one_sentence(
    ear: Ear, environment: dict[str, str], sentence: str
) -> None:
    with pytest.raises(MachineError) as refused:
        X11Shade(environment, SystemClock(), ear, hotkey=HOTKEY).start()
    assert sentence in refused.value.sentence
    assert "\n" not in refused.value.sentence


def test_two_monitors_are_both_covered_and_the_second_stays_so(
    screen: str, ear: Ear, other: OtherClient
) -> None:
    subprocess.run(
        ["xrandr", "--setmonitor", "left", "640/300x800/200+0+0", "screen"],
        env={**os.environ, "DISPLAY": screen},
        check=True,
    )
    subprocess.run(
        ["xrandr", "--setmonitor", "right", "640/300x800/200+640+0", "none"],
        env={**os.environ, "DISPLAY": screen},
        check=True,
    )
    shade = X11Shade({"DISPLAY": screen}, SystemClock(), ear, hotkey=HOTKEY)
    shade.start()
    assert shade.areas()[2] == Geometry(x=0, y=0, width=640, height=800)
    portal = other.window(RED)
    other.until(RED, present=False)
    shade.uncover(portal.id)
    all_done(shade)
    assert RED in other.colours()
    right = other.root.get_image(640, 0, 640, 800, X.ZPixmap, 0xFFFFFFFF)
    assert RED not in {pixel & 0xFFFFFF for pixel in memoryview(right.data).cast("I")}
    shade.close()


def test_a_monitor_that_is_plugged_in_is_covered_and_reported(
    shade: X11Shade, ear: Ear, screen: str, other: OtherClient
) -> None:
    whole = Geometry(x=0, y=0, width=1280, height=800)
    assert shade.areas()[2] == whole
    for name, area, output in (
        ("left", "640/300x800/200+0+0", "screen"),
        ("right", "640/300x800/200+640+0", "none"),
    ):
        subprocess.run(
            ["xrandr", "--setmonitor", name, area, output], env={**os.environ, "DISPLAY": screen}, check=True
        )
    subprocess.run(["xrandr", "--size", "1024x768"], env={**os.environ, "DISPLAY": screen}, check=False)
    _, _, curtain = ear.areas.get(timeout=SOON)
    assert curtain != whole
    other.window(RED)
    other.until(RED, present=False)
