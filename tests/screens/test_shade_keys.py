"""The staff's hotkey, the taken keyboard and the idle watch on a real X server, typed on by XTEST."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import os
import queue
import signal
import subprocess
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from Xlib import XK, X, display
from Xlib.ext import xinput, xtest
from Xlib.protocol.event import KeyPress

from guard.clock import SystemClock
from guard.errors import MachineError
from guard.screens.port import Key
from guard.screens.x11 import X11Shade
from guard.screens.x11_keys import Combination, hotkey_problem, probe
from tests.screens.shade_lab import GREEN, HOTKEY, RED, SOON, Ear, OtherClient, all_done
from tests.support.waiting import until
from tests.support.xvfb import Xvfb

if TYPE_CHECKING:
    from collections.abc import Iterator

    from Xlib.protocol.rq import Event as XEvent
    from Xlib.xobject.drawable import Window

MODIFIERS = ("Control_L", "Alt_L", "Shift_L")
KILLED = """
import sys
from guard.clock import SystemClock
from guard.screens.x11 import X11Shade
from tests.screens.shade_lab import HOTKEY, Ear, all_done
shade = X11Shade({"DISPLAY": sys.argv[1]}, SystemClock(), Ear(), hotkey=HOTKEY)
shade.start()
shade.take_keys(on=True)
all_done(shade)
print("taken", flush=True)
sys.stdin.read()
"""
GRABBER = """
import sys
from Xlib import X, display
client, mode = display.Display(sys.argv[1]), int(sys.argv[2])
root = client.screen().root
assert root.grab_keyboard(False, mode, mode, X.CurrentTime) == X.GrabSuccess
assert root.grab_pointer(False, 0, mode, mode, X.NONE, X.NONE, X.CurrentTime) == X.GrabSuccess
print("held", flush=True)
sys.stdin.read()
"""


class Keyboard:
    """A keyboard that types much faster than people do."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.display = display.Display(name)

    def code(self, name: str) -> int:
        keysym = XK.string_to_keysym(name) or getattr(XK, f"XK_{name}")
        code = self.display.keysym_to_keycode(keysym)
        assert code, name
        return code

    def strike(self, down: tuple[str, ...] = (), up: tuple[str, ...] = ()) -> None:
        """Press these and then release those, without a pause in which anybody could look."""
        for kind, names in ((X.KeyPress, down), (X.KeyRelease, up)):
            for name in names:
                xtest.fake_input(self.display, kind, self.code(name))
        self.display.sync()

    def tap(self, *names: str) -> None:
        """Press and release each."""
        for name in names:
            self.chord(name)

    def chord(self, *names: str) -> None:
        """Press all, then release all, the last first."""
        self.strike(down=names, up=names[::-1])

    def hotkey(self) -> None:
        self.chord(*MODIFIERS, "l")

    def remap(self, keys: dict[int, str]) -> None:
        """Let these keys bear these letters (or none)."""
        for code, letter in keys.items():
            both = (letter, letter.upper()) if letter else ("NoSymbol", "NoSymbol")
            self.display.change_keyboard_mapping(code, [[XK.string_to_keysym(one) for one in both]])
        self.display.sync()
        self.display.close()
        self.display = display.Display(self._name)  # a fresh look at the keyboard


@pytest.fixture
def keyboard(screen: str) -> Iterator[Keyboard]:
    keyboard = Keyboard(screen)
    yield keyboard
    keyboard.display.close()


def portal_of(shade: X11Shade, other: OtherClient) -> Window:
    """Give this client a window that is uncovered, has the keyboard and wants to hear of it."""
    window = other.window(RED)
    window.change_attributes(event_mask=X.KeyPressMask | X.FocusChangeMask)
    other.display.sync()
    shade.uncover(window.id)
    all_done(shade)
    assert other.focus() == window.id
    return window


def typed_into(other: OtherClient) -> list[int]:
    """Return the codes of all keys that this client has heard of."""
    other.display.sync()
    events = [other.display.next_event() for _ in range(other.display.pending_events())]
    return [event.detail for event in events if event.type == X.KeyPress]


def take(shade: X11Shade) -> None:
    """Take the keyboard; return when it was tried."""
    shade.take_keys(on=True)
    all_done(shade)


def drop(shade: X11Shade) -> None:
    shade.take_keys(on=False)
    all_done(shade)


def presses(shade: X11Shade, ear: Ear, keyboard: Keyboard) -> int:
    """Count the hotkey's presses, once the shade has heard all that was typed so far.

    Two digits, so that none is the one that went up last: pressed again within one ms it were a repeat.
    """
    take(shade)
    until(lambda: shade._pad_keys.settled(shade._shades[0]))  # who had a grab may have died only now
    keyboard.tap("7", "8")
    assert [ear.keys.get(timeout=SOON) for _ in range(2)] == [Key.D7, Key.D8]
    drop(shade)
    return ear.hotkeys.qsize()


@contextmanager
def hung_grab(name: str, mode: int) -> Iterator[None]:
    """Hold keyboard and pointer in a process that has stopped, as a hung page with an open menu does."""
    with subprocess.Popen(
        [sys.executable, "-c", GRABBER, name, str(mode)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == b"held\n"
            process.send_signal(signal.SIGSTOP)
            os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
            yield
        finally:
            process.kill()


# --- the hotkey


def test_the_hotkey_is_heard_while_another_program_has_the_keyboard(
    shade: X11Shade, ear: Ear, other: OtherClient, keyboard: Keyboard
) -> None:
    portal_of(shade, other)
    keyboard.hotkey()
    ear.hotkeys.get(timeout=SOON)
    assert presses(shade, ear, keyboard) == 0, "and once only"


def test_the_hotkey_is_heard_over_a_full_screen_portal(
    shade: X11Shade, ear: Ear, other: OtherClient, keyboard: Keyboard
) -> None:
    portal = other.window(RED)
    shade.uncover(portal.id)
    window = other.window(GREEN, override_redirect=False)
    for state in ("_NET_WM_STATE_FULLSCREEN", "_NET_WM_STATE_ABOVE"):
        other.ask_manager(window, "_NET_WM_STATE", [1, other.display.get_atom(state), 0, 1, 0])
    keyboard.hotkey()
    ear.hotkeys.get(timeout=SOON)


@pytest.mark.parametrize("mode", [X.GrabModeAsync, X.GrabModeSync], ids=["async", "frozen"])
def test_the_hotkey_is_heard_once_while_a_hung_program_has_keyboard_and_pointer_grabbed(
    shade: X11Shade, ear: Ear, screen: str, keyboard: Keyboard, mode: int
) -> None:
    with hung_grab(screen, mode):
        keyboard.hotkey()
        ear.hotkeys.get(timeout=SOON)
    assert presses(shade, ear, keyboard) == 0, "nor again when the grab is gone"


def test_the_hotkey_is_heard_while_a_program_has_the_keyboard_device_itself(
    shade: X11Shade, ear: Ear, other: OtherClient, keyboard: Keyboard
) -> None:
    for device in xinput.query_device(other.display, xinput.AllDevices).devices:
        if device.use == xinput.SlaveKeyboard:
            mode = xinput.GrabModeAsync
            owner_events = False
            xinput.grab_device(other.root, device.deviceid, 0, mode, mode, owner_events, (0,))
    keyboard.hotkey()
    ear.hotkeys.get(timeout=SOON)
    assert shade.covered()


def test_the_hotkey_is_heard_while_the_pad_has_the_keyboard(
    shade: X11Shade, ear: Ear, keyboard: Keyboard
) -> None:
    take(shade)
    keyboard.hotkey()
    ear.hotkeys.get(timeout=SOON)
    assert ear.keys.empty()


@pytest.mark.parametrize("lock", ["Caps_Lock", "Num_Lock"])
def test_locks_do_not_matter_to_the_hotkey(
    shade: X11Shade, ear: Ear, other: OtherClient, keyboard: Keyboard, lock: str
) -> None:
    portal_of(shade, other)
    keyboard.tap(lock)
    keyboard.hotkey()
    ear.hotkeys.get(timeout=SOON)
    assert presses(shade, ear, keyboard) == 0, "and once only"


@pytest.mark.parametrize("side", [("Control_R", "Alt_L", "Shift_R"), ("Shift_L", "Control_L", "Alt_L")])
def test_the_hotkey_does_not_ask_which_side_or_in_which_order(
    shade: X11Shade, ear: Ear, keyboard: Keyboard, side: tuple[str, ...]
) -> None:
    keyboard.chord(*side, "l")
    ear.hotkeys.get(timeout=SOON)
    assert shade.covered()


def test_other_keys_and_other_modifiers_are_not_the_hotkey(
    shade: X11Shade, ear: Ear, other: OtherClient, keyboard: Keyboard
) -> None:
    portal_of(shade, other)
    for chord in (
        ("l",),
        ("Shift_L", "l"),
        ("Control_L", "Alt_L", "l"),
        (*MODIFIERS, "Super_L", "l"),
        (*MODIFIERS, "k"),
        ("l", *MODIFIERS),
        MODIFIERS,
    ):
        keyboard.chord(*chord)
    assert presses(shade, ear, keyboard) == 0
    keyboard.hotkey()
    assert presses(shade, ear, keyboard) == 1, "and none of them spoilt it"


def test_a_held_hotkey_that_repeats_is_one_press(shade: X11Shade, ear: Ear, keyboard: Keyboard) -> None:
    keyboard.strike(down=(*MODIFIERS, "l", "l", "l"), up=("l", *MODIFIERS))
    keyboard.strike(down=(*MODIFIERS, "l"), up=(*MODIFIERS, "l"))
    assert presses(shade, ear, keyboard) == 2


def test_modifiers_that_were_down_before_the_guard_came_count(
    screen: str, ear: Ear, keyboard: Keyboard
) -> None:
    keyboard.tap("Num_Lock", "Caps_Lock")
    keyboard.strike(down=MODIFIERS)
    shade = X11Shade({"DISPLAY": screen}, SystemClock(), ear, hotkey=HOTKEY)
    shade.start()
    keyboard.tap("l")
    ear.hotkeys.get(timeout=SOON)
    shade.close()


def test_the_hotkey_follows_its_letter_when_the_keyboard_is_mapped_anew(
    shade: X11Shade, ear: Ear, keyboard: Keyboard
) -> None:
    first, second = keyboard.code("l"), keyboard.code("q")
    keyboard.remap({first: "q", second: "l"})
    assert keyboard.code("l") == second
    keyboard.chord(*MODIFIERS, "q")
    assert presses(shade, ear, keyboard) == 0
    keyboard.hotkey()
    assert presses(shade, ear, keyboard) == 1


def test_a_release_that_got_lost_makes_the_hotkey_deaf_for_one_press_at_most(
    shade: X11Shade, ear: Ear, keyboard: Keyboard
) -> None:
    shade._hotkey._down.add(keyboard.code("Super_L"))
    keyboard.hotkey()
    keyboard.hotkey()
    assert presses(shade, ear, keyboard) == 1


@pytest.mark.parametrize(("text", "chord"), [("ctrl+alt+f12", ("F12",)), ("ctrl+alt+5", ("5",))])
def test_the_key_may_be_a_function_key_or_a_digit(
    screen: str, ear: Ear, keyboard: Keyboard, text: str, chord: tuple[str, ...]
) -> None:
    shade = X11Shade({"DISPLAY": screen}, SystemClock(), ear, hotkey=text)
    shade.start()
    take(shade)
    keyboard.chord("Control_L", "Alt_L", *chord)
    ear.hotkeys.get(timeout=SOON)
    assert ear.keys.empty(), "a combination is no digit"
    shade.close()


def test_super_is_a_modifier_like_the_others(screen: str, ear: Ear, keyboard: Keyboard) -> None:
    shade = X11Shade({"DISPLAY": screen}, SystemClock(), ear, hotkey="super+shift+z")
    shade.start()
    keyboard.chord("Super_L", "Shift_L", "z")
    ear.hotkeys.get(timeout=SOON)
    shade.close()


def test_a_hotkey_the_keyboard_lacks_is_warned_of_and_works_once_the_key_is_there(
    screen: str, ear: Ear, keyboard: Keyboard, caplog: pytest.LogCaptureFixture
) -> None:
    code = keyboard.code("l")
    assert probe(screen, HOTKEY) is None
    keyboard.remap({code: ""})
    sentence = probe(screen, HOTKEY)
    assert sentence
    assert "no key 'l'" in sentence
    shade = X11Shade({"DISPLAY": screen}, SystemClock(), ear, hotkey=HOTKEY)
    shade.start()
    assert [record.message for record in caplog.records] == [sentence]
    keyboard.remap({code: "l"})
    keyboard.hotkey()
    ear.hotkeys.get(timeout=SOON)
    shade.close()


def test_a_server_without_xinput_is_named_in_one_sentence(screen: str) -> None:
    with closing(display.Display(screen)) as client:
        client.extensions.remove(xinput.extname)
        problem = hotkey_problem(client, Combination.parse(HOTKEY))
    assert problem
    assert "XInput" in problem
    assert "\n" not in problem


def test_a_probe_of_a_display_that_is_not_there_says_so() -> None:
    assert probe(":54321", HOTKEY) == "the X server of DISPLAY=:54321 cannot be reached"


# --- the taken keyboard


def test_taken_keys_arrive_as_the_pads_keys_and_reach_nobody_else(
    shade: X11Shade, ear: Ear, other: OtherClient, keyboard: Keyboard
) -> None:
    portal_of(shade, other)
    take(shade)
    keyboard.tap(*"0123456789", "BackSpace", "Delete", "Return", "KP_Enter", "Escape", "a", "Tab", "F1")
    keyboard.tap("0")
    wanted = [*"0123456789", Key.ERASE, Key.ERASE, Key.ENTER, Key.ENTER, Key.BACK, Key.D0]
    assert [ear.keys.get(timeout=SOON) for _ in wanted] == wanted
    assert ear.keys.empty()
    assert typed_into(other) == []


@pytest.mark.parametrize("num_lock", [False, True])
def test_the_number_block_types_digits_with_num_lock_and_without(
    shade: X11Shade, ear: Ear, keyboard: Keyboard, *, num_lock: bool
) -> None:
    if num_lock:
        keyboard.tap("Num_Lock")
    take(shade)
    digits = "0123456789"
    keyboard.tap(*(f"KP_{digit}" for digit in digits))
    assert [ear.keys.get(timeout=SOON) for _ in digits] == list(digits)


def test_a_window_that_steals_the_focus_does_not_get_the_pin(
    shade: X11Shade, ear: Ear, other: OtherClient, keyboard: Keyboard
) -> None:
    thief = portal_of(shade, other)
    shade.cover()
    take(shade)
    keyboard.tap("1")
    thief.set_input_focus(X.RevertToPointerRoot, X.CurrentTime)
    other.display.sync()
    assert other.focus() == thief.id
    keyboard.tap("2")
    assert [ear.keys.get(timeout=SOON) for _ in range(2)] == [Key.D1, Key.D2]
    assert typed_into(other) == []


def test_keys_that_were_not_taken_are_nobodys_business(
    shade: X11Shade, ear: Ear, other: OtherClient, keyboard: Keyboard
) -> None:
    portal_of(shade, other)
    keyboard.tap("4")
    assert typed_into(other) == [keyboard.code("4")]
    assert presses(shade, ear, keyboard) == 0
    assert ear.keys.empty()


def test_given_back_the_keyboard_is_everybodys_again(
    shade: X11Shade, ear: Ear, other: OtherClient, keyboard: Keyboard
) -> None:
    portal_of(shade, other)
    take(shade)
    keyboard.tap("1")
    assert ear.keys.get(timeout=SOON) is Key.D1
    drop(shade)
    keyboard.tap("2")
    assert typed_into(other) == [keyboard.code("2")]
    assert presses(shade, ear, keyboard) == 0
    assert ear.keys.empty()


def test_a_digit_that_is_held_down_is_typed_once(
    shade: X11Shade, ear: Ear, keyboard: Keyboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = queue.SimpleQueue[int]()
    notice = shade._pad_keys.notice

    def listening(event: XEvent) -> bool:
        if event.type == X.KeyPress:
            heard.put(event.detail)
        return notice(event)

    take(shade)
    monkeypatch.setattr(shade._pad_keys, "notice", listening)
    keyboard.strike(down=("5",))
    for _ in range(4):
        assert heard.get(timeout=SOON) == keyboard.code("5"), "the X server repeats a key that is held"
    keyboard.strike(up=("5",))
    keyboard.tap("7")
    assert [ear.keys.get(timeout=SOON) for _ in range(2)] == [Key.D5, Key.D7]


def test_a_foreign_grab_delays_the_pads_keys_and_then_yields_to_it(
    shade: X11Shade, ear: Ear, other: OtherClient, keyboard: Keyboard
) -> None:
    portal_of(shade, other)
    mode = X.GrabModeAsync
    assert other.root.grab_keyboard(True, mode, mode, X.CurrentTime) == X.GrabSuccess  # noqa: FBT003
    take(shade)
    keyboard.tap("1")
    assert typed_into(other) == [keyboard.code("1")]
    other.display.ungrab_keyboard(X.CurrentTime)
    other.display.flush()
    ours = False
    while not ours:  # the focused window is told that somebody else has grabbed the keyboard
        event = other.display.next_event()
        ours = event.type == X.FocusOut and event.mode == X.NotifyGrab
    keyboard.tap("2")
    assert ear.keys.get(timeout=SOON) is Key.D2
    assert typed_into(other) == []


def test_the_keyboard_is_not_waited_for_any_more_once_it_is_given_back(
    shade: X11Shade, ear: Ear, other: OtherClient, keyboard: Keyboard
) -> None:
    portal_of(shade, other)
    mode = X.GrabModeAsync
    assert other.root.grab_keyboard(True, mode, mode, X.CurrentTime) == X.GrabSuccess  # noqa: FBT003
    take(shade)
    drop(shade)
    other.display.ungrab_keyboard(X.CurrentTime)
    other.display.sync()
    all_done(shade)
    keyboard.tap("2")
    assert typed_into(other) == [keyboard.code("2")]
    assert ear.keys.empty()


@pytest.mark.parametrize("harm", ["unmap", "destroy"])
def test_the_keyboard_stays_ours_when_somebody_takes_the_shade_away(
    shade: X11Shade, ear: Ear, other: OtherClient, keyboard: Keyboard, harm: str
) -> None:
    take(shade)
    getattr(other.root.query_tree().children[-1], harm)()
    other.display.sync()
    mode, clock = X.GrabModeAsync, SystemClock()
    end = clock.monotonic() + SOON
    while other.root.grab_keyboard(False, mode, mode, X.CurrentTime) == X.GrabSuccess:  # noqa: FBT003
        other.display.ungrab_keyboard(X.CurrentTime)
        other.display.sync()
        assert clock.monotonic() < end, "the keyboard was not taken again"
    keyboard.tap("5")
    assert ear.keys.get(timeout=SOON) is Key.D5
    assert shade.covered()


def test_a_killed_core_does_not_keep_the_keyboard(screen: str, other: OtherClient) -> None:
    def grab() -> int:
        mode = X.GrabModeAsync
        status: int = other.root.grab_keyboard(
            owner_events=False, pointer_mode=mode, keyboard_mode=mode, time=X.CurrentTime
        )
        return status

    root = os.fspath(Path(__file__).parents[2])
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, screen],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=root,
        env={**os.environ, "PYTHONPATH": root},
    ) as core:
        assert core.stdout
        assert core.stdout.readline() == b"taken\n"
        assert grab() == X.AlreadyGrabbed
        core.kill()
    clock = SystemClock()
    end = clock.monotonic() + SOON
    while grab() != X.GrabSuccess:
        assert clock.monotonic() < end, "the keyboard stayed with the dead core"


def test_a_key_that_another_program_made_up_is_no_key(
    shade: X11Shade, ear: Ear, other: OtherClient, keyboard: Keyboard
) -> None:
    take(shade)
    window = other.root.query_tree().children[-1]
    window.send_event(
        KeyPress(
            detail=keyboard.code("9"),
            time=X.CurrentTime,
            root=other.root,
            window=window,
            child=X.NONE,
            root_x=0,
            root_y=0,
            event_x=0,
            event_y=0,
            state=0,
            same_screen=1,
        )
    )
    other.display.sync()
    keyboard.tap("1")
    assert ear.keys.get(timeout=SOON) is Key.D1


# --- the idle watch


def age(shade: X11Shade, ear: Ear) -> float:
    shade.ask_input()
    return ear.ages.get(timeout=SOON)


def long_idle(shade: X11Shade, ear: Ear) -> float:
    """Wait until the age is much longer than an answer takes, and return it."""
    while (found := age(shade, ear)) < 1.0:
        pass
    return found


@pytest.mark.parametrize("kind", [X.KeyPress, X.ButtonPress, X.MotionNotify])
def test_what_people_do_counts_as_input(shade: X11Shade, ear: Ear, keyboard: Keyboard, kind: int) -> None:
    before = long_idle(shade, ear)
    detail = {X.KeyPress: keyboard.code("a"), X.ButtonPress: 1, X.MotionNotify: 0}[kind]
    xtest.fake_input(keyboard.display, kind, detail, x=7, y=7)
    keyboard.display.sync()
    assert age(shade, ear) < before


def test_what_programs_draw_map_and_focus_does_not_count_as_input(
    shade: X11Shade, ear: Ear, other: OtherClient
) -> None:
    before = long_idle(shade, ear)
    portal_of(shade, other).clear_area()
    other.window(GREEN, override_redirect=False)
    other.display.sync()
    assert age(shade, ear) >= before


def test_a_server_that_cannot_tell_the_last_input_is_refused(ear: Ear) -> None:
    class Uncounting(Xvfb):
        def _run(self, command: list[str], *descriptors: int) -> None:
            super()._run([*command, "-extension", "MIT-SCREEN-SAVER"], *descriptors)

    with ExitStack() as stack:
        server = stack.enter_context(Uncounting())
        with pytest.raises(MachineError, match="MIT-SCREEN-SAVER"):
            X11Shade({"DISPLAY": server.display}, SystemClock(), ear, hotkey=HOTKEY).start()
