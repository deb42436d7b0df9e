"""What the shade on Windows decides without Windows; runs everywhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.screens.hotkey import HotkeyText, Modifier
from guard.screens.padlock import padlock
from guard.screens.port import Key
from guard.screens.stacking import Move, Ours, covers, covers_with_curtain, curtain_shows, to_uncover
from guard.screens.ticks import since
from guard.screens.virtual_keys import KeyFilter, Stroke, Verdict, hotkey_code

SHADE, SECOND, CURTAIN, STRIP, PORTAL = 1, 2, 3, 4, 5
OURS = Ours(shades=(SHADE, SECOND), curtain=CURTAIN, strip=STRIP, portal=PORTAL)
CTRL, ALT, SHIFT, LETTER_L, WINDOWS_KEY = 0xA2, 0xA4, 0xA0, ord("L"), 0x5B


def test_a_hotkey_is_read_as_it_is_written() -> None:
    asked = HotkeyText.parse("ctrl+alt+shift+l")
    assert asked.modifiers == {Modifier.CTRL, Modifier.ALT, Modifier.SHIFT}
    assert hotkey_code(asked) == LETTER_L
    assert [hotkey_code(HotkeyText.parse(f"ctrl+alt+{key}")) for key in ("7", "f1", "f12")] == [
        0x37,
        0x70,
        0x7B,
    ]


@pytest.mark.parametrize(
    ("seen", "covered"),
    [([SHADE, SECOND, 9], True), ([SECOND, SHADE], True), ([SHADE, 9, SECOND], False), ([SHADE], False)],
)
def test_it_covers_only_when_nothing_lies_above_any_of_the_shades(seen: list[int], *, covered: bool) -> None:
    assert covers(seen, (SHADE, SECOND)) is covered


def test_the_curtain_alone_may_lie_above_the_shade() -> None:
    assert covers_with_curtain([CURTAIN, SHADE, SECOND, 9], OURS)
    assert covers_with_curtain([SHADE, SECOND, CURTAIN], OURS)
    assert not covers_with_curtain([CURTAIN, 9, SHADE, SECOND], OURS)
    assert curtain_shows([CURTAIN, SHADE], OURS)
    assert not curtain_shows([SHADE, CURTAIN], OURS)
    assert not curtain_shows([], OURS)
    assert curtain_shows([SHADE], Ours(shades=(SHADE,)))


def _moved(seen: list[int], move: Move) -> list[int]:
    rest = [window for window in seen if window != move.window]
    at = 0 if move.below is None else rest.index(move.below) + 1
    return [*rest[:at], move.window, *rest[at:]]


@given(seen=st.permutations([SHADE, SECOND, CURTAIN, STRIP, PORTAL, 8, 9]))
def test_from_any_order_the_moves_lead_to_the_uncovered_one_and_never_move_the_portal(
    seen: list[int],
) -> None:
    for _ in range(3):
        moves = to_uncover(seen, OURS)
        assert PORTAL not in {move.window for move in moves}
        for move in moves:
            seen = _moved(seen, move)
    assert not to_uncover(seen, OURS)
    place = {window: number for number, window in enumerate(seen)}
    assert {*seen[:2]} == {SECOND, STRIP}
    assert place[PORTAL] < place[CURTAIN] < place[SHADE]


def test_without_portal_or_curtain_there_is_little_to_move() -> None:
    assert to_uncover([SHADE, 9], Ours(shades=(SHADE,))) == ()
    assert to_uncover([SHADE, PORTAL], Ours(shades=(SHADE,), portal=PORTAL)) == (Move(SHADE, PORTAL),)


def _typed(filtered: KeyFilter, code: int, held: set[int], *, extended: bool = False) -> Verdict:
    verdict = filtered.judge(Stroke(code, down=True, extended=extended), held.__contains__)
    filtered.judge(Stroke(code, down=False, extended=extended), held.__contains__)
    return verdict


def test_the_pad_hears_its_keys_and_nobody_else_hears_any() -> None:
    filtered = KeyFilter(HotkeyText.parse("ctrl+alt+shift+l"))
    typed = {
        ord("4"): Key.D4,
        0x60: Key.D0,
        0x69: Key.D9,
        0x0C: Key.D5,
        0x21: Key.D9,
        0x08: Key.ERASE,
        0x0D: Key.ENTER,
        0x1B: Key.BACK,
        ord("A"): None,
        WINDOWS_KEY: None,
    }
    for code, key in typed.items():
        assert _typed(filtered, code, set()) == Verdict(swallowed=True, key=key), hex(code)
    assert _typed(filtered, 0x21, set(), extended=True).key is None
    assert _typed(filtered, 0x2E, set(), extended=True).key is Key.ERASE
    assert _typed(filtered, ord("4"), {SHIFT}).key is Key.D4
    for command in (CTRL, ALT):
        assert _typed(filtered, ord("4"), {command}) == Verdict(swallowed=True)


def test_a_key_that_is_held_is_one_press() -> None:
    filtered = KeyFilter(HotkeyText.parse("ctrl+alt+l"))
    four = Stroke(ord("4"), down=True)
    assert [filtered.judge(four, set().__contains__).key for _ in range(3)] == [Key.D4, None, None]
    assert filtered.judge(Stroke(ord("4"), down=False), set().__contains__) == Verdict(swallowed=True)
    assert filtered.judge(four, set().__contains__).key is Key.D4


def test_who_saw_a_key_go_down_sees_it_go_up() -> None:
    filtered = KeyFilter(HotkeyText.parse("ctrl+alt+l"))
    assert not filtered.judge(Stroke(ord("4"), down=False), set().__contains__).swallowed


def test_what_a_page_injects_is_no_key_and_gets_nowhere() -> None:
    filtered = KeyFilter(HotkeyText.parse("ctrl+alt+l"))
    assert filtered.judge(Stroke(ord("4"), down=True, low=True), set().__contains__) == Verdict(
        swallowed=True
    )


def test_the_hotkey_and_the_modifiers_pass() -> None:
    filtered = KeyFilter(HotkeyText.parse("ctrl+alt+l"))
    for code in (CTRL, ALT, SHIFT):
        assert not _typed(filtered, code, set()).swallowed
    assert not _typed(filtered, LETTER_L, {CTRL, ALT}).swallowed
    assert _typed(filtered, LETTER_L, {CTRL, ALT, SHIFT}).swallowed
    assert _typed(filtered, LETTER_L, {CTRL}).swallowed
    assert not _typed(KeyFilter(HotkeyText.parse("ctrl+super+l")), WINDOWS_KEY, set()).swallowed


@pytest.mark.parametrize(
    ("then", "now", "seconds"),
    [(1000, 3500, 2.5), (0xFFFF_FF00, 0x100, 0.512), (3500, 3499, 0.0), (7, 7, 0.0)],
)
def test_ticks_are_counted_over_the_clocks_end(then: int, now: int, seconds: float) -> None:
    assert since(then, now) == pytest.approx(seconds)


@given(width=st.integers(320, 8000), height=st.integers(240, 8000))
def test_the_padlock_lies_in_the_middle_of_any_screen(width: int, height: int) -> None:
    lock = padlock(width, height)
    assert lock.body.x >= 0
    assert lock.shackle.y >= 0
    assert abs((lock.body.x + lock.body.width / 2) - width / 2) <= 1
    assert lock.body.y + lock.body.height < height
